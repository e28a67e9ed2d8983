"""A replay: it answers as recorded, in order, to what was recorded, and says what is missing or too much."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given
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
    load,
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
    with pytest.raises(UnrecordedRequest) as caught:
        ask()
    return str(caught.value)


def test_status_reason_headers_and_body() -> None:
    """An answer is played as it came: even two headers of one name, and a body to the byte."""
    headers = (*JSON, ("Vary", "Origin"), ("Vary", "Referer"))
    with replay_of(get_exchange(status=404, reason="Nobody Home", headers=headers, body=b"{\n}\n")) as replay:
        answer = ask(replay)

    assert (answer.status_code, answer.reason, answer.content) == (404, "Nobody Home", b"{\n}\n")
    assert list(answer.raw.headers.items()) == list(headers)


def test_polls_come_in_order() -> None:
    """The same request gets its answers one after the other."""
    with replay_of(*(get_exchange(POLL, operation(steps)) for steps in (0, 5, 9))) as replay:
        steps = [ask(replay, POLL).json()["metadata"]["completedSteps"] for _ in range(3)]

    assert steps == [0, 5, 9]


def test_one_poll_too_many() -> None:
    """What came after the last recorded poll nobody knows, so another one fails."""
    replay = replay_of(get_exchange(POLL, operation(0)), get_exchange(POLL, operation(5)))
    ask(replay, POLL)
    ask(replay, POLL)

    assert refusal(lambda: ask(replay, POLL)) == (
        f"GET {POLL} was sent more often than recorded (exchange 1 of sample, exchange 2 of sample); the last "
        "answer cannot be repeated, because it is not an operation that is done"
    )


def test_done_stays_done() -> None:
    """An operation that is done is played as often as it is asked for."""
    with replay_of(
        get_exchange(POLL, operation(5)), get_exchange(POLL, operation(9, done=True, response={}))
    ) as replay:
        answers = [ask(replay, POLL).json() for _ in range(4)]

    assert [answer.get("done", False) for answer in answers] == [False, True, True, True]


def test_urls_have_their_own_order() -> None:
    """What is asked in between changes nothing in the order of a URL's answers."""
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
def test_what_is_not_recorded(name: str) -> None:
    """The closest recorded request is named, and each thing in which it differs."""
    exchange, ask, sentence = MISMATCHES[name]

    assert refusal(lambda: ask(replay_of(exchange))) == sentence


def test_the_closest_is_close() -> None:
    """Among many requests the one with the least difference is named."""
    exchanges = [
        get_exchange(f"{MODELS}/other"),
        post_exchange({"a": 1, "b": 2}),
        post_exchange({"a": 1}),
        get_exchange(POLL),
    ]

    assert "The closest is exchange 3 of sample" in refusal(
        lambda: ask(replay_of(*exchanges), method="POST", json={"a": 3})
    )


def test_keys_are_not_shown() -> None:
    """What says who asks is no difference, and is not in the sentence about one."""
    replay = replay_of(get_exchange(f"{MODELS}?key=scrubbed-api-key-1"))

    assert ask(replay, f"{MODELS}?key=a-key-of-mine").status_code == 200
    sentence = refusal(lambda: ask(replay, f"{MODELS}/m?key=a-key-of-mine&access_token=mine-too"))
    assert f"GET {MODELS}/m?key=scrubbed-api-key-1&access_token=scrubbed-token-1 is not recorded" in sentence
    assert "mine" not in sentence


@given(values, values)
def test_bodies_match_by_value(old: Any, new: Any) -> None:
    """A body of JSON matches one that means the same, however it is written, and no other."""
    written = json.dumps(new, indent=3, ensure_ascii=False, sort_keys=True).encode()
    same = json.dumps(old, sort_keys=True).replace(".0", "") == json.dumps(new, sort_keys=True).replace(".0", "")
    replay = replay_of(post_exchange(old))
    if same:
        assert ask(replay, method="POST", data=written).status_code == 200
    else:
        with pytest.raises(UnrecordedRequest):
            ask(replay, method="POST", data=written)


def test_commas_of_the_tutorial() -> None:
    """A comma after the last member means nothing, in a recording as for the service; in a text it does."""
    replay = replay_of(post_exchange(b'{"a": [1, 2,], "b": ",}",}'))

    assert ask(replay, method="POST", json={"a": [1, 2], "b": ",}"}).status_code == 200


def test_compressed_answers_come_compressed() -> None:
    """What came in gzip, and is kept as what it says, comes in gzip again: its reader sees the header and the text."""
    replay = replay_of(get_exchange(answer={"a": "七"}, decoded="gzip"))
    answer = ask(replay)

    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.json() == {"a": "七"}


def test_scrubbed_numbers_stand_for_numbers() -> None:
    """A number that was scrubbed is a number: whatever is sent in its place is found again in the answer."""
    body = {"readerProjectNumbers": ["100000000001", 100000000002]}
    answer = {"readerProjectNumbers": ["100000000001", "100000000002"]}
    shown = ask(
        replay_of(post_exchange(body, answer=answer)),
        method="POST",
        json={"readerProjectNumbers": ["123456789", 987654321]},
    )

    assert shown.json() == {"readerProjectNumbers": ["123456789", "987654321"]}
    assert "recorded 5, sent 6" in refusal(
        lambda: ask(replay_of(post_exchange({"a": 5})), method="POST", json={"a": 6})
    )
    assert "recorded 5, sent" in refusal(
        lambda: ask(replay_of(post_exchange({"a": 5})), method="POST", json={"a": "5"})
    )


def test_forms_match_by_value() -> None:
    """A form is compared field by field, in any order."""
    form = (("Content-Type", "application/x-www-form-urlencoded"),)
    exchange = Exchange(SentRequest("POST", MODELS, form, b"a=1&b=x%20y"), get_exchange().response)

    assert ask(replay_of(exchange), method="POST", data={"b": "x y", "a": "1"}).status_code == 200
    assert 'query a: recorded "1", sent "2"' in refusal(
        lambda: ask(replay_of(exchange), method="POST", data={"b": "x y", "a": "2"})
    )


def test_variables() -> None:
    """What a test chose by chance may be another in each run, and the answers have what it is in this one."""
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


def test_a_variable_is_one_value() -> None:
    """Sent in two places of a request, it has to be the same in both."""
    replay = replay_of(post_exchange({"id": "contracts-a1", "again": "x/contracts-a1/contracts-a1"}), id="contracts-a1")

    refusal(lambda: ask(replay, method="POST", json={"id": "mine", "again": "x/mine/yours"}))
    refusal(lambda: ask(replay, method="POST", json={"id": "mine", "again": "x/yours/yours"}))
    assert ask(replay, method="POST", json={"id": "mine", "again": "x/mine/mine"}).status_code == 200


def test_a_variable_is_put_back_as_json() -> None:
    """What was sent stands in the answer as JSON writes it; and a longer word is another word."""
    answer = {"displayName": "sample", "name": "sampler"}
    replay = replay_of(post_exchange({"displayName": "sample"}, answer=answer), name="sample")

    assert ask(replay, method="POST", json={"displayName": 'a "b" \\ 六'}).json() == {
        "displayName": 'a "b" \\ 六',
        "name": "sampler",
    }


def test_scrubbed_values_stand_for_any() -> None:
    """Whose address it was is not recorded, so any does, and it is in the answer too."""
    body = {"emailAddress": "scrubbed-email-1@example.com", "role": "READER"}

    assert ask(
        replay_of(post_exchange(body, answer=body)), method="POST", json={**body, "emailAddress": "me@corp.de"}
    ).json() == {
        "emailAddress": "me@corp.de",
        "role": "READER",
    }


def test_unused() -> None:
    """What was recorded and not asked for is named, and fails in the end."""
    replay = replay_of(get_exchange(), post_exchange({"a": 1}), get_exchange(POLL))
    with pytest.raises(UnusedExchanges) as caught, replay:
        ask(replay)

    assert str(caught.value) == (
        f"These recorded requests were not sent:\nexchange 2 of sample: POST {MODELS}\nexchange 3 of sample: GET {POLL}"
    )
    assert replay.unused() == str(caught.value).splitlines()[1:]


def test_a_request_too_many_fails_though_it_was_caught() -> None:
    """Whoever catches the error of a surplus request does not hide it."""
    replay = replay_of(get_exchange())
    replay.__enter__()
    ask(replay)
    caught = refusal(lambda: ask(replay, f"{MODELS}/m"))

    assert refusal(lambda: replay.__exit__(None, None, None)) == caught


def test_a_failed_test_is_left_alone() -> None:
    """A test that failed is told its own reason, not that it stopped early."""
    with pytest.raises(ZeroDivisionError), replay_of(get_exchange()):
        raise ZeroDivisionError


def test_nothing_goes_to_the_network() -> None:
    """Neither the session nor any other, nor a client without one, gets past the replay."""
    replay = replay_of(get_exchange())
    replay.__enter__()
    ask(replay)
    first = refusal(lambda: requests.get(BASE, timeout=1))
    refusal(lambda: requests.post("http://127.0.0.1:9", timeout=1))
    with tunedmodels.Client(api_key="a-key", retry=None) as client:
        refusal(lambda: client.tuned_models.get("tunedModels/m"))

    assert first == f"GET {BASE}/ was not sent to the replay: use its session()"
    assert refusal(lambda: replay.__exit__(None, None, None)) == first


def test_the_network_is_back_afterwards() -> None:
    """What a replay kept off is free again when it ends."""
    before = HTTPAdapter.send
    with replay_of(get_exchange()) as replay:
        assert HTTPAdapter.send is not before
        ask(replay)

    assert HTTPAdapter.send is before


def test_a_client_and_bare_requests_share_a_session() -> None:
    """One session serves both, and each takes the answers in their turn; a client's errors are its own."""
    error = {"error": {"code": 404, "message": "Tuned model tunedModels/m does not exist.", "status": "NOT_FOUND"}}
    exchanges = [
        get_exchange(f"{MODELS}/m", {"name": "tunedModels/m", "state": "CREATING"}),
        get_exchange(f"{MODELS}/m", {"name": "tunedModels/m", "state": "ACTIVE"}),
        get_exchange(f"{MODELS}/m", status=404, reason="Not Found", body=json.dumps(error).encode()),
    ]
    with replay_of(*exchanges) as replay, replay.session() as session:
        client = tunedmodels.Client(api_key="a-key", session=session)
        bare = session.get(f"{MODELS}/m", timeout=1).json()
        model = client.tuned_models.get("tunedModels/m")
        with pytest.raises(tunedmodels.NotFound):
            client.tuned_models.get("tunedModels/m")

    assert (bare["state"], model.state) == ("CREATING", "ACTIVE")


def test_a_client_does_not_retry_what_is_not_recorded() -> None:
    """The error goes through the client at once, as it is: it is none of the network's."""
    slept: list[float] = []
    session = replay_of(get_exchange()).session()
    client = tunedmodels.Client(api_key="a-key", session=session, sleep=slept.append)

    assert "is not recorded" in refusal(lambda: client.tuned_models.get("tunedModels/m"))
    assert slept == []
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
def test_streams_are_streams(body: bytes, content_type: str, pieces: list[bytes]) -> None:
    """A stream arrives in pieces, an event or an element at a time, and is the same to the byte."""
    url = f"{MODELS}/m:streamGenerateContent"
    recorded = get_exchange(url, body=body, headers=(("Content-Type", content_type),))
    answer = ask(replay_of(recorded), url, stream=True)
    parts = [answer.raw.read1(1 << 16) for _ in range(len(pieces) + 1)]

    assert parts == [*pieces, b""]
    assert ask(replay_of(recorded), url).content == body


@pytest.mark.parametrize(("body", "content_type"), [(EVENTS, "text/event-stream"), (ARRAY, "application/json")])
def test_a_client_reads_streams(body: bytes, content_type: str) -> None:
    """The client gets its chunks from a replay as from the service."""
    recorded = Exchange(
        SentRequest(
            "POST",
            f"{MODELS}/m:streamGenerateContent?alt=sse",
            body=b'{"contents": [{"role": "user", "parts": [{"text": "LXIII"}]}]}',
        ),
        ReceivedResponse(200, "OK", (("Content-Type", content_type),), body),
    )
    replay = replay_of(recorded)
    with replay, replay.session() as session:
        client = tunedmodels.Client(api_key="a-key", session=session)
        chunks = list(client.tuned_models.stream_generate_content("tunedModels/m", "LXIII"))

    assert len(chunks) == 2


def test_the_tutorial_can_be_replayed() -> None:
    """The published transcripts answer the tutorial's own requests, by curl's text and by Python's value."""
    published = [load(path) for path in sorted(PUBLISHED.glob("*.yaml"))]
    pairs = json.loads(
        next(each for each in published if each.name.endswith("create-by-python")).exchanges[0].request.body
    )
    replay = Replay(*published)
    with replay, replay.session() as session:
        pairs["tuning_task"]["hyperparameters"]["batch_size"] = 2
        pairs["display_name"] = "number generator model"
        first = session.post(MODELS, json=pairs, timeout=1).json()
        pairs["tuning_task"]["hyperparameters"]["batch_size"] = 4
        pairs["display_name"] = "number generator"
        second = session.post(MODELS, json=pairs, timeout=1).json()
        texts = []
        for created, text in ((first, "LXIII"), (second, "六")):
            url = f"{BASE}/v1beta/{created['metadata']['tunedModel']}:generateContent"
            answer = session.post(url, json={"contents": [{"parts": [{"text": text}]}]}, timeout=1).json()
            texts.append(answer["candidates"][0]["content"]["parts"][0]["text"])
        last = session.get(f"{BASE}/v1/{second['name']}", timeout=1).json()["metadata"]["snapshots"][-1]

    assert texts == ["LXIV", "七"]
    assert [first["metadata"]["totalSteps"], second["metadata"]["totalSteps"], last["step"]] == [38, 19, 19]
