"""Tests the replay: it answers recorded requests in order, and reports other requests and unused ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter

import tunedmodels
from tunedmodels_contracts import recordings
from tunedmodels_contracts.recordings import (
    Exchange,
    Provenance,
    ReceivedResponse,
    Recording,
    Replay,
    SentRequest,
    UnrecordedRequest,
    UnusedExchanges,
)

BASE = "https://generativelanguage.googleapis.com"
MODELS = f"{BASE}/v1beta/tunedModels"
POLL = f"{BASE}/v1/tunedModels/m/operations/o"
JSON = (("Content-Type", "application/json; charset=UTF-8"),)
PUBLISHED = Path(recordings.__file__).parent / "published"

values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


def get_exchange(url: str = MODELS, answer: Any = None, **response: Any) -> Exchange:
    response = {"status": 200, "reason": "OK", "headers": JSON, **response}
    response.setdefault("body", json.dumps({} if answer is None else answer, indent=2).encode())
    return Exchange(SentRequest("GET", url), ReceivedResponse(**response))


def post_exchange(body: Any, url: str = MODELS, answer: Any = None) -> Exchange:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Exchange(SentRequest("POST", url, JSON, sent), get_exchange(answer=answer).response)


def replay_of(*exchanges: Exchange, **variables: str) -> Replay:
    return Replay(Recording("sample", Provenance("hand-written", "this test"), exchanges, variables))


def ask(replay: Replay, url: str = MODELS, method: str = "GET", **options: Any) -> requests.Response:
    with replay.session() as session:
        return session.request(method, url, timeout=1, **options)


def operation(steps: int, **result: Any) -> dict[str, Any]:
    return {"name": "tunedModels/m/operations/o", "metadata": {"completedSteps": steps}, **result}


def refusal(ask: Callable[[], object]) -> str:
    with pytest.raises(UnrecordedRequest) as error:
        ask()
    return str(error.value)


def test_answer_is_replayed_unchanged() -> None:
    """An answer has the recorded status, reason, headers and body, even two headers with one name."""
    headers = (*JSON, ("Vary", "Origin"), ("Vary", "Referer"))
    with replay_of(get_exchange(status=404, reason="Nobody Home", headers=headers, body=b"{\n}\n")) as replay:
        answer = ask(replay)

    assert (answer.status_code, answer.reason, answer.content) == (404, "Nobody Home", b"{\n}\n")
    assert list(answer.raw.headers.items()) == list(headers)


def test_poll_after_the_last_recorded_one_fails() -> None:
    """Another poll fails, because its answer is unknown."""
    replay = replay_of(get_exchange(POLL, operation(0)), get_exchange(POLL, operation(5)))
    ask(replay, POLL)
    ask(replay, POLL)

    assert refusal(lambda: ask(replay, POLL)) == (
        f"GET {POLL} was sent more often than recorded (exchange 1 of sample, exchange 2 of sample); the last "
        "answer cannot be repeated, because it is not an operation that is done"
    )


def test_done_operation_is_repeated() -> None:
    """An operation that is done can be polled any number of times."""
    with replay_of(
        get_exchange(POLL, operation(5)), get_exchange(POLL, operation(9, done=True, response={}))
    ) as replay:
        answers = [ask(replay, POLL).json() for _ in range(4)]

    assert [answer.get("done", False) for answer in answers] == [False, True, True, True]


def test_order_is_by_url() -> None:
    """Requests to other URLs do not change the order of the answers to one URL."""
    exchanges = [
        get_exchange(f"{MODELS}/m", {"state": "CREATING"}),
        get_exchange(POLL, operation(5)),
        get_exchange(f"{MODELS}/m", {"state": "ACTIVE"}),
    ]
    with replay_of(*exchanges) as replay:
        states = [ask(replay, f"{MODELS}/m").json()["state"] for _ in range(2)]
        ask(replay, POLL)

    assert states == ["CREATING", "ACTIVE"]


MISMATCHES: dict[str, tuple[Exchange, Callable[[Replay], object], str]] = {
    "method": (
        get_exchange(),
        lambda replay: ask(replay, method="DELETE"),
        f"DELETE {MODELS} is not recorded. The closest is exchange 1 of sample, GET {MODELS}:\n"
        "  method: recorded GET, sent DELETE",
    ),
    "path": (
        get_exchange(),
        lambda replay: ask(replay, f"{MODELS}/m"),
        f"GET {MODELS}/m is not recorded. The closest is exchange 1 of sample, GET {MODELS}:\n"
        "  path: recorded /v1beta/tunedModels, sent /v1beta/tunedModels/m",
    ),
    "host": (
        get_exchange(),
        lambda replay: ask(replay, "http://127.0.0.1:9480/v1beta/tunedModels"),
        f"GET http://127.0.0.1:9480/v1beta/tunedModels is not recorded. The closest is exchange 1 of sample, "
        f"GET {MODELS}:\n  host: recorded {BASE}, sent http://127.0.0.1:9480",
    ),
    "query": (
        get_exchange(f"{MODELS}?pageSize=2&filter=x"),
        lambda replay: ask(replay, f"{MODELS}?pageSize=3&pageToken=t"),
        f"GET {MODELS}?pageSize=3&pageToken=t is not recorded. The closest is exchange 1 of sample, "
        f"GET {MODELS}?pageSize=2&filter=x:\n"
        '  query filter: recorded "x", sent nothing\n'
        '  query pageSize: recorded "2", sent "3"\n'
        '  query pageToken: recorded nothing, sent "t"',
    ),
    "members": (
        post_exchange({"displayName": "n", "tuningTask": {"examples": [{"output": "1"}, 2], "epochs": 5, "on": 1}}),
        lambda replay: ask(
            replay,
            method="POST",
            json={"tuningTask": {"examples": [{"output": "2"}], "epochs": "5", "on": True}, "id": 7},
        ),
        f"POST {MODELS} is not recorded. The closest is exchange 1 of sample, POST {MODELS}:\n"
        '  body $.displayName: recorded "n", not sent\n'
        "  body $.tuningTask.examples: recorded 2 elements, sent 1\n"
        '  body $.tuningTask.examples[0].output: recorded "1", sent "2"\n'
        '  body $.tuningTask.epochs: recorded 5, sent "5"\n'
        "  body $.tuningTask.on: recorded 1, sent true\n"
        "  body $.id: not recorded, sent 7",
    ),
    "no body": (
        post_exchange({"a": 1}),
        lambda replay: ask(replay, method="POST"),
        f"POST {MODELS} is not recorded. The closest is exchange 1 of sample, POST {MODELS}:\n"
        "  body: recorded 8 bytes, sent 0",
    ),
    "not JSON": (
        post_exchange({"a": 1}),
        lambda replay: ask(replay, method="POST", data=b"{a}"),
        f"POST {MODELS} is not recorded. The closest is exchange 1 of sample, POST {MODELS}:\n"
        "  body: recorded 8 bytes, sent 3 other bytes; one of them is not JSON",
    ),
}


@pytest.mark.parametrize("name", MISMATCHES)
def test_error_shows_the_closest_request(name: str) -> None:
    """The error names the closest recorded request, and each difference from it."""
    exchange, ask, sentence = MISMATCHES[name]

    assert refusal(lambda: ask(replay_of(exchange))) == sentence


def test_closest_request_has_the_fewest_differences() -> None:
    """The error names the request with the fewest differences."""
    exchanges = [
        get_exchange(f"{MODELS}/other"),
        post_exchange({"a": 1, "b": 2}),
        post_exchange({"a": 1}),
        get_exchange(POLL),
    ]

    assert "The closest is exchange 3 of sample" in refusal(
        lambda: ask(replay_of(*exchanges), method="POST", json={"a": 3})
    )


def test_credentials_are_not_compared() -> None:
    """Another credential is no difference, and the error does not show it."""
    replay = replay_of(get_exchange(f"{MODELS}?key=scrubbed-api-key-1"))

    assert ask(replay, f"{MODELS}?key=a-key-of-mine").status_code == 200
    sentence = refusal(lambda: ask(replay, f"{MODELS}/m?key=a-key-of-mine&access_token=mine-too"))
    assert f"GET {MODELS}/m?key=scrubbed-api-key-1&access_token=scrubbed-token-1 is not recorded" in sentence
    assert "mine" not in sentence


@settings(max_examples=50)
@given(values, values)
def test_json_bodies_match_by_value(old: Any, new: Any) -> None:
    """A JSON body matches each body with the same value, in any layout, and no other."""
    written = json.dumps(new, indent=3, ensure_ascii=False, sort_keys=True).encode()
    same = json.dumps(old, sort_keys=True).replace(".0", "") == json.dumps(new, sort_keys=True).replace(".0", "")
    replay = replay_of(post_exchange(old))
    if same:
        assert ask(replay, method="POST", data=written).status_code == 200
    else:
        with pytest.raises(UnrecordedRequest):
            ask(replay, method="POST", data=written)


def test_trailing_comma_is_ignored() -> None:
    """A comma after the last member means nothing, as for the service. In a text it counts."""
    replay = replay_of(post_exchange(b'{"a": [1, 2,], "b": ",}",}'))

    assert ask(replay, method="POST", json={"a": [1, 2], "b": ",}"}).status_code == 200


def test_compressed_answer_is_compressed_again() -> None:
    """The recording has a decoded body. The replay sends it as gzip, with the header."""
    replay = replay_of(get_exchange(answer={"a": "七"}, decoded="gzip"))
    answer = ask(replay)

    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.json() == {"a": "七"}


def test_scrubbed_number_matches_any_number() -> None:
    """A request may have another number in place of a scrubbed one, and the answer then has it, too."""
    body = {"readerProjectNumbers": ["100000000001", 100000000002]}
    answer = {"readerProjectNumbers": ["100000000001", "100000000002"]}
    sent = {"readerProjectNumbers": ["123456789", 987654321]}

    assert ask(replay_of(post_exchange(body, answer=answer)), method="POST", json=sent).json() == {
        "readerProjectNumbers": ["123456789", "987654321"]
    }
    for other in (6, "5"):
        message = refusal(partial(ask, replay_of(post_exchange({"a": 5})), method="POST", json={"a": other}))
        assert f"recorded 5, sent {json.dumps(other)}" in message


def test_forms_match_by_value() -> None:
    """A form matches each form with the same fields, in any order."""
    form = (("Content-Type", "application/x-www-form-urlencoded"),)
    exchange = Exchange(SentRequest("POST", MODELS, form, b"a=1&b=x%20y"), get_exchange().response)

    assert ask(replay_of(exchange), method="POST", data={"b": "x y", "a": "1"}).status_code == 200
    assert 'query a: recorded "1", sent "2"' in refusal(
        lambda: ask(replay_of(exchange), method="POST", data={"b": "x y", "a": "2"})
    )


def test_variable_matches_another_value() -> None:
    """A value that a test draws at random may differ in each run. The answers have the value of the request."""
    created = post_exchange(
        {"displayName": "contracts-a1 of mine"},
        f"{MODELS}?tunedModelId=contracts-a1",
        {"name": "tunedModels/contracts-a1/operations/o", "metadata": {"tunedModel": "tunedModels/contracts-a1"}},
    )
    called = post_exchange({"a": 1}, f"{MODELS}/contracts-a1:generateContent")
    replay = replay_of(created, called, get_exchange(f"{MODELS}/contracts-a1"), id="contracts-a1")
    first = ask(replay, f"{MODELS}?tunedModelId=mine", "POST", json={"displayName": "mine of mine"})
    ask(replay, f"{MODELS}/mine:generateContent", "POST", json={"a": 1})
    sentence = refusal(lambda: ask(replay, f"{MODELS}/yours"))
    ask(replay, f"{MODELS}/mine")

    assert first.json()["metadata"]["tunedModel"] == "tunedModels/mine"
    assert "path: recorded /v1beta/tunedModels/contracts-a1, sent /v1beta/tunedModels/yours" in sentence


def test_variable_has_one_value() -> None:
    """A variable must have the same value in all places of a request."""
    replay = replay_of(post_exchange({"id": "contracts-a1", "again": "x/contracts-a1/contracts-a1"}), id="contracts-a1")

    refusal(lambda: ask(replay, method="POST", json={"id": "mine", "again": "x/mine/yours"}))
    refusal(lambda: ask(replay, method="POST", json={"id": "mine", "again": "x/yours/yours"}))
    assert ask(replay, method="POST", json={"id": "mine", "again": "x/mine/mine"}).status_code == 200


def test_variable_is_escaped_in_the_answer() -> None:
    """JSON in the answer escapes the value of a variable. A longer word is not the variable."""
    answer = {"displayName": "sample", "name": "sampler"}
    replay = replay_of(post_exchange({"displayName": "sample"}, answer=answer), name="sample")

    assert ask(replay, method="POST", json={"displayName": 'a "b" \\ 六'}).json() == {
        "displayName": 'a "b" \\ 六',
        "name": "sampler",
    }


def test_scrubbed_address_matches_any_address() -> None:
    """A request may have any address in place of a scrubbed one, and the answer then has it, too."""
    body = {"emailAddress": "scrubbed-email-1@example.com", "role": "READER"}
    sent = {**body, "emailAddress": "me@corp.de"}

    assert ask(replay_of(post_exchange(body, answer=body)), method="POST", json=sent).json() == sent


def test_unused_exchanges_fail_at_the_end() -> None:
    """The error names the recorded requests that were not sent."""
    replay = replay_of(get_exchange(), post_exchange({"a": 1}), get_exchange(POLL))
    with pytest.raises(UnusedExchanges) as error, replay:
        ask(replay)

    assert str(error.value) == (
        f"These recorded requests were not sent:\nexchange 2 of sample: POST {MODELS}\nexchange 3 of sample: GET {POLL}"
    )
    assert replay.unused() == str(error.value).splitlines()[1:]


def test_error_of_a_surplus_request_cannot_be_hidden() -> None:
    """If the test catches the error, the replay raises it again at its end."""
    replay = replay_of(get_exchange())
    replay.__enter__()
    ask(replay)
    message = refusal(lambda: ask(replay, f"{MODELS}/m"))

    assert refusal(lambda: replay.__exit__(None, None, None)) == message


def test_replay_keeps_the_error_of_the_test() -> None:
    """If the block fails, its error is raised, and not one about unused exchanges."""
    with pytest.raises(ZeroDivisionError), replay_of(get_exchange()):
        raise ZeroDivisionError


def test_replay_blocks_the_network() -> None:
    """Requests of other sessions, and of a client without a session, are refused."""
    replay = replay_of(get_exchange())
    replay.__enter__()
    ask(replay)
    first = refusal(lambda: requests.get(BASE, timeout=1))
    refusal(lambda: requests.post("http://127.0.0.1:9", timeout=1))
    with tunedmodels.Client(api_key="a-key", retry=None) as client:
        refusal(lambda: client.tuned_models.get("tunedModels/m"))

    assert first == f"GET {BASE}/ was not sent to the replay: use its session()"
    assert refusal(lambda: replay.__exit__(None, None, None)) == first


def test_replay_unblocks_the_network_at_its_end() -> None:
    """After a replay, requests go to the network again."""
    before = HTTPAdapter.send
    with replay_of(get_exchange()) as replay:
        assert HTTPAdapter.send is not before
        ask(replay)

    assert HTTPAdapter.send is before


def test_client_and_plain_requests_share_a_session() -> None:
    """Both get the next answers of one session, and the client raises its own errors."""
    error = {"error": {"code": 404, "message": "Tuned model tunedModels/m does not exist.", "status": "NOT_FOUND"}}
    exchanges = [
        get_exchange(f"{MODELS}/m", {"name": "tunedModels/m", "state": "CREATING"}),
        get_exchange(f"{MODELS}/m", {"name": "tunedModels/m", "state": "ACTIVE"}),
        get_exchange(f"{MODELS}/m", status=404, reason="Not Found", body=json.dumps(error).encode()),
    ]
    with replay_of(*exchanges) as replay, replay.session() as session:
        client = tunedmodels.Client(api_key="a-key", session=session)
        plain = session.get(f"{MODELS}/m", timeout=1).json()
        model = client.tuned_models.get("tunedModels/m")
        with pytest.raises(tunedmodels.NotFound):
            client.tuned_models.get("tunedModels/m")

    assert (plain["state"], model.state) == ("CREATING", "ACTIVE")


def test_client_does_not_retry_an_unrecorded_request() -> None:
    """The client raises the error at once and unchanged, because it is no error of the network."""
    pauses: list[float] = []
    session = replay_of(get_exchange()).session()
    client = tunedmodels.Client(api_key="a-key", session=session, sleep=pauses.append)

    assert "is not recorded" in refusal(lambda: client.tuned_models.get("tunedModels/m"))
    assert pauses == []
    assert not issubclass(UnrecordedRequest, (requests.RequestException, ValueError, OSError))


EVENTS = b'data: {"candidates": [{"index": 0}]}\r\n\r\ndata: {"candidates": [{"index": 1}]}\r\n\r\n'
ARRAY = b'[{\n  "candidates": [{"index": 0}]\n}\n,\r\n{\n  "candidates": [{"index": 1}]\n}\n]\n'


@pytest.mark.parametrize(
    ("body", "content_type", "pieces"),
    [
        pytest.param(EVENTS, "text/event-stream", [EVENTS[:40], EVENTS[40:]], id="events"),
        pytest.param(ARRAY, "application/json", [ARRAY[:35], ARRAY[35:73], ARRAY[73:]], id="array"),
    ],
)
def test_stream_is_replayed_in_pieces(body: bytes, content_type: str, pieces: list[bytes]) -> None:
    """Each piece is one event or one element, and the whole is the recorded body."""
    url = f"{MODELS}/m:streamGenerateContent"
    recorded = get_exchange(url, body=body, headers=(("Content-Type", content_type),))
    answer = ask(replay_of(recorded), url, stream=True)
    parts = [answer.raw.read1(1 << 16) for _ in range(len(pieces) + 1)]

    assert parts == [*pieces, b""]
    assert ask(replay_of(recorded), url).content == body
