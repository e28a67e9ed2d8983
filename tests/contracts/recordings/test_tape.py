"""Tests the tape, which records the exchanges of a session without changing them, and the recordings from it."""

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
    """Answers by the path, with the kinds of answers that a tape must record."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        getattr(self, self.path.partition("?")[0].strip("/").rpartition("/")[2].replace(":", "_"), self.plain)()

    do_POST = do_GET

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass

    @property
    def switches(self) -> Server:
        assert isinstance(self.server, Server)
        return self.server

    def plain(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.answer(b'{"length": %d}' % len(self.rfile.read(length)))

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
        self.switches.slow_began.set()
        self.switches.slow_may_end.wait(5)
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
            # The next event comes only after the test has read this one.
            self.switches.may_continue.wait(5)
        self.wfile.write(b"0\r\n\r\n")

    def answer(self, body: bytes, *headers: tuple[str, str], status: int = 200) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """A server with three switches for answers that wait for the test."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.reset()

    def reset(self) -> None:
        self.may_continue, self.slow_began, self.slow_may_end = (threading.Event() for _ in range(3))

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # these tests break connections on purpose


@pytest.fixture(scope="module")
def module_server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def server(module_server: Server) -> Server:
    """The server of this module, with its switches off."""
    module_server.reset()
    return module_server


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


def test_exchange_is_recorded(server: Server, tape: Tape, session: requests.Session) -> None:
    """The tape has the method, URL, headers, bodies, status, reason and times, without the framing."""
    answer = session.post(f"{server.url}/plain?pageSize=2", json={"a": 1}, headers={"X-Sample": "x"}, timeout=5)
    (one,) = tape.exchanges

    assert answer.json() == {"length": 8}
    assert (one.request.method, one.request.url) == ("POST", f"{server.url}/plain?pageSize=2")
    assert one.request.body == b'{"a": 1}'
    assert {("X-Sample", "x"), ("Content-Type", "application/json")} <= set(one.request.headers)
    assert (one.response.status, one.response.reason, one.response.body) == (200, "OK", b'{"length": 8}')
    assert "content-length" not in {name.lower() for name, _ in (*one.request.headers, *one.response.headers)}
    assert one.at == 0.0
    assert 0 < one.elapsed < 5


def test_repeated_header_is_recorded_twice(server: Server, tape: Tape, session: requests.Session) -> None:
    """The tape has each header line of the answer, in order."""
    session.get(f"{server.url}/twice", timeout=5)

    assert tape.exchanges[0].response.headers[-3:] == (
        ("Vary", "Origin"),
        ("Vary", "Referer"),
        ("Content-Type", "application/json"),
    )


@pytest.mark.parametrize("decode", [True, False])
def test_gzip_is_recorded_decoded(server: Server, tape: Tape, session: requests.Session, decode: bool) -> None:
    """The tape has the decoded body and the name of the coding, whether the reader decodes the body or not."""
    with session.get(f"{server.url}/zipped", timeout=5, stream=True) as answer:
        answer.raw.read(decode_content=decode)
    (one,) = tape.exchanges

    assert one.response.body == b'{"zipped": true}'
    assert one.response.decoded == "gzip"
    assert "Content-Encoding" not in dict(one.response.headers)


def test_invalid_gzip_is_not_recorded(server: Server, tape: Tape, session: requests.Session) -> None:
    """A body that is not in the coding of its header cannot be checked for secrets, so the exchange is incomplete."""
    with session.get(f"{server.url}/lying", timeout=5, stream=True) as answer:
        answer.raw.read(decode_content=False)

    assert tape.exchanges == ()
    assert tape.incomplete == (f"the answer to GET {server.url}/lying is not in gzip, as its header says",)


def test_stream_stays_a_stream(server: Server, tape: Tape, session: requests.Session) -> None:
    """The client gets each event before the next one is sent, and the tape has all of them at the end."""
    client = tunedmodels.Client(server.url, api_key="a-key-of-mine", session=session, retry=None)
    with client:
        chunks = client.tuned_models.stream_generate_content("tunedModels/m", "x")
        next(chunks)
        before = tape.exchanges
        server.may_continue.set()
        rest = list(chunks)
    (one,) = tape.exchanges

    assert before == ()
    assert len(rest) == 1
    assert one.response.body == b"".join(EVENTS)


def test_order_is_by_start(server: Server, tape: Tape, session: requests.Session) -> None:
    """The exchange that began first is first, although it ended last."""
    slow = threading.Thread(target=lambda: session.get(f"{server.url}/slow", timeout=5))
    slow.start()
    assert server.slow_began.wait(5)
    session.get(f"{server.url}/plain", timeout=5)
    server.slow_may_end.set()
    slow.join()

    assert [one.request.url.rpartition("/")[2] for one in tape.exchanges] == ["slow", "plain"]
    assert tape.exchanges[0].at == 0.0 < tape.exchanges[1].at < tape.exchanges[0].elapsed


def test_threads_share_a_tape(server: Server, tape: Tape, session: requests.Session) -> None:
    """The tape has the exchanges of all threads."""
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


def test_unfinished_answer_is_incomplete(server: Server, tape: Tape, session: requests.Session) -> None:
    """An answer that was closed before its end is no exchange, and the tape cannot become a recording."""
    with session.post(f"{server.url}/m:streamGenerateContent", timeout=5, stream=True) as answer:
        next(answer.iter_lines(chunk_size=None))
    server.may_continue.set()

    assert tape.exchanges == ()
    sentence = f"the answer to POST {server.url}/m:streamGenerateContent was closed before its end"
    assert tape.incomplete == (sentence,)
    with pytest.raises(RecordingError) as error:
        record("sample", tape, source="this test", captured=DAY, stand_in=True)
    assert str(error.value) == f"sample: the tape is incomplete: {sentence}; read each answer to its end"


def test_long_answer_is_incomplete(server: Server, session: requests.Session) -> None:
    """The tape stores no answer above its limit, and the reader gets all of it."""
    tape = Tape(limit=5)
    session.mount("http://", tape)

    assert session.get(f"{server.url}/plain?key=secret", timeout=5).json() == {"length": 0}
    assert tape.exchanges == ()
    assert tape.incomplete == (f"the answer to GET {server.url}/plain has more than 5 bytes",)
    tape.close()


def test_request_without_an_answer_is_no_exchange(server: Server, tape: Tape, session: requests.Session) -> None:
    """A request whose connection broke is not on the tape, and the caller gets the error."""
    with pytest.raises(requests.ConnectionError):
        session.get(f"{server.url}/broken", timeout=5)

    assert tape.exchanges == ()
    assert tape.incomplete == ()


def test_streamed_request_is_incomplete(server: Server, tape: Tape, session: requests.Session) -> None:
    """A body that can be read only once is sent, so the tape cannot have it."""
    session.post(f"{server.url}/moved", data=iter([b"a", b"b"]), timeout=5, allow_redirects=False)

    assert tape.exchanges == ()
    assert tape.incomplete == (f"POST {server.url}/moved was sent with a body that can be read only once",)


def test_each_hop_of_a_redirect_is_an_exchange(server: Server, tape: Tape, session: requests.Session) -> None:
    """The tape has the redirect and the answer after it."""
    session.get(f"{server.url}/moved", timeout=5)

    assert [one.response.status for one in tape.exchanges] == [307, 200]


def record_get(tape: Tape, server: Server) -> Tape:
    """Send a request with a secret, and return the tape."""
    with requests.Session() as session:
        session.mount("http://", tape)
        session.get(f"{server.url}/plain?key=a-key-of-mine", timeout=5)
    return tape


def test_answers_of_another_server_are_not_live(server: Server, tape: Tape) -> None:
    """A tape with another server cannot become a live recording. The error does not show a secret."""
    with pytest.raises(RecordingError) as error:
        record("sample", record_get(tape, server), source="this test", captured=DAY)

    assert str(error.value) == (
        f"sample: request 1 was sent to {server.url}; only https://generativelanguage.googleapis.com is the service; "
        "pass stand_in=True to record it as hand-written"
    )


def test_recording_of_a_stand_in(server: Server, tape: Tape, tmp_path: Path) -> None:
    """With ``stand_in`` a recording of another server is hand-written, scrubbed, and has its variables."""
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


def with_exchange(tape: Tape, exchange: Exchange) -> Tape:
    """Replace the first exchange on the tape, and return the tape."""
    tape._exchanges[1] = exchange
    return tape


def live(exchange: Exchange, **answer: Any) -> Exchange:
    """Return *exchange* as if the service had answered."""
    url = exchange.request.url.replace(exchange.request.url.partition("/plain")[0], REAL)
    return replace(exchange, request=replace(exchange.request, url=url), response=replace(exchange.response, **answer))


def test_answers_of_the_service_are_live(server: Server, tape: Tape, tmp_path: Path) -> None:
    """Answers from the real address through the adapter of requests are a live recording with a digest."""
    (exchange,) = record_get(tape, server).exchanges
    recording = record("sample", with_exchange(tape, live(exchange)), source="this test", captured=DAY)
    save(recording, tmp_path / "sample.yaml")

    assert load(tmp_path / "sample.yaml") == recording
    assert recording.provenance.kind == "live"
    assert recording.exchanges[0].request.url == f"{REAL}/plain?key=scrubbed-api-key-1"


class Elsewhere(HTTPAdapter):
    """Sends requests for the service to another server."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        request = request.copy()
        request.url = (request.url or "").replace(REAL, self.url)
        return super().send(request, *args, **kwargs)


def refusal(tape: Tape, verify: bool = True) -> str:
    """Return the error if a request on the tape cannot become a live recording."""
    with requests.Session() as session:
        session.mount("https://", tape)
        session.get(f"{REAL}/plain", timeout=5, verify=verify)
    with pytest.raises(RecordingError) as error:
        record("sample", tape, source="this test", captured=DAY)
    tape.close()
    return str(error.value)


def test_answers_of_another_adapter_are_not_live(server: Server) -> None:
    """An adapter that is not from requests may not use the network."""
    assert refusal(Tape(Elsewhere(server.url))) == (
        "sample: the tape cannot become a live recording: the requests were sent by Elsewhere, which may not use "
        "a network; send with an HTTPAdapter of requests, or pass stand_in=True"
    )


def test_answers_of_a_replay_are_not_live(server: Server, tape: Tape) -> None:
    """A replay of a recording does not become a newer recording."""
    (exchange,) = record_get(tape, server).exchanges
    recording = record("sample", with_exchange(tape, live(exchange)), source="this test", captured=DAY)

    assert "were sent by Replay, which may not use a network" in refusal(Tape(Replay(recording)))


def test_answers_through_a_patched_requests_are_not_live() -> None:
    """If a library patches requests, it may have answered in place of the service."""
    with responses.RequestsMock() as mock:
        mock.get(f"{REAL}/plain", json={})
        message = refusal(Tape(), verify=False)

    assert "requests was patched by responses, which may have answered in its place" in message


def test_unverified_certificate_is_a_doubt(server: Server, tape: Tape) -> None:
    """Without a verified certificate, another server may have answered."""
    with requests.Session() as session:
        session.mount("http://", tape)
        session.get(f"{server.url}/plain", timeout=5, verify=False)

    assert tape.doubts == ("certificates were not verified, so another server may have answered",)
