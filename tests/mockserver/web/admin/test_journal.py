"""Tests the journal and the verdict over HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

from tunedmodels_mockserver import ManualClock, Settings, create_app
from tunedmodels_mockserver.web.admin import events

from ...conftest import ok
from ...serving import serve_thread

KEY = "AIza" + "x" * 35


def entries(http: FlaskClient, query: str = "", **headers: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = ok(http.get(f"/_emulator/journal?{query}", headers=headers))["entries"]
    return rows


def test_an_entry_has_the_request_and_the_answer(http: FlaskClient, active: str) -> None:
    """It has the caller, the time and the number of the poll, too."""
    http.get(f"/v1beta/{active}?fields=name&key=alice@example.com", headers={"User-Agent": "me/1"})
    entry = entries(http)[-1]

    assert entry["number"] == 2
    assert entry["time"] == "2024-03-14T09:46:00.123456000Z"
    assert (entry["http"], entry["path"], entry["query"]) == ("GET", f"/v1beta/{active}", "fields=name&key=***")
    assert (entry["method"], entry["caller"], entry["model"]) == ("tunedModels.get", "alice@example.com", active[12:])
    assert entry["poll"] == 1
    assert entry["status"] == 403
    assert entry["answer"]["content"]["error"]["status"] == "PERMISSION_DENIED"
    assert entry["headers"]["User-Agent"] == "me/1"


def test_the_entry_of_a_create_names_the_model_and_the_operation(http: FlaskClient, active: str) -> None:
    """The names come from the answer; the entry has the body."""
    entry = entries(http)[0]

    assert entry["model"] == active.removeprefix("tunedModels/")
    assert entry["operation"]
    assert entry["request"]["content"]["display_name"] == "number generator model"


def test_the_journal_has_compressed_answers_and_streams_as_text(http: FlaskClient, active: str) -> None:
    """It has the body before compression."""
    http.get(f"/v1beta/{active}", headers={"Accept-Encoding": "gzip"})
    body = {"contents": [{"parts": [{"text": "LXIII"}]}]}
    assert "LXIV" in http.post(f"/v1beta/{active}:streamGenerateContent?alt=sse", json=body).text
    whole, stream = entries(http)[-2:]

    assert whole["answer"]["content"]["name"] == active
    assert "LXIV" in stream["answer"]["content"]
    assert not stream["lost"]


def test_the_journal_leaves_out_health_and_the_admin_surface(http: FlaskClient) -> None:
    """It has unknown routes, and the token endpoint without its credentials."""
    http.get("/health")
    http.get("/_emulator/clock")
    http.get("/v1beta/nothing")
    http.post("/token", data={"grant_type": "refresh_token", "refresh_token": "very-secret"})
    rows = entries(http)

    assert [item["path"] for item in rows] == ["/v1beta/nothing", "/token"]
    assert "very-secret" not in json.dumps(rows)


@pytest.mark.parametrize(
    "ask",
    [
        lambda http: http.get(f"/v1beta/tunedModels?key={KEY}"),
        lambda http: http.get("/v1beta/tunedModels", headers={"X-Goog-Api-Key": KEY}),
        lambda http: http.get("/v1beta/tunedModels", headers={"Authorization": f"Bearer {KEY}"}),
        lambda http: http.post("/v1beta/tunedModels", json={"displayName": KEY}),
        lambda http: http.get(f"/v1beta/tunedModels/{KEY}"),
        lambda http: http.get("/v1beta/tunedModels", headers={"User-Agent": KEY}),
        lambda http: http.get(f"/v1beta/tunedModels?filter={KEY}"),
        lambda http: http.post("/v1beta/unknown", data=b"x" * (16 * 1024 - 5) + KEY.encode()),
        lambda http: http.post("/token", data={"assertion": KEY}),
        # The mask of one secret moves another one into the first 16 KiB, which the journal keeps.
        lambda http: http.post(
            "/v1beta/unknown",
            data=b'{"accessToken": "' + b"x" * 8000 + b'", "y": "' + b"y" * (20 * 1024 - 8050) + KEY.encode(),
        ),
    ],
)
def test_secrets_are_masked(app: Flask, ask: Callable[[FlaskClient], Any]) -> None:
    """Their place does not matter, even if the body is truncated inside a secret."""
    ask(app.test_client())
    rows = [item for journal in app.extensions["tunedmodels_journals"].all().values() for item in journal.entries()]

    assert len(rows) == 1
    assert "AIza" not in repr(rows)


@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        ("/v1beta/tunedModels", b'{"accessToken": "opaque-one"}', "application/json"),
        ("/token", b'{"assertion": "opaque-one", "refreshToken": "opaque-one"}', "application/json"),
        ("/v1beta/unknown", b'{"text": "authorization: bearer opaque-one"}', "application/json"),
        ("/token", b"access_token=opaque-one&x=1", "application/x-www-form-urlencoded"),
        ("/v1beta/tunedModels", b"access_token=opaque-one&x=1", "application/json"),
    ],
)
def test_members_with_names_of_secrets_are_masked(http: FlaskClient, path: str, body: bytes, kind: str) -> None:
    """Every spelling and every route counts, in the journal and in files that repeat requests."""
    http.post(path, data=body, content_type=kind)
    exported = [http.post("/_emulator/journal:export", json={"form": form}).text for form in ("har", "curl")]

    assert "***" in json.dumps(entries(http))
    assert "opaque-one" not in json.dumps(entries(http)) + "".join(exported)


def test_a_long_body_is_truncated_and_the_verdict_still_reads_it(
    http: FlaskClient, clock: ManualClock, tutorial: Callable[..., dict[str, Any]]
) -> None:
    """The entry has the size of the whole, and the verdict knows that the run is done."""
    operation = ok(http.post("/v1beta/tunedModels", json=tutorial(epoch_count=40, batch_size=1)))
    clock.advance(60)
    for _ in range(5):
        http.get(f"/v1/{operation['name']}")
    answer = entries(http)[-1]["answer"]

    assert answer["cut"]
    assert len(answer["content"]) == 16 * 1024 < answer["size"]
    assert "polled-after-done" in [item["id"] for item in ok(http.get("/_emulator/verdict"))["findings"]]


def test_each_world_has_its_own_journal(http: FlaskClient) -> None:
    """Header and key name the world; the journal is removed with the world."""
    http.get("/v1beta/tunedModels", headers={"X-Test-Id": "w1"})
    http.get("/v1beta/nothing?key=test-w2")

    assert entries(http) == []
    assert len(entries(http, **{"X-Test-Id": "w1"})) == 1
    assert len(entries(http, "key=test-w2")) == 1
    http.delete("/_emulator/world", headers={"X-Test-Id": "w1"})
    assert entries(http, **{"X-Test-Id": "w1"}) == []


def test_the_journal_has_pages_and_can_be_cleared(http: FlaskClient) -> None:
    """The token of a page leads to the next, and the last page has none."""
    for number in range(3):
        http.get(f"/v1beta/tunedModels?pageSize={number + 1}")
    first = ok(http.get("/_emulator/journal?page_size=2&method=*.list"))
    second = ok(http.get(f"/_emulator/journal?page_size=2&page_token={first['next_page_token']}"))

    assert [item["number"] for item in first["entries"] + second["entries"]] == [1, 2, 3]
    assert second["next_page_token"] is None
    assert ok(http.delete("/_emulator/journal")) == {"cleared": 3}
    assert entries(http) == []


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("journal?metod=x", "There is no member 'metod'; the nearest is method."),
        ("journal?since=-1", "since must be a whole number from 0, got '-1'."),
        ("journal?page_size=0", "page_size must be from 1 to 1000, got 0."),
        ("journal?status=bad", "status must be such as 404 or 4xx, got 'bad'."),
        ("journal/events?heartbeat=0", "heartbeat must be from 1 to 60 seconds, got 0."),
        ("verdict?format=xml", "format must be json or text, got 'xml'."),
        ("verdict?fromat=text", "There is no parameter 'fromat'; the nearest is format."),
    ],
)
def test_a_bad_query_is_refused(http: FlaskClient, path: str, message: str) -> None:
    """The answer is 400 with a sentence."""
    answer = http.get(f"/_emulator/{path}")

    assert answer.status_code == 400
    assert answer.json == {"error": message}


def test_claims_and_near_misses(http: FlaskClient, active: str) -> None:
    """The endpoints return the results of the core."""
    http.get(f"/v1beta/{active}x")

    assert ok(http.post("/_emulator/journal:verify", json={"method": "tunedModels.create", "count": 1}))["ok"]
    assert not ok(http.post("/_emulator/journal:verify", json={"method": "tunedModels.delete"}))["ok"]
    misses = ok(http.get("/_emulator/journal/near-misses"))["near_misses"]
    assert [(item["number"], item["nearest"]) for item in misses] == [(2, active)]
    http.get(f"/v1beta/{active}", headers={"X-Test-Id": "w1"})
    misses = ok(http.get("/_emulator/journal/near-misses", headers={"X-Test-Id": "w1"}))["near_misses"]
    assert "exists in the default world" in misses[0]["difference"]


def test_the_verdict_separates_faults_from_the_clients_reaction(http: FlaskClient, active: str) -> None:
    """The entry names the fault, and the finding says that the answer was injected."""
    fault = {"id": "f1", "method": "tunedModels.get", "error": {"code": "UNAVAILABLE"}}
    ok(http.post("/_emulator/faults", json=fault))
    http.get(f"/v1beta/{active}")
    verdict = ok(http.get("/_emulator/verdict"))

    assert [item["fault"] for item in entries(http, "fault=f1")] == ["f1 error"]
    assert verdict["faults"] == [{"request": 2, "fault": "f1 error"}]
    given_up = next(item for item in verdict["findings"] if item["id"] == "gave-up-on-transient")
    assert "A fault caused the answer to 2 (f1 error)" in given_up["explanation"]


def test_an_answer_lost_by_a_reset_is_marked(http: FlaskClient, tutorial: Callable[..., dict[str, Any]]) -> None:
    """The verdict knows the call: the second create starts a second training."""
    ok(http.post("/_emulator/faults", json={"method": "tunedModels.create", "commit_then_drop": True}))
    with pytest.raises(ConnectionResetError):
        http.post("/v1beta/tunedModels", json=tutorial()).get_data()
    ok(http.post("/v1beta/tunedModels", json=tutorial()))
    findings = {item["id"]: item for item in ok(http.get("/_emulator/verdict"))["findings"]}

    assert [item["lost"] for item in entries(http)] == [True, False]
    assert findings["training-restarted"]["severity"] == "error"
    assert findings["training-restarted"]["requests"] == [1, 2]


def test_the_verdict_comes_as_text_and_for_all_worlds(create: Callable[[FlaskClient], str]) -> None:
    """It has the percentage of the outcomes since the start of the server."""
    http = create_app(Settings(seed=1)).test_client()
    create(http)
    text = http.get("/_emulator/verdict?format=text").text
    everywhere = ok(http.get("/_emulator/verdict?world=*"))

    assert text.startswith(
        "1 piece of advice in 1 requests.\nadvice: Did not delete models [models-leaked] (requests 1)\n"
    )
    assert list(everywhere["worlds"]) == [""]
    assert everywhere["outcomes"]["percent"] == 0


@pytest.fixture
def url() -> Iterator[str]:
    with serve_thread(create_app(Settings(seed=1))) as server:
        yield server.url


def follow(url: str, query: str = "") -> requests.Response:
    return requests.get(f"{url}/_emulator/journal/events?{query}", stream=True, timeout=20)


def test_a_reader_follows_the_journal(url: str) -> None:
    """It gets earlier and new entries that match its filter; the server can stop while it reads."""
    requests.get(f"{url}/v1beta/tunedModels", timeout=10)
    with follow(url, "since=0&method=*.list") as reader:
        lines = reader.iter_lines(decode_unicode=True)
        events_of_lists = [next(line for line in lines if line.startswith("data: "))]
        requests.get(f"{url}/v1beta/models/x", timeout=10)
        requests.get(f"{url}/v1beta/tunedModels?pageSize=7", timeout=10)
        events_of_lists.append(next(line for line in lines if line.startswith("data: ")))

    assert [json.loads(line[6:])["query"] for line in events_of_lists] == ["", "pageSize=7"]


def test_requests_that_a_filter_excludes_do_not_stop_the_heartbeat(url: str) -> None:
    """A reader gets a comment each second, however many other requests come."""
    stop = threading.Event()

    def send_requests() -> None:
        while not stop.wait(0.2):
            requests.get(f"{url}/v1beta/models/x", timeout=10)

    sender = threading.Thread(target=send_requests)
    sender.start()
    try:
        with follow(url, "method=*.list&heartbeat=1") as reader:
            lines = [line for line, _ in zip(filter(None, reader.iter_lines()), range(3), strict=False)]
    finally:
        stop.set()
        sender.join()

    assert lines[1:] == [b": still here"] * 2


def test_the_number_of_readers_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more gets 503; a reader that disconnects makes room at once, long before a heartbeat."""
    monkeypatch.setattr(events, "STREAMS", 2)
    with serve_thread(create_app(Settings(seed=1))) as server:
        readers = [follow(server.url, "heartbeat=60") for _ in range(2)]
        lines = [reader.iter_lines() for reader in readers]
        assert [next(line) for line in lines] == [b": the journal as it grows"] * 2
        assert follow(server.url).status_code == 503
        readers[0].close()
        again = next(answer for answer in iter(lambda: follow(server.url), None) if answer.status_code == 200)
        for reader in (again, readers[1]):
            reader.close()


def test_every_entry_has_the_size_of_its_body(http: FlaskClient) -> None:
    """No layer has to read the body to its end."""
    http.post("/v1beta/nothing", data=b"x" * 50_000)

    request = entries(http)[-1]["request"]
    assert (request["size"], len(request["content"]), request["cut"]) == (50_000, 16 * 1024, True)


def test_the_error_for_a_member_at_the_wrong_place(http: FlaskClient) -> None:
    """It does not suggest the member itself as the nearest."""
    answer = http.post("/_emulator/journal:verify", json={"at_least": 2})

    assert answer.status_code == 400
    assert answer.json == {"error": "There is no member 'at_least'; it belongs in count."}
