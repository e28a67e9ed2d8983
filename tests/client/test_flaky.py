"""Against a flaky server the client has the right result or error, never hangs and never starts a second job."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tunedmodels import (
    APIError,
    Client,
    DeadlineExceeded,
    Internal,
    InvalidArgument,
    OperationTimeout,
    Polling,
    ResourceExhausted,
    Retry,
    TransportError,
    TunedModelsError,
    Unavailable,
)

from .flaky_server import (
    HANG_UP,
    RESET,
    RESET_UNREAD,
    SILENCE,
    End,
    FlakyServer,
    Piece,
    Step,
    answer,
    chunked_answer,
    gzip_answer,
    page,
    refusal,
    retry_info,
    slow_step,
    until_closed,
)

OPERATION = "tunedModels/m/operations/o"
MODEL = b'{"name": "tunedModels/m", "displayName": "before", "description": "a few words so that it is longer"}'
BEGINNING = b' [{"name": "tunedModels'  # of an object or of an array
EVENTS = "text/event-stream"

# Long enough for a slow machine, and short enough for the tests that wait for it.
PATIENT = 10.0
IMPATIENT = 0.6
NO_HANG = 5.0  # seconds beyond a deadline that only a hang takes


def text_chunk(text: str) -> dict[str, Any]:
    return {"candidates": [{"content": {"parts": [{"text": text}]}}]}


def event(text: str) -> bytes:
    return b'data: {"candidates": [{"content": {"parts": [{"text": "%s"}]}}]}\r\n\r\n' % text.encode()


def element(text: str) -> bytes:
    return b'{"candidates": [{"content": {"parts": [{"text": "%s"}]}}]}' % text.encode()


def client_of(server: FlakyServer, timeout: float = PATIENT, **more: Any) -> Client:
    return Client(server.url, api_key="the-key", timeout=timeout, **{"retry": Retry(timeout, initial=0.01), **more})


def create(client: Client, **more: Any) -> str:
    return client.tuned_models.create(base_model="b", training_data=[("1", "2")], display_name="d", **more).name


def stream(client: Client, events: bool) -> list[str]:
    return [chunk.text for chunk in client.tuned_models.stream_generate_content("m", "1", events=events)]


@dataclass(frozen=True)
class Call:
    """One kind of call, with its good answer and its result."""

    ask: Callable[[Client], Any]
    good: Step
    result: Any
    idempotent: bool = True
    before: tuple[Step, ...] = ()  # the answers to the requests before the one that fails


CALLS = {
    "get": Call(lambda client: client.tuned_models.get("m").name, answer(MODEL), "tunedModels/m"),
    "create": Call(create, answer({"name": OPERATION}), OPERATION, idempotent=False),
    "create-with-id": Call(lambda client: create(client, tuned_model_id="m"), answer({"name": OPERATION}), OPERATION),
    "generate": Call(lambda client: client.tuned_models.generate_content("m", "1").text, answer(text_chunk("2")), "2"),
    "delete": Call(lambda client: client.tuned_models.delete("m"), answer({}), None),
    "update": Call(
        lambda client: client.tuned_models.update("m", display_name="after").display_name,
        answer({"displayName": "after"}),
        "after",
        before=(answer(MODEL),),
    ),
    "transfer": Call(
        lambda client: client.tuned_models.transfer_ownership("m", "a@b.c"), answer({}), None, idempotent=False
    ),
    "cancel": Call(lambda client: client.operations.cancel(OPERATION), answer({}), None),
    "stream-of-events": Call(lambda client: stream(client, True), chunked_answer([event("2")], EVENTS), ["2"]),
    "stream-of-an-array": Call(
        lambda client: stream(client, False), chunked_answer([b"[" + element("2") + b"]"]), ["2"]
    ),
}

Fault = tuple[Step, type[TunedModelsError]]

# The faults in place of the good answer, each with the error that a caller gets without another try.
REFUSALS: dict[str, Fault] = {
    "429-with-retry-info": (refusal(429, "RESOURCE_EXHAUSTED", details=[retry_info("0.02s")]), ResourceExhausted),
    "429-with-retry-after": (refusal(429, "RESOURCE_EXHAUSTED", more=[("Retry-After", "0")]), ResourceExhausted),
    "429-page": (page(429), ResourceExhausted),
    "429-empty": (answer(b"", 429), ResourceExhausted),
}
LOSSES: dict[str, Fault] = {
    "reset-before-it-was-read": (RESET_UNREAD, TransportError),
    "reset": (RESET, TransportError),
    "hang-up": (HANG_UP, TransportError),
    "no-http": (Step((b"hello\r\n\r\n",), End.CLOSE), TransportError),
    "503": (refusal(503, "UNAVAILABLE"), Unavailable),
    "503-closed": (refusal(503, "UNAVAILABLE", end=End.CLOSE), Unavailable),
    "503-empty": (answer(b"", 503), Unavailable),
    "503-page": (page(503), Unavailable),
    "502-page": (page(502), Unavailable),
    "500": (refusal(500, "INTERNAL"), Internal),
    "500-empty": (answer(b"", 500), Internal),
    "504": (refusal(504, "DEADLINE_EXCEEDED"), DeadlineExceeded),
    "503-cut": (answer(b'{"error": {"code": 503', 503, lacks=10), TransportError),
    "body-cut": (answer(BEGINNING, lacks=5), TransportError),
    "body-reset": (answer(BEGINNING, lacks=5, end=End.RESET), TransportError),
    "body-that-never-came": (answer(b"", lacks=5), TransportError),
    "chunks-cut": (chunked_answer([BEGINNING[:9], BEGINNING[9:]], end=End.CLOSE), TransportError),
    "chunks-reset": (chunked_answer([BEGINNING], end=End.RESET), TransportError),
    "gzip-cut": (gzip_answer(BEGINNING, 15), TransportError),
    "gzip-without-its-end": (gzip_answer(BEGINNING, -4), TransportError),
    "no-gzip": (answer(MODEL, 200, ("Content-Encoding", "gzip")), TransportError),
}
FINAL: dict[str, Fault] = {
    "400": (refusal(400, "INVALID_ARGUMENT"), InvalidArgument),
    "400-page": (page(400), InvalidArgument),
    "302": (page(302, ("Location", "/elsewhere")), APIError),
    "302-to-no-address": (page(302, ("Location", "http://[")), TransportError),
    "200-page": (page(200), TransportError),
    "200-empty": (answer(b""), TransportError),
    "200-text": (answer(b"OK", kind="text/plain"), TransportError),
    "200-cut-and-closed": (until_closed([MODEL[:20]]), TransportError),
    "two-lengths": (
        Step((b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",), End.CLOSE),
        TransportError,
    ),
}
SLOW = {
    "silence": SILENCE,
    "body-drips": slow_step(answer(MODEL)),
    "body-stops": answer(MODEL[:20], lacks=5, end=End.SILENCE),
    "gzip-drips": slow_step(gzip_answer(MODEL)),
}


def table(faults: dict[str, Fault], calls: list[str], fault: str, others: list[str]) -> Any:
    """Combine all *faults* with *calls*, and one *fault* with *others*, which take the same way."""
    pairs = dict.fromkeys([*((name, call) for name in faults for call in calls), *((fault, call) for call in others)])
    return [pytest.param(faults[name], CALLS[call], id=f"{name}-{call}") for name, call in pairs]


IDEMPOTENT = [name for name, call in CALLS.items() if call.idempotent]
RETRIED = [
    *table(REFUSALS, ["create", "stream-of-events"], "429-with-retry-info", [*CALLS]),
    *table(LOSSES, ["get", "stream-of-an-array"], "reset", IDEMPOTENT),
]
RAISED = [
    *table(LOSSES, ["create"], "reset", ["transfer"]),
    *table(FINAL, ["create", "stream-of-events"], "400", [*CALLS]),
]


@pytest.mark.parametrize(("fault", "call"), RETRIED)
def test_failure_is_hidden_by_a_retry(fault: Fault, call: Call) -> None:
    """If a second request is harmless, or the first certainly had no effect, the client tries again."""
    with FlakyServer([*call.before, fault[0]], call.good) as server, client_of(server) as client:
        result = call.ask(client)

    assert result == call.result
    assert server.tries == len(call.before) + 2


@pytest.mark.parametrize(("fault", "call"), RAISED)
def test_failure_is_raised(fault: Fault, call: Call) -> None:
    """If another try could start a second job, or would not help, the client raises the error."""
    with (
        FlakyServer([*call.before, fault[0]], call.good) as server,
        client_of(server) as client,
        pytest.raises(TunedModelsError) as caught,
    ):
        call.ask(client)

    assert type(caught.value) is fault[1]
    assert server.tries == len(call.before) + 1


@pytest.mark.parametrize("step", SLOW.values(), ids=SLOW)
def test_slow_answer_is_retried(step: Step) -> None:
    """An answer that does not arrive in time counts as lost, and the client tries again."""
    retry = Retry(PATIENT, initial=0.01)
    with FlakyServer([step], answer(MODEL)) as server, client_of(server, IMPATIENT, retry=retry) as client:
        name = client.tuned_models.get("m").name

    assert name == "tunedModels/m"
    assert server.methods[:2] == ["GET", "GET"]


@pytest.mark.parametrize("step", SLOW.values(), ids=SLOW)
def test_slowness_starts_no_second_job(step: Step) -> None:
    """A create without an id is sent once, also if its answer is not in time."""
    start = time.monotonic()
    with FlakyServer([step]) as server, client_of(server, IMPATIENT) as client, pytest.raises(TransportError):
        create(client)

    assert server.methods == ["POST"]
    assert time.monotonic() - start < IMPATIENT + NO_HANG


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_refused_connection_is_retried(call: Call) -> None:
    """A refused connection has no effect: the client tries every call again, and it arrives once."""
    server = FlakyServer([*call.before], call.good, late=True)

    def begin(_: float) -> None:
        if not server.is_listening:
            server.listen()

    with server, client_of(server, sleep=begin) as client:
        result = call.ask(client)

    assert result == call.result
    assert len(server.received) == len(call.before) + 1


def test_refused_connections_are_an_error() -> None:
    """If every connection is refused, the client raises an error in time."""
    start = time.monotonic()
    with (
        FlakyServer(late=True) as server,
        client_of(server, retry=Retry(0.3, initial=0.01)) as client,
        pytest.raises(TransportError, match=r"was not answered: .*refused"),
    ):
        create(client)

    assert time.monotonic() - start < 0.3 + NO_HANG


@pytest.mark.parametrize(
    "call",
    # The client does not read beyond the end of an array, so it cannot use that connection again.
    [pytest.param(call, id=name) for name, call in CALLS.items() if name != "stream-of-an-array"],
)
def test_calls_share_one_connection(call: Call) -> None:
    """All calls of a client go over one connection, if the server keeps it open."""
    with FlakyServer([*call.before, call.good] * 3) as server, client_of(server) as client:
        results = [call.ask(client) for _ in range(3)]

    assert results == [call.result] * 3
    assert server.connections == 1


GOOD = {
    "lengths": answer(MODEL),
    "chunks": chunked_answer([MODEL[:9], MODEL[9:]]),
    "http-1.0": until_closed([MODEL[:9], MODEL[9:]]),
    "gzip": gzip_answer(MODEL),
    "after-100-continue": Step((b"HTTP/1.1 100 Continue\r\n\r\n", *answer(MODEL).pieces)),
    "slow-but-in-time": slow_step(answer(MODEL), 0.002),
    "gzip-slow-but-in-time": slow_step(gzip_answer(MODEL), 0.002),
}


@pytest.mark.parametrize("step", GOOD.values(), ids=GOOD)
def test_every_good_form_of_an_answer(step: Step) -> None:
    """The client reads an answer in every form of HTTP."""
    with FlakyServer([step]) as server, client_of(server) as client:
        model = client.tuned_models.get("m")

    assert model.display_name == "before"
    assert server.tries == 1


def forms(pieces: Callable[[Callable[[str], bytes]], list[Piece]], **more: Any) -> dict[str, tuple[bool, Step]]:
    """Return a stream in both forms of the API, and in both of HTTP."""
    array = pieces(element)
    array[0] = b"[%s" % array[0]
    whole = [] if more else [b"]"]
    return {
        "events-chunked": (True, chunked_answer(pieces(event), EVENTS, **more)),
        "events-until-closed": (True, until_closed(pieces(event), EVENTS, **more)),
        "array-chunked": (False, chunked_answer([*array, *whole], **more)),
        "array-until-closed": (False, until_closed([*array, *whole], **more)),
    }


@pytest.mark.parametrize("form", range(4), ids=list(forms(lambda one: [one("6")])))
def test_chunk_is_yielded_when_it_arrives(form: int) -> None:
    """The stream yields the first chunk before the server sends the second."""
    read = threading.Event()

    def pieces(one: Callable[[str], bytes]) -> list[Piece]:
        return [one("six"), read, b"," if one is element else b": ping\r\n\r\n", one("seven")]

    events, step = list(forms(pieces).values())[form]
    with FlakyServer([step]) as server, client_of(server) as client:
        chunks = client.tuned_models.stream_generate_content("m", "1", events=events)
        first = next(chunks).text
        read.set()
        rest = [chunk.text for chunk in chunks]

    assert (first, rest) == ("six", ["seven"])
    assert server.tries == 1


BROKEN_STREAMS = {
    **{f"{name}-reset": form for name, form in forms(lambda one: [one("six"), 0.1], end=End.RESET).items()},
    **{
        f"{name}-closed": form
        for name, form in forms(lambda one: [one("six"), one("seven")[:20]], end=End.CLOSE).items()
    },
}


@pytest.mark.parametrize(("events", "step"), BROKEN_STREAMS.values(), ids=BROKEN_STREAMS)
def test_broken_stream_is_not_repeated(events: bool, step: Step) -> None:
    """A stream that breaks yields its chunks and then raises the error; the client does not repeat it."""
    with FlakyServer([step]) as server, client_of(server) as client:
        chunks = client.tuned_models.stream_generate_content("m", "1", events=events)
        first = next(chunks).text
        with pytest.raises(TransportError):
            next(chunks)

    assert first == "six"
    assert server.tries == 1


def repeated(*pieces: Piece) -> list[Piece]:
    return list(pieces) * 40


SLOW_STREAMS = {
    **{f"{name}-silent": form for name, form in forms(lambda one: [one("six")], end=End.SILENCE).items()},
    "events-drip": (True, chunked_answer([event("six"), *repeated(0.1, b"d")], EVENTS)),
    "events-ping": (True, chunked_answer([event("six"), *repeated(0.1, b": ping\r\n\r\n")], EVENTS)),
    "array-drips": (False, until_closed([b"[" + element("six") + b",{", *repeated(0.1, b" ")])),
}


@pytest.mark.parametrize(("events", "step"), SLOW_STREAMS.values(), ids=SLOW_STREAMS)
def test_slow_stream_is_an_error(events: bool, step: Step) -> None:
    """A chunk that is not complete in time is an error, even if bytes arrive."""
    with FlakyServer([step]) as server, client_of(server, IMPATIENT) as client:
        chunks = client.tuned_models.stream_generate_content("m", "1", events=events)
        first = next(chunks).text
        start = time.monotonic()
        with pytest.raises(TransportError, match="was cut off: "):
            next(chunks)
        waited = time.monotonic() - start

    assert first == "six"
    assert server.tries == 1
    assert waited < 3


def test_reader_of_a_stream_may_be_slow() -> None:
    """The time between two chunks does not count while the caller works."""
    step = chunked_answer([event("six"), 0.1, event("seven")], EVENTS)
    with FlakyServer([step]) as server, client_of(server, IMPATIENT) as client:
        chunks = client.tuned_models.stream_generate_content("m", "1")
        first = next(chunks).text
        time.sleep(IMPATIENT + 0.2)
        rest = [chunk.text for chunk in chunks]

    assert (first, rest) == ("six", ["seven"])


HANGING = {
    "silence": SILENCE,
    "body-drips": slow_step(answer(MODEL), 0.2),
    "body-drips-and-closes": slow_step(until_closed([MODEL]), 0.2),
    "body-drips-and-stops": Step((*until_closed([]).pieces, b'{"', *repeated(0.2, b"n")[:8]), End.SILENCE),
    "gzip-drips": slow_step(gzip_answer(MODEL), 0.2),
    "always-reset": RESET,
    "always-429": refusal(429, "RESOURCE_EXHAUSTED", details=[retry_info("0.3s")]),
    "asks-for-an-hour": refusal(429, "RESOURCE_EXHAUSTED", details=[retry_info("3600s")]),
    "always-503": refusal(503, "UNAVAILABLE"),
}


@pytest.mark.parametrize("step", HANGING.values(), ids=HANGING)
def test_deadline_of_an_operation(step: Step) -> None:
    """result() ends about at its timeout in every case; the timeout of the client may be longer."""
    with FlakyServer(otherwise=step) as server, client_of(server, 60.0, retry=Retry(initial=0.1)) as client:
        operation = client.operations.from_json({"name": OPERATION})
        start = time.monotonic()
        with pytest.raises((OperationTimeout, TransportError, APIError)):
            operation.result(timeout=1)
        waited = time.monotonic() - start

    assert waited < 3


def test_poll_that_hangs_is_a_timeout() -> None:
    """If the last poll gets no answer in time, the error is that of the operation's timeout."""
    with (
        FlakyServer(otherwise=slow_step(answer(MODEL), 0.2)) as server,
        client_of(server, 60.0) as client,
        pytest.raises(OperationTimeout) as caught,
    ):
        client.operations.from_json({"name": OPERATION}).result(timeout=1)

    assert isinstance(caught.value.__cause__, TransportError)
    assert server.methods == ["GET"]


def test_operation_over_a_flaky_server() -> None:
    """The client waits through all temporary failures, returns the model, and starts the job once."""
    running = {"name": OPERATION, "metadata": {"totalSteps": 2, "completedSteps": 1}}
    end = {"name": OPERATION, "done": True, "response": {"name": "tunedModels/m", "state": "ACTIVE"}}
    script = [
        refusal(429, "RESOURCE_EXHAUSTED", details=[retry_info("0.02s")]),
        answer(running),
        RESET,
        answer(running),
        page(502),
        gzip_answer(b'{"name": "x"}', 9),
        answer(running, lacks=3),
        HANG_UP,
        answer(end),
    ]
    with FlakyServer(script) as server, client_of(server, polling=Polling(0.01)) as client:
        operation = client.tuned_models.create(base_model="b", training_data=[("1", "2")], display_name="d")
        model = operation.result(timeout=PATIENT)

    assert model.state == "ACTIVE"
    assert server.methods == ["POST", "POST", *["GET"] * 7]
    assert server.script == []
