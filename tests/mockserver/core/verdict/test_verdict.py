"""Tests each finding with a trace that has it, and with a similar trace that does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tunedmodels_mockserver.core.clock import Mode
from tunedmodels_mockserver.core.journal.entry import Body, Entry
from tunedmodels_mockserver.core.verdict import verdict
from tunedmodels_mockserver.wire.units import SECOND

RUN = "tunedModels/m/operations/o"
RUNNING = {"name": RUN, "metadata": {"tunedModel": "tunedModels/m"}}
DONE = {**RUNNING, "done": True, "response": {}}
FAILED = {**RUNNING, "done": True, "error": {"code": 13, "message": "no"}}
CANCELLED = {**RUNNING, "done": True, "error": {"code": 1, "message": "The operation was cancelled."}}
RETRY = {"error": {"code": 429, "details": [{"@type": "x/google.rpc.RetryInfo", "retryDelay": "2s"}]}}


def entry(method: str, http: str, path: str, status: int = 200, answer: Any = None, **more: Any) -> dict[str, Any]:
    """An entry without its moments; ``wait`` are the seconds before it."""
    data = b"" if answer is None else json.dumps(answer).encode()
    return {"method": method, "http": http, "path": path, "status": status, "answer": Body(data, len(data)), **more}


def look(answer: Any = RUNNING, status: int = 200, path: str = f"/v1/{RUN}", **more: Any) -> dict[str, Any]:
    return entry("tunedModels.operations.get", "GET", path, status, answer, **more)


def get(status: int = 200, answer: Any = None, **more: Any) -> dict[str, Any]:
    return entry("tunedModels.get", "GET", "/v1beta/tunedModels/m", status, answer or {"state": "ACTIVE"}, **more)


def create(status: int = 200, answer: Any = RUNNING, body: str = "{}", **more: Any) -> dict[str, Any]:
    request = Body(body.encode(), len(body))
    return entry("tunedModels.create", "POST", "/v1beta/tunedModels", status, answer, request=request, **more)


def delete(**more: Any) -> dict[str, Any]:
    return entry("tunedModels.delete", "DELETE", "/v1beta/tunedModels/m", 200, {}, **more)


def generate(status: int = 200, **more: Any) -> dict[str, Any]:
    path = "/v1beta/tunedModels/m:generateContent"
    return entry("tunedModels.generateContent", "POST", path, status, {}, **more)


def list_page(token: str = "", query: str = "") -> dict[str, Any]:
    return entry("tunedModels.list", "GET", "/v1beta/tunedModels", 200, {"nextPageToken": token}, query=query)


def trace(*rows: dict[str, Any]) -> list[Entry]:
    """Return entries; by default each comes a second after the one before and takes a millisecond."""
    entries, now = [], 0
    for number, template in enumerate(rows, start=1):
        row = dict(template)
        started = now + round(row.pop("wait", 1.0) * SECOND)
        now = started + round(row.pop("takes", 0.001) * SECOND)
        entries.append(Entry(**{"number": number, "caller": "a@example.com", **row}, started=started, ended=now))
    return entries


def findings(*rows: dict[str, Any], mode: Mode = Mode.REAL) -> dict[str, tuple[int, ...]]:
    return {item.id: item.requests for item in verdict.findings(trace(*rows), mode)}


BACKING_OFF = [look(wait=1.2**n) for n in range(22)]

CASES: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]] = {
    "polled-too-fast": ([look(wait=0.1)] * 5, [look(wait=0.1)] * 4 + [look(wait=1)] * 4),
    "no-back-off": ([look(wait=1)] * 22, BACKING_OFF),
    "retry-after-ignored": ([get(429, RETRY), get(wait=1.5)], [get(429, RETRY), get(wait=2)]),
    "retried-in-vain": ([get(403), get(403)], [get(403), delete(), get(403)]),
    "retry-storm": ([get(503, wait=0.1)] * 6, [get(503, wait=2.0**n) for n in range(6)]),
    "training-restarted": (
        [create(lost=True), create(), delete()],
        [create(lost=True, query="tunedModelId=m"), create(409, {"error": {}}, query="tunedModelId=m")],
    ),
    "polled-after-done": ([look(DONE)] * 4, [look(DONE)] * 3),
    "error-ignored": ([look(FAILED), generate(400)], [look(CANCELLED), generate()]),
    "never-stopped": ([look(FAILED)] * 6, [look(FAILED)] * 5),
    "gave-up-early": ([look(), delete()], [look(), look(DONE), delete()]),
    "gave-up-on-transient": ([get(503)], [get(503), get()]),
    "page-unread": ([list_page("t1")], [list_page("t1"), list_page(query="pageToken=t1")]),
    "models-leaked": ([create()], [create(), delete()]),
}


@pytest.mark.parametrize("name", CASES)
def test_finding_is_in_the_bad_trace_only(name: str) -> None:
    """The finding names requests of the bad trace, and the similar trace does not have it."""
    bad, near = CASES[name]

    assert name in findings(*bad)
    assert set(findings(*bad)[name]) <= set(range(1, len(bad) + 1))
    assert name not in findings(*near)


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("never-stopped", [look(status=404, answer={}, wait=20)] * 5),
        ("retry-after-ignored", [get(503, retry_after="2"), get(wait=1)]),
        ("training-restarted", [create(504, {"error": {}}), create(), delete()]),
        ("training-restarted", [create(lost=True, query="tunedModelId=a"), create(query="tunedModelId=b")]),
        ("gave-up-early", [look(), create(), look(DONE, path="/v1/tunedModels/n/operations/o")]),
        ("polled-too-fast", [get(answer={"state": "CREATING"}, wait=0.1)] * 5),
        ("retried-in-vain", [generate(400), generate(400), generate(400)]),
        ("retried-in-vain", [get(401)] * 3),
    ],
)
def test_other_forms_of_findings(name: str, rows: list[dict[str, Any]]) -> None:
    """A finding can have more than one form."""
    assert name in findings(*rows)


@pytest.mark.parametrize(
    "rows",
    [
        [create(), look(), look(), look(DONE), generate(), delete()],
        [create(), get(answer={"state": "CREATING"}), get(), generate(), get(), delete()],
        [create(), look(), look(status=503, answer={}), look(wait=2), look(DONE), delete()],
        [get(401), get()],
        [get(404), get(404, wait=20)],
        [get(404), get(404, caller="b@example.com")],
        [get(503, takes=1), get(wait=-0.5)],
        [create(503, {"error": {}}), create(), delete()],
        [look(answer=CANCELLED), look(answer=CANCELLED)],
    ],
)
def test_good_trace_has_no_finding(rows: list[dict[str, Any]]) -> None:
    """Waits, justified retries, cleanup and overlapping calls are not mistakes."""
    assert findings(*rows) == {}


def test_moves_of_a_manual_clock_count_as_waits() -> None:
    """On a real clock only the machine's time counts."""
    rows = [look(wait=0.001, at=n * 5 * SECOND) for n in range(6)]

    assert "polled-too-fast" not in findings(*rows, mode=Mode.MANUAL)
    assert "polled-too-fast" in findings(*rows)


def test_worst_finding_comes_first() -> None:
    """Errors, then warnings, then advice. The text has the pace of the loop and the faults."""
    rows = [create(), *[look(wait=0.1)] * 6, look(FAILED, fault="f1 run"), generate(400)]
    document = verdict.document(trace(*rows), Mode.REAL)
    text = verdict.text(document)

    assert [item["id"] for item in document["findings"]] == ["error-ignored", "polled-too-fast", "models-leaked"]
    assert not document["ok"]
    assert document["loops"][0]["requests_per_day"] == 864_000
    assert "864,000 requests a day" in text
    assert "A fault caused the answer to 8 (f1 run), but the reaction is the client's." in text
    assert text.startswith("1 error, 1 warning, 1 piece of advice in 9 requests.\n")


def test_advice_alone_is_ok() -> None:
    """Only errors and warnings make a verdict bad."""
    assert verdict.document(trace(create()), Mode.REAL)["ok"]


def test_endless_polling_is_one_finding() -> None:
    """The same polls are not reported as retries, too."""
    assert findings(*[look(status=404, answer={})] * 6).keys() == {"never-stopped"}
