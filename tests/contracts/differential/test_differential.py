"""The differential: what differs between two servers is found, named and weighed; what need not agree is not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from werkzeug.serving import make_server

from tunedmodels_contracts.differential import ServerDifference, Side, compare, difference_lines, differential
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.harness.tuning_runs import body, observe
from tunedmodels_contracts.mutation import find_mutant, install
from tunedmodels_contracts.recordings.exchange import Exchange, ReceivedResponse, SentRequest
from tunedmodels_contracts.recordings.tape import Tape
from tunedmodels_contracts.targets.fake import fake
from tunedmodels_mockserver import ManualClock, Settings, create_app

ASKED = {"contents": [{"parts": [{"text": "two hundred"}]}]}
JSON = "application/json; charset=UTF-8"


def _exchange(
    text: str, *, status: int = 200, path: str = "tunedModels/a-1", headers: tuple[tuple[str, str], ...] = ()
) -> Exchange:
    sent = SentRequest("GET", f"http://fake.test/v1beta/{path}")
    return Exchange(sent, ReceivedResponse(status, "", (("Content-Type", JSON), *headers), text.encode()))


def _kinds(one: str, other: str) -> list[tuple[str, str, str]]:
    return [(found.kind, found.severity, found.path) for found in compare([_exchange(one)], [_exchange(other)])]


@pytest.mark.parametrize(
    ("one", "other", "kind", "severity", "path"),
    [
        ('{"a": 1}', "{}", "missing-member", "breaks-clients", "$.a"),
        ("{}", '{"a": 1}', "extra-member", "visible", "$.a"),
        ("{}", '{"done": false}', "zero", "visible", "$.done"),
        ('{"index": 0}', "{}", "zero", "visible", "$.index"),
        ('{"a": 1, "b": 2}', '{"b": 2, "a": 1}', "order", "cosmetic", "$"),
        ('{"a": [1]}', '{"a": [1, 2]}', "length", "breaks-clients", "$.a"),
        ('{"a": "1"}', '{"a": 1}', "type", "breaks-clients", "$.a"),
        ('{"a": "x"}', '{"a": "y"}', "value", "visible", "$.a"),
        ('{"state": "ACTIVE"}', '{"state": "FAILED"}', "value", "breaks-clients", "$.state"),
        ('{"message": "No."}', '{"message": "no"}', "wording", "visible", "$.message"),
        ('{"a": 100}', '{"a": 100.0}', "number-form", "cosmetic", "$.a"),
        ('{"a": 5.263158}', '{"a": 5.2631578947}', "number-form", "cosmetic", "$.a"),
        ('{"a": [{"b": 1}]}', '{"a": [{"b": 2}]}', "value", "visible", "$.a[0].b"),
        ('{"t": "2024-03-14T15:09:26.535897Z"}', '{"t": "2025-01-01T00:00:00Z"}', "time-form", "cosmetic", "$.t"),
        ('{"t": "2024-03-14T15:09:26Z"}', '{"t": "2024-03-14 15:09:26"}', "time-form", "breaks-clients", "$.t"),
        ('{\n  "a": 1\n}\n', '{"a":1}', "layout", "cosmetic", ""),
        ("{}", "<h1>", "body", "breaks-clients", ""),
    ],
)
def test_kinds(one: str, other: str, kind: str, severity: str, path: str) -> None:
    """Each kind of difference has its name, its weight and its place."""
    assert _kinds(one, other) == [(kind, severity, path)]


def test_status_and_headers() -> None:
    """Statuses and headers are compared; a header of the moment is not."""
    first = _exchange("{}", headers=(("Vary", "Origin"), ("Date", "today"), ("Server-Timing", "dur=1")))
    second = _exchange("{}", status=404, headers=(("Date", "tomorrow"), ("Server-Timing", "dur=2")))

    assert [(found.kind, found.path) for found in compare([first], [second])] == [
        ("status", ""),
        ("header", "header vary"),
    ]


def test_names_need_not_be_the_same() -> None:
    """Ids and times are each server's own; that the same is named again is compared."""
    text = '{"name": "tunedModels/NAME/operations/abcdefghijkl", "metadata": {"tunedModel": "tunedModels/OTHER"}}'
    one = [_exchange(text.replace("NAME", "mine-1").replace("OTHER", "mine-1"), path="tunedModels/mine-1")]
    same = [_exchange(text.replace("NAME", "your-22").replace("OTHER", "your-22"), path="tunedModels/your-22")]
    crossed = [_exchange(text.replace("NAME", "your-22").replace("OTHER", "your-33"), path="tunedModels/your-22")]

    assert compare(one, same) == []
    assert [found.path for found in compare(one, crossed)] == ["$.metadata.tunedModel"]


def test_how_far_a_run_is_need_not_be_the_same() -> None:
    """While a run goes on its steps are not compared, but how they are written is."""
    look = '{"name": "n", "metadata": {"totalSteps": 38, "completedSteps": 2, "snapshots": [{"step": 1}, {"step": 2}]}}'
    later = '{"name": "n", "metadata": {"totalSteps": 38, "completedSteps": 3, "snapshots": [{"step": 1}]}}'

    assert _kinds(look, later) == []
    assert _kinds(look, later.replace("3,", '"3",')) == [("type", "breaks-clients", "$.metadata.completedSteps")]


def _polls(*shown: str) -> list[Exchange]:
    """Return looks at one operation, running (r) or ended (e), each of them another step further."""
    ended = '{"name": "tunedModels/a-1/operations/abcdefghijkl", "metadata": {"completedSteps": 38}, "done": true}'
    running = '{"name": "tunedModels/a-1/operations/abcdefghijkl", "metadata": {"completedSteps": STEP}}'
    texts = [ended if one == "e" else running.replace("STEP", str(step)) for step, one in enumerate(shown, 1)]
    return [_exchange(text, path="tunedModels/a-1/operations/abcdefghijkl") for text in texts]


@pytest.mark.parametrize(("first", "second"), [("rree", "ree"), ("ree", "rrrree"), ("rre", "ree")])
def test_looks_are_paired_by_what_they_show(first: str, second: str) -> None:
    """A run that ends one look later elsewhere is no difference, but that it was looked at more often."""
    found = compare(_polls(*first), _polls(*second))

    assert {(one.kind, one.severity) for one in found} == {("requests", "cosmetic")}


@pytest.mark.parametrize("wrong", ["rere", "rrrr", "eeee"])
def test_an_end_is_still_compared(wrong: str) -> None:
    """An end that goes back, one that never comes, and one that was there at once are differences."""
    for one, other in ((_polls(*"rree"), _polls(*wrong)), (_polls(*wrong), _polls(*"rree"))):
        assert "$.done" in [found.path for found in compare(one, other)]


def test_where_a_run_was_cancelled() -> None:
    """How far a run was when it was stopped is each server's own, in its operation and ever after in its model."""
    name = "tunedModels/a-1"
    operation = f'{{"name": "{name}/operations/b", "metadata": {{"completedSteps": STEPS, "tunedModel": "{name}"}}, '
    operation += '"done": true, "error": {"code": CODE}}'
    model = f'{{"name": "{name}", "state": "ACTIVE", "tuningTask": {{"snapshots": [STEPS]}}}}'

    def looks(code: str, steps: str, snapshots: str) -> list[Exchange]:
        texts = operation.replace("CODE", code).replace("STEPS", steps), model.replace("STEPS", snapshots)
        return [_exchange(text, path=path) for text, path in zip(texts, (f"{name}/operations/b", name), strict=True)]

    assert compare(looks("1", "2", '{"step": 1}, {"step": 2}'), looks("1", "1", '{"step": 1}')) == []
    assert [found.path for found in compare(looks("13", "2", "{}, {}"), looks("13", "1", "{}"))] == [
        "$.metadata.completedSteps",
        "$.tuningTask.snapshots",
    ]


def test_entries_of_a_list_end_when_they_do() -> None:
    """In a list a run may have ended on one server alone; all else of it is compared."""
    model = '{"name": "tunedModels/a-1", "displayName": "a", "state": "STATE", "tuningTask": {TASK}}'
    running = model.replace("STATE", "CREATING").replace("TASK", '"snapshots": [{"step": 1}]')
    ended = model.replace("STATE", "ACTIVE").replace("TASK", '"completeTime": "2024-03-14T15:09:26Z"')
    listed = '{"tunedModels": [%s]}'

    assert _kinds(listed % running, listed % ended) == []
    assert _kinds(listed % running, listed % ended.replace('"a"', '"b"')) == [
        ("wording", "visible", "$.tunedModels[0].displayName")
    ]
    assert ("value", "breaks-clients", "$.state") in _kinds(running, ended)


def test_requests_of_one_alone() -> None:
    """What was asked of one server alone is a finding, and those after it are compared with their own."""
    more = [_exchange("{}"), _exchange("{}", path="models"), _exchange('{"a": 1}', path="tunedModels")]

    found = compare(more, [more[0], _exchange('{"a": 2}', path="tunedModels")])
    assert [(one.kind, one.request) for one in found] == [
        ("requests", "GET /v1beta/models"),
        ("value", "GET /v1beta/tunedModels"),
    ]


def test_report_tells_a_difference_once() -> None:
    """The report begins with what is gravest; what many clauses show is one line."""
    findings = [
        ServerDifference(
            "order", "cosmetic", "a/b", "GET /v1beta/tunedModels/<model:1>", "$", "x, y; in the other y, x"
        ),
        ServerDifference(
            "status", "breaks-clients", "a/c", "GET /v1beta/tunedModels/<model:2>", "", "200, 404 in the other"
        ),
        ServerDifference(
            "status", "breaks-clients", "a/d", "GET /v1beta/tunedModels/<model:3>", "", "200, 404 in the other"
        ),
    ]

    assert list(difference_lines(findings)) == [
        "breaks-clients: status: GET /v1beta/tunedModels/<model:2>: 200, 404 in the other [a/c and 1 other clauses]",
        "cosmetic: order: GET /v1beta/tunedModels/<model:1> $: x, y; in the other y, x [a/b]",
    ]


# -- The fake and a mutant of it -------------------------------------------------------------------------------


def _walk(api: Api, base_model: str, sleep: Any) -> None:
    """Ask a little of everything."""
    created = api.post("v1beta/tunedModels", body(base_model, temperature=0), {"tunedModelId": "number-generator"})
    name = created.json["metadata"]["tunedModel"]
    sleep(60)
    api.get(f"v1beta/{created.json['name']}")
    api.get(f"v1beta/{name}")
    api.get("v1beta/tunedModels", {"pageSize": 1})
    api.post(f"v1beta/{name}/permissions", {"granteeType": "USER", "emailAddress": "a@example.com", "role": "READER"})
    api.get(f"v1beta/{name}/permissions")
    api.post(f"v1beta/{name}:generateContent", ASKED)
    api.post(f"v1beta/{name}:streamGenerateContent", ASKED, {"alt": "sse"})
    api.post(f"v1beta/{name}:generateContent", {"x": 1})
    api.get("v1beta/tunedModels/none-of-these")
    api.get("v1beta/none-of-these")


def _exchanges_behind(mutant: str = "") -> list[Exchange]:
    target = fake(seed=1)
    if mutant:
        install(target.session, find_mutant(mutant))
    tape = Tape(target.session.get_adapter("http://fake.test"))
    target.session.mount("http://", tape)
    _walk(Api(target.session, target.base_url, target.caller), target.base_model, target.clock.sleep)
    return list(tape.exchanges)


@pytest.fixture(scope="module")
def fake_exchanges() -> list[Exchange]:
    """What the fake answers."""
    return _exchanges_behind()


def test_two_fakes(fake_exchanges: list[Exchange]) -> None:
    """A fake does not differ from another one."""
    assert len(fake_exchanges) == 11
    assert compare(fake_exchanges, _exchanges_behind()) == []


@pytest.mark.parametrize(
    ("mutant", "kind", "severity"),
    [
        ("create-tuned-model-metadata/completed-steps/written-as-default", "zero", "visible"),
        ("zeros-left-out", "zero", "visible"),
        ("member-renamed", "missing-member", "breaks-clients"),
        ("tuned-model/made-up-member", "extra-member", "visible"),
        ("members-sorted", "order", "cosmetic"),
        ("always-compact", "layout", "cosmetic"),
        ("create-tuned-model-metadata/total-steps/retyped", "type", "breaks-clients"),
        ("floats-of-64-bits", "number-form", "cosmetic"),
        ("times-in-local-form", "time-form", "breaks-clients"),
        ("times-in-milliseconds", "time-form", "cosmetic"),
        ("enums-in-lower-case", "value", "breaks-clients"),
        ("snapshot-lost", "length", "breaks-clients"),
        ("other-words", "wording", "visible"),
        ("model/not-found-as-permission-denied", "status", "breaks-clients"),
        ("errors-are-pages", "body", "breaks-clients"),
        ("few-headers", "header", "cosmetic"),
        ("type-is-text", "header", "breaks-clients"),
    ],
)
def test_mutants_are_found(fake_exchanges: list[Exchange], mutant: str, kind: str, severity: str) -> None:
    """What a mutant spoils is found, and called what it is."""
    findings = {(found.kind, found.severity) for found in compare(fake_exchanges, _exchanges_behind(mutant))}
    assert (kind, severity) in findings
    assert ("requests", "visible") not in findings


def _poll_run(pause: float, mutant: str = "") -> list[Exchange]:
    target = fake(seed=1)
    if mutant:
        install(target.session, find_mutant(mutant))
    tape = Tape(target.session.get_adapter("http://fake.test"))
    target.session.mount("http://", tape)
    api = Api(target.session, target.base_url, target.caller)
    created = api.post("v1beta/tunedModels", body(target.base_model), {"tunedModelId": "number-generator"})
    observe(api, created, target.clock, pause, 60)
    return list(tape.exchanges)


def test_two_fakes_at_their_own_pace() -> None:
    """Two servers that are looked at when their runs are not as far differ in how often they were asked, at most."""
    found = compare(_poll_run(1), _poll_run(3.1))

    assert {(one.kind, one.severity) for one in found} == {("requests", "cosmetic")}


@pytest.mark.parametrize("mutant", ["done-goes-back", "never-done", "always-in-creation", "active-at-once"])
def test_a_pace_hides_no_mutant(mutant: str) -> None:
    """What is wrong with the end of a run is found at another pace, too."""
    assert "breaks-clients" in {found.severity for found in compare(_poll_run(1), _poll_run(3.1, mutant))}


@contextmanager
def _serve(clock: ManualClock) -> Iterator[str]:
    app = create_app(Settings(seed=1, strict=True, auth="strict"), clock.now)
    server = make_server("127.0.0.1", 0, app)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_socket_makes_no_difference(fake_exchanges: list[Exchange]) -> None:
    """The fake over a socket answers as it does in process."""
    clock, target, tape = ManualClock(), fake(), Tape()
    with _serve(clock) as url, requests.Session() as session:
        session.mount("http://", tape)
        _walk(Api(session, url, target.caller), target.base_model, clock.advance)

    assert [difference for difference in compare(fake_exchanges, tape.exchanges) if difference.kind != "header"] == []


def test_two_runs_of_the_suite() -> None:
    """The suite is run on both, and each difference has the clause that showed it."""
    clauses = ["get/missing-model", "create/total-steps"]

    found = differential(Side(), Side(mutant="other-words"), clauses)
    assert {(one.kind, one.severity, one.clause) for one in found.findings} == {
        ("wording", "visible", "get/missing-model")
    }
    assert {one.path for one in found.findings} == {"$.error.message"}
    assert sorted(found.compared) == sorted(clauses)
    assert (found.count("visible") > 0, found.count("cosmetic"), found.left_out) == (True, 0, ())


def test_what_one_side_leaves_out_is_no_difference() -> None:
    """A clause that has no recording is not compared with the fake's answers; where that is all, it is an error."""
    with pytest.raises(RuntimeError, match="No clause ran on both, so nothing was compared"):
        differential(Side(), Side(("--tunedmodels-target", "replay")), ["get/missing-model"])


def test_a_side_that_cannot_be_asked() -> None:
    """Which side it is, and why, is said."""
    with pytest.raises(RuntimeError, match=r"(?s)On the second server .*\bthe target url needs --tunedmodels-url"):
        differential(Side(), Side(("--tunedmodels-target", "url")), ["get/missing-model"])


def test_a_longer_run_hardly_matters() -> None:
    """What both were asked, and one of them once more, is so because of the time that a run takes."""
    look = _exchange("{}", path="tunedModels/a-1/operations/abcdefghijkl")

    (found,) = compare([look, look], [look])
    assert (found.kind, found.severity, found.text) == ("requests", "cosmetic", "sent more often to the first server")
