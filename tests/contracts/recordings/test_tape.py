"""The tape: it hears what is exchanged, gets in nobody's way, and what it heard becomes a recording."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from requests.adapters import HTTPAdapter

import tunedmodels
from tunedmodels_contracts.recordings import Exchange, RecordingError, Replay, Tape, load, record, save

DAY = date(2026, 11, 22)
REAL = "https://generativelanguage.googleapis.com"
EVENTS = [b'data: {"candidates": [{"index": 0}]}\r\n\r\n', b'data: {"candidates": [{"index": 1}]}\r\n\r\n']


class Handler(BaseHTTPRequestHandler):
    """Answers by the path: what the tape has to cope with."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        getattr(self, self.path.partition("?")[0].strip("/").rpartition("/")[2].replace(":", "_"), self.plain)()

    do_POST = do_GET

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass

    @property
    def test(self) -> Server:
        assert isinstance(self.server, Server)
        return self.server

    def plain(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.answer(b'{"got": %d}' % len(self.rfile.read(length)))

    def zipped(self) -> None:
        self.answer(gzip.compress(b'{"zipped": true}'), ("Content-Encoding", "gzip"))

    def lying(self) -> None:
        self.answer(b"no gzip", ("Content-Encoding", "gzip"))

    def twice(self) -> None:
        self.answer(b"{}", ("Vary", "Origin"), ("Vary", "Referer"), ("Content-Type", "application/json"))

    def moved(self) -> None:
        self.answer(b"", ("Location", "/plain"), status=307)

    def broken(self) -> None:
        self.connection.close()
        self.close_connection = True

    def slow(self) -> None:
        self.test.begun.set()
        self.test.slow.wait(5)
        self.plain()

    def m_streamGenerateContent(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in EVENTS:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
            self.wfile.flush()
            # The next one does not come before somebody has seen this one.
            self.test.seen.wait(5)
        self.wfile.write(b"0\r\n\r\n")

    def answer(self, body: bytes, *headers: tuple[str, str], status: int = 200) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """A server with three switches, for what has to wait for its test."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen = threading.Event()
        self.begun = threading.Event()
        self.slow = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that goes away is part of these tests


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def tape() -> Iterator[Tape]:
    tape = Tape()
    yield tape
    tape.close()


@pytest.fixture
def session(tape: Tape) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.mount("http://", tape)
        yield session


def test_an_exchange_is_noted(server: Server, tape: Tape, session: requests.Session) -> None:
    """Method, URL, headers, both bodies, status, reason and time are on the tape, without the framing."""
    answer = session.post(f"{server.url}/plain?pageSize=2", json={"a": 1}, headers={"X-Sample": "x"}, timeout=5)
    (one,) = tape.exchanges

    assert answer.json() == {"got": 8}
    assert (one.request.method, one.request.url) == ("POST", f"{server.url}/plain?pageSize=2")
    assert one.request.body == b'{"a": 1}'
    assert {("X-Sample", "x"), ("Content-Type", "application/json")} <= set(one.request.headers)
    assert (one.response.status, one.response.reason, one.response.body) == (200, "OK", b'{"got": 8}')
    assert "content-length" not in {name.lower() for name, _ in (*one.request.headers, *one.response.headers)}
    assert one.at == 0.0
    assert 0 < one.elapsed < 5


def test_headers_that_come_twice_stay_two(server: Server, tape: Tape, session: requests.Session) -> None:
    """The answer's headers are noted line by line, in their order."""
    session.get(f"{server.url}/twice", timeout=5)

    assert tape.exchanges[0].response.headers[-3:] == (
        ("Vary", "Origin"),
        ("Vary", "Referer"),
        ("Content-Type", "application/json"),
    )


@pytest.mark.parametrize("decode", [True, False])
def test_gzip_is_noted_decoded(server: Server, tape: Tape, session: requests.Session, decode: bool) -> None:
    """A compressed body is noted as what it says, whether its reader decodes it or not; the coding is named."""
    with session.get(f"{server.url}/zipped", timeout=5, stream=True) as answer:
        answer.raw.read(decode_content=decode)
    (one,) = tape.exchanges

    assert one.response.body == b'{"zipped": true}'
    assert one.response.decoded == "gzip"
    assert "Content-Encoding" not in dict(one.response.headers)


def test_gzip_that_is_none_is_not_noted(server: Server, tape: Tape, session: requests.Session) -> None:
    """A body that is not in the coding that its header says cannot be looked into, so it is not taken."""
    with session.get(f"{server.url}/lying", timeout=5, stream=True) as answer:
        answer.raw.read(decode_content=False)

    assert tape.exchanges == ()
    assert tape.incomplete == (f"the answer to GET {server.url}/lying is not in gzip, as its header says",)


def test_a_stream_stays_a_stream(server: Server, tape: Tape, session: requests.Session) -> None:
    """Each event is there for its reader before the next one is sent, and the tape has them all in the end."""
    client = tunedmodels.Client(server.url, api_key="a-key-of-mine", session=session, retry=None)
    with client:
        chunks = client.tuned_models.stream_generate_content("tunedModels/m", "x")
        next(chunks)
        before = tape.exchanges
        server.seen.set()
        rest = list(chunks)
    (one,) = tape.exchanges

    assert before == ()
    assert len(rest) == 1
    assert one.response.body == b"".join(EVENTS)


def test_bare_requests_stream_too(server: Server, tape: Tape, session: requests.Session) -> None:
    """Lines come as they arrive, by requests' own means."""
    with session.post(f"{server.url}/m:streamGenerateContent", timeout=5, stream=True) as answer:
        lines = answer.iter_lines(chunk_size=None)
        first = next(lines)
        server.seen.set()
        rest = list(lines)

    assert (first, rest[-2]) == (EVENTS[0].strip(), EVENTS[1].strip())
    assert tape.exchanges[0].response.body == b"".join(EVENTS)


def test_order_is_that_of_the_beginnings(server: Server, tape: Tape, session: requests.Session) -> None:
    """The exchange that began first is first, though it ended last; and its time says so."""
    slow = threading.Thread(target=lambda: session.get(f"{server.url}/slow", timeout=5))
    slow.start()
    assert server.begun.wait(5)
    session.get(f"{server.url}/plain", timeout=5)
    server.slow.set()
    slow.join()

    assert [one.request.url.rpartition("/")[2] for one in tape.exchanges] == ["slow", "plain"]
    assert tape.exchanges[0].at == 0.0 < tape.exchanges[1].at < tape.exchanges[0].elapsed


def test_threads_share_a_tape(server: Server, tape: Tape, session: requests.Session) -> None:
    """No exchange gets lost between threads."""
    threads = [
        threading.Thread(target=lambda: [session.get(f"{server.url}/plain", timeout=5) for _ in range(5)])
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(tape.exchanges) == 40
    assert [one.at for one in tape.exchanges] == sorted(one.at for one in tape.exchanges)


def test_what_was_not_read_to_the_end_is_told(server: Server, tape: Tape, session: requests.Session) -> None:
    """A part of an answer is no exchange: the tape says that it is missing, and no recording is made of it."""
    with session.post(f"{server.url}/m:streamGenerateContent", timeout=5, stream=True) as answer:
        next(answer.iter_lines(chunk_size=None))
    server.seen.set()

    assert tape.exchanges == ()
    sentence = f"the answer to POST {server.url}/m:streamGenerateContent was closed before its end"
    assert tape.incomplete == (sentence,)
    with pytest.raises(RecordingError) as caught:
        record("sample", tape, source="this test", captured=DAY, stand_in=True)
    assert str(caught.value) == f"sample: the tape is incomplete: {sentence}; read each answer to its end"


def test_what_is_too_long_is_told(server: Server, session: requests.Session) -> None:
    """The tape keeps no more than its bound; the reader gets all the same."""
    tape = Tape(limit=5)
    session.mount("http://", tape)

    assert session.get(f"{server.url}/plain?key=secret", timeout=5).json() == {"got": 0}
    assert tape.exchanges == ()
    assert tape.incomplete == (f"the answer to GET {server.url}/plain has more than 5 bytes",)
    tape.close()


def test_a_request_without_an_answer_is_no_exchange(server: Server, tape: Tape, session: requests.Session) -> None:
    """A connection that breaks is told beside the exchanges, and its error goes to whoever asked."""
    with pytest.raises(requests.ConnectionError):
        session.get(f"{server.url}/broken", timeout=5)

    assert tape.exchanges == ()
    assert tape.unanswered == (f"GET {server.url}/broken got no answer: ConnectionError",)


def test_a_body_that_can_be_read_once_is_left_to_the_network(
    server: Server, tape: Tape, session: requests.Session
) -> None:
    """A request that streams its body is sent; as the tape cannot have it too, it says so."""
    session.post(f"{server.url}/moved", data=iter([b"a", b"b"]), timeout=5, allow_redirects=False)

    assert tape.exchanges == ()
    assert tape.incomplete == (f"POST {server.url}/moved was sent with a body that can be read only once",)


def test_each_hop_of_a_redirect_is_an_exchange(server: Server, tape: Tape, session: requests.Session) -> None:
    """Where an answer leads elsewhere, both are noted."""
    session.get(f"{server.url}/moved", timeout=5)

    assert [one.response.status for one in tape.exchanges] == [307, 200]


def record_get(tape: Tape, server: Server) -> Tape:
    """The tape, after one request with a secret."""
    with requests.Session() as session:
        session.mount("http://", tape)
        session.get(f"{server.url}/plain?key=a-key-of-mine", timeout=5)
    return tape


def test_a_stand_in_is_refused(server: Server, tape: Tape) -> None:
    """What another server than the service said is no live recording, and nothing of it is shown."""
    with pytest.raises(RecordingError) as caught:
        record("sample", record_get(tape, server), source="this test", captured=DAY)

    assert str(caught.value) == (
        f"sample: request 1 was sent to {server.url}; only https://generativelanguage.googleapis.com is the service; "
        "pass stand_in=True to record it as hand-written"
    )


def test_a_stand_in_that_says_so(server: Server, tape: Tape, tmp_path: Path) -> None:
    """Said to be a stand-in's, it is recorded, scrubbed, as hand-written; the variable is kept."""
    recording = record(
        "sample", record_get(tape, server), source="this test", captured=DAY, stand_in=True, variables={"what": "plain"}
    )
    save(recording, tmp_path / "sample.yaml")
    text = (tmp_path / "sample.yaml").read_text(encoding="utf-8")

    assert load(tmp_path / "sample.yaml") == recording
    assert (recording.provenance.kind, recording.provenance.stand_in) == ("hand-written", True)
    assert (recording.provenance.host, recording.provenance.scrubbed) == ("127.0.0.1", ("api-key",))
    assert "a-key-of-mine" not in text
    assert "plain?key=scrubbed-api-key-1" in text


def pretend(tape: Tape, exchange: Exchange) -> Tape:
    """The tape, with an exchange on it as if the service had answered."""
    tape._exchanges[1] = exchange
    return tape


def live(exchange: Exchange, **answer: Any) -> Exchange:
    url = exchange.request.url.replace(exchange.request.url.partition("/plain")[0], REAL)
    return replace(exchange, request=replace(exchange.request, url=url), response=replace(exchange.response, **answer))


def test_what_the_service_said_is_live(server: Server, tape: Tape, tmp_path: Path) -> None:
    """Heard over requests' own adapter from the real address, it is live, sealed, and read again as that."""
    (exchange,) = record_get(tape, server).exchanges
    recording = record("sample", pretend(tape, live(exchange)), source="this test", captured=DAY)
    save(recording, tmp_path / "sample.yaml")

    assert load(tmp_path / "sample.yaml") == recording
    assert recording.provenance.kind == "live"
    assert recording.exchanges[0].request.url == f"{REAL}/plain?key=scrubbed-api-key-1"


def test_what_the_mock_server_signed_is_not_live(server: Server, tape: Tape) -> None:
    """An answer that bears the mock server's signature came from it, whatever the URL says."""
    (exchange,) = record_get(tape, server).exchanges
    signed = live(exchange, headers=(("Server", "tunedmodels-mockserver/0.1.0"),))

    with pytest.raises(RecordingError, match=r"^sample: .*responses\.1 is signed by the mock server; set stand_in"):
        record("sample", pretend(tape, signed), source="this test", captured=DAY)


class Elsewhere(HTTPAdapter):
    """Sends everything to a server of its own, whatever the URL says."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        request = request.copy()
        request.url = (request.url or "").replace(REAL, self.url)
        return super().send(request, *args, **kwargs)


def refusal(tape: Tape, verify: bool = True) -> str:
    """What is said to the wish for a live recording of a tape."""
    with requests.Session() as session:
        session.mount("https://", tape)
        session.get(f"{REAL}/plain", timeout=5, verify=verify)
    with pytest.raises(RecordingError) as caught:
        record("sample", tape, source="this test", captured=DAY)
    tape.close()
    return str(caught.value)


def test_an_adapter_of_ones_own_is_a_doubt(server: Server) -> None:
    """An adapter that is not requests' own may have answered from anywhere."""
    assert refusal(Tape(Elsewhere(server.url))) == (
        "sample: the tape cannot become a live recording: the requests were sent by Elsewhere, which may not use "
        "a network; send with an HTTPAdapter of requests, or pass stand_in=True"
    )


def test_a_replay_is_a_doubt(server: Server, tape: Tape) -> None:
    """What is played from a recording does not become a newer one."""
    (exchange,) = record_get(tape, server).exchanges
    recording = record("sample", pretend(tape, live(exchange)), source="this test", captured=DAY)

    assert "were sent by Replay, which may not use a network" in refusal(Tape(Replay(recording)))


def test_a_patched_requests_is_a_doubt() -> None:
    """Where something has patched requests, it may have answered; and so may anyone who was not verified."""
    with responses.RequestsMock() as mock:
        mock.get(f"{REAL}/plain", json={})
        sentence = refusal(Tape(), verify=False)

    assert "requests was patched by responses, which may have answered in its place" in sentence


def test_certificates_that_were_not_verified_are_a_doubt(server: Server, tape: Tape) -> None:
    """Whoever was not asked for a certificate may be anyone."""
    with requests.Session() as session:
        session.mount("http://", tape)
        session.get(f"{server.url}/plain", timeout=5, verify=False)

    assert tape.doubts == ("certificates were not verified, so another server may have answered",)


def test_an_empty_tape_is_no_recording(tape: Tape) -> None:
    """Of nothing there is no recording."""
    with pytest.raises(
        RecordingError, match=r"^sample: responses is empty; a recording without answers proves nothing"
    ):
        record("sample", tape, source="this test", captured=DAY)
