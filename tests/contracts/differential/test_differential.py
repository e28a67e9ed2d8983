"""Tests the comparison of two servers: the kinds of differences, their severities, and what may differ."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from werkzeug.serving import make_server

from tunedmodels_contracts.differential import ServerDifference, Side, compare, difference_lines, differential, runner
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.harness.tuning_runs import body, observe
from tunedmodels_contracts.mutation import find_mutant, install
from tunedmodels_contracts.pytest_runner.pool import worker_pool
from tunedmodels_contracts.recordings.exchange import Exchange, ReceivedResponse, SentRequest
from tunedmodels_contracts.recordings.tape import Tape
from tunedmodels_contracts.targets.fake import fake
from tunedmodels_contracts.targets.target import Target
from tunedmodels_mockserver import ManualClock, Settings, create_app

PROMPT = {"contents": [{"parts": [{"text": "two hundred"}]}]}
JSON = "application/json; charset=UTF-8"


def _exchange(
    text: str, *, status: int = 200, path: str = "tunedModels/a-1", headers: tuple[tuple[str, str], ...] = ()
) -> Exchange:
    sent = SentRequest("GET", f"http://fake.test/v1beta/{path}")
    return Exchange(sent, ReceivedResponse(status, "", (("Content-Type", JSON), *headers), text.encode()))


def _kinds(one: str, other: str) -> list[tuple[str, str, str]]:
    differences = compare([_exchange(one)], [_exchange(other)])
    return [(difference.kind, difference.severity, difference.path) for difference in differences]


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
    """Each kind of difference has a name, a severity and a place."""
    assert _kinds(one, other) == [(kind, severity, path)]


def test_status_and_headers() -> None:
    """Statuses and headers are compared, except headers that differ at each moment."""
    first = _exchange("{}", headers=(("Vary", "Origin"), ("Date", "today"), ("Server-Timing", "dur=1")))
    second = _exchange("{}", status=404, headers=(("Date", "tomorrow"), ("Server-Timing", "dur=2")))

    assert [(difference.kind, difference.path) for difference in compare([first], [second])] == [
        ("status", ""),
        ("header", "header vary"),
    ]


def test_names_may_differ() -> None:
    """Each server has its own ids. Where one repeats a name, the other must repeat its own."""
    text = '{"name": "tunedModels/NAME/operations/abcdefghijkl", "metadata": {"tunedModel": "tunedModels/OTHER"}}'
    one = [_exchange(text.replace("NAME", "mine-1").replace("OTHER", "mine-1"), path="tunedModels/mine-1")]
    same = [_exchange(text.replace("NAME", "your-22").replace("OTHER", "your-22"), path="tunedModels/your-22")]
    crossed = [_exchange(text.replace("NAME", "your-22").replace("OTHER", "your-33"), path="tunedModels/your-22")]

    assert compare(one, same) == []
    assert [difference.path for difference in compare(one, crossed)] == ["$.metadata.tunedModel"]


def test_progress_may_differ() -> None:
    """The steps of a run that goes on are not compared, but their types are."""
    look = '{"name": "n", "metadata": {"totalSteps": 38, "completedSteps": 2, "snapshots": [{"step": 1}, {"step": 2}]}}'
    later = '{"name": "n", "metadata": {"totalSteps": 38, "completedSteps": 3, "snapshots": [{"step": 1}]}}'

    assert _kinds(look, later) == []
    assert _kinds(look, later.replace("3,", '"3",')) == [("type", "breaks-clients", "$.metadata.completedSteps")]


def _polls(*states: str) -> list[Exchange]:
    """Return polls of one operation that runs (r) or has ended (e), each a step further than the one before."""
    ended = '{"name": "tunedModels/a-1/operations/abcdefghijkl", "metadata": {"completedSteps": 38}, "done": true}'
    running = '{"name": "tunedModels/a-1/operations/abcdefghijkl", "metadata": {"completedSteps": STEP}}'
    texts = [ended if state == "e" else running.replace("STEP", str(step)) for step, state in enumerate(states, 1)]
    return [_exchange(text, path="tunedModels/a-1/operations/abcdefghijkl") for text in texts]


@pytest.mark.parametrize(("first", "second"), [("rree", "ree"), ("ree", "rrrree"), ("rre", "ree")])
def test_number_of_polls_is_cosmetic(first: str, second: str) -> None:
    """Polls are paired by what they show. A run that ends a poll later differs only in the number of polls."""
    differences = compare(_polls(*first), _polls(*second))

    assert {(one.kind, one.severity) for one in differences} == {("requests", "cosmetic")}


@pytest.mark.parametrize("wrong", ["rere", "rrrr", "eeee"])
def test_end_of_a_run_is_compared(wrong: str) -> None:
    """An end that goes back, one that never comes, and one at the first poll are differences."""
    for one, other in ((_polls(*"rree"), _polls(*wrong)), (_polls(*wrong), _polls(*"rree"))):
        assert "$.done" in [difference.path for difference in compare(one, other)]


def test_progress_of_a_cancelled_run_may_differ() -> None:
    """Two servers may cancel a run at different steps, which its operation and its model show."""
    name = "tunedModels/a-1"
    operation = f'{{"name": "{name}/operations/b", "metadata": {{"completedSteps": STEPS, "tunedModel": "{name}"}}, '
    operation += '"done": true, "error": {"code": CODE}}'
    model = f'{{"name": "{name}", "state": "ACTIVE", "tuningTask": {{"snapshots": [STEPS]}}}}'

    def looks(code: str, steps: str, snapshots: str) -> list[Exchange]:
        texts = operation.replace("CODE", code).replace("STEPS", steps), model.replace("STEPS", snapshots)
        return [_exchange(text, path=path) for text, path in zip(texts, (f"{name}/operations/b", name), strict=True)]

    assert compare(looks("1", "2", '{"step": 1}, {"step": 2}'), looks("1", "1", '{"step": 1}')) == []
    assert [difference.path for difference in compare(looks("13", "2", "{}, {}"), looks("13", "1", "{}"))] == [
        "$.metadata.completedSteps",
        "$.tuningTask.snapshots",
    ]


def test_states_in_a_list_may_differ() -> None:
    """In a list a run may have ended on only one server. All else is compared."""
    model = '{"name": "tunedModels/a-1", "displayName": "a", "state": "STATE", "tuningTask": {TASK}}'
    running = model.replace("STATE", "CREATING").replace("TASK", '"snapshots": [{"step": 1}]')
    ended = model.replace("STATE", "ACTIVE").replace("TASK", '"completeTime": "2024-03-14T15:09:26Z"')
    page = '{"tunedModels": [%s]}'

    assert _kinds(page % running, page % ended) == []
    assert _kinds(page % running, page % ended.replace('"a"', '"b"')) == [
        ("wording", "visible", "$.tunedModels[0].displayName")
    ]
    assert ("value", "breaks-clients", "$.state") in _kinds(running, ended)


def test_request_to_one_server_is_a_difference() -> None:
    """A request that only one server got is a difference, and later requests are still compared in pairs."""
    more = [_exchange("{}"), _exchange("{}", path="models"), _exchange('{"a": 1}', path="tunedModels")]
    differences = compare(more, [more[0], _exchange('{"a": 2}', path="tunedModels")])

    assert [(one.kind, one.request) for one in differences] == [
        ("requests", "GET /v1beta/models"),
        ("value", "GET /v1beta/tunedModels"),
    ]


def test_report_groups_differences() -> None:
    """The report begins with the most severe difference, and has one line for a difference of several clauses."""
    request, missing = "GET /v1beta/tunedModels/<model:1>", "200, 404 in the other"
    findings = [
        ServerDifference("order", "cosmetic", "a/b", request, "$", "x, y; in the other y, x"),
        ServerDifference("status", "breaks-clients", "a/c", request.replace("1>", "2>"), "", missing),
        ServerDifference("status", "breaks-clients", "a/d", request.replace("1>", "3>"), "", missing),
    ]

    assert list(difference_lines(findings)) == [
        "breaks-clients: status: GET /v1beta/tunedModels/<model:2>: 200, 404 in the other [a/c and 1 other clauses]",
        "cosmetic: order: GET /v1beta/tunedModels/<model:1> $: x, y; in the other y, x [a/b]",
    ]


# -- The fake and a mutant of it -------------------------------------------------------------------------------


def _walk(api: Api, base_model: str, sleep: Any) -> None:
    """Send a request of each kind."""
    created = api.post("v1beta/tunedModels", body(base_model, temperature=0), {"tunedModelId": "number-generator"})
    name = created.json["metadata"]["tunedModel"]
    sleep(60)
    api.get(f"v1beta/{created.json['name']}")
    api.get(f"v1beta/{name}")
    api.get("v1beta/tunedModels", {"pageSize": 1})
    api.post(f"v1beta/{name}/permissions", {"granteeType": "USER", "emailAddress": "a@example.com", "role": "READER"})
    api.get(f"v1beta/{name}/permissions")
    api.post(f"v1beta/{name}:generateContent", PROMPT)
    api.post(f"v1beta/{name}:streamGenerateContent", PROMPT, {"alt": "sse"})
    api.post(f"v1beta/{name}:generateContent", {"x": 1})
    api.get("v1beta/tunedModels/none-of-these")
    api.get("v1beta/none-of-these")


def _tape_fake(use: Callable[[Api, Target], object], mutant: str = "") -> list[Exchange]:
    """Return the exchanges of *use* with a new fake, behind the *mutant* if there is one."""
    target = fake(seed=1)
    if mutant:
        install(target.session, find_mutant(mutant))
    tape = Tape(target.session.get_adapter("http://fake.test"))
    target.session.mount("http://", tape)
    use(Api(target.session, target.base_url, target.caller), target)
    return list(tape.exchanges)


def _walk_exchanges(mutant: str = "") -> list[Exchange]:
    return _tape_fake(lambda api, target: _walk(api, target.base_model, target.clock.sleep), mutant)


def _poll_exchanges(pause: float, mutant: str = "") -> list[Exchange]:
    """Return the exchanges of a run that is polled every *pause* seconds."""

    def poll(api: Api, target: Target) -> None:
        created = api.post("v1beta/tunedModels", body(target.base_model), {"tunedModelId": "number-generator"})
        observe(api, created, target.clock, pause, 60)

    return _tape_fake(poll, mutant)


@pytest.fixture(scope="module")
def fake_exchanges() -> list[Exchange]:
    """The exchanges with the fake."""
    return _walk_exchanges()


def test_two_fakes_are_equal(fake_exchanges: list[Exchange]) -> None:
    """A fake does not differ from another one."""
    assert len(fake_exchanges) == 11
    assert compare(fake_exchanges, _walk_exchanges()) == []


@pytest.mark.parametrize(
    ("mutant", "kind", "severity"),
    [
        ("member-renamed", "missing-member", "breaks-clients"),
        ("members-sorted", "order", "cosmetic"),
        ("snapshot-lost", "length", "breaks-clients"),
        ("model/not-found-as-permission-denied", "status", "breaks-clients"),
        ("errors-are-pages", "body", "breaks-clients"),
        ("few-headers", "header", "cosmetic"),
        ("type-is-text", "header", "breaks-clients"),
    ],
)
def test_mutant_is_a_difference(fake_exchanges: list[Exchange], mutant: str, kind: str, severity: str) -> None:
    """The mistake of a mutant is a difference of its kind, and all requests are still paired."""
    findings = {(one.kind, one.severity) for one in compare(fake_exchanges, _walk_exchanges(mutant))}

    assert (kind, severity) in findings
    assert ("requests", "visible") not in findings


@pytest.mark.parametrize(
    ("mutant", "severity"),
    [
        ("", "cosmetic"),
        ("done-goes-back", "breaks-clients"),
        ("never-done", "breaks-clients"),
        ("always-in-creation", "breaks-clients"),
        ("active-at-once", "breaks-clients"),
    ],
)
def test_pace_of_polls_hides_no_mutant(mutant: str, severity: str) -> None:
    """Polls at another pace differ only in their number. A mistake about the end of a run still breaks clients."""
    findings = {(one.kind, one.severity) for one in compare(_poll_exchanges(1), _poll_exchanges(3.1, mutant))}

    assert severity in {one for _, one in findings}
    assert mutant or findings == {("requests", "cosmetic")}


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


def test_socket_makes_no_difference(fake_exchanges: list[Exchange]) -> None:
    """The fake answers over a socket as it does in process."""
    clock, target, tape = ManualClock(), fake(), Tape()
    with _serve(clock) as url, requests.Session() as session:
        session.mount("http://", tape)
        _walk(Api(session, url, target.caller), target.base_model, clock.advance)

    assert [difference for difference in compare(fake_exchanges, tape.exchanges) if difference.kind != "header"] == []


# -- Runs of the suite -----------------------------------------------------------------------------------------


def test_two_runs_of_the_suite() -> None:
    """The suite runs on both sides, and each difference has its clause."""
    clauses = ["get/missing-model", "create/total-steps"]
    comparison = differential(Side(), Side(mutant="other-words"), clauses)

    assert {(one.kind, one.severity, one.clause, one.path) for one in comparison.findings} == {
        ("wording", "visible", "get/missing-model", "$.error.message")
    }
    assert sorted(comparison.compared) == sorted(clauses)
    assert (comparison.count("visible") > 0, comparison.count("cosmetic"), comparison.left_out) == (True, 0, ())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--tunedmodels-target", "replay"), "No clause ran on both, so nothing was compared"),  # there is no recording
        (("--tunedmodels-target", "url"), r"(?s)On the second server .*\bthe target url needs --tunedmodels-url"),
    ],
)
def test_nothing_to_compare_is_an_error(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], message: str
) -> None:
    """The error says that no clause ran on both sides, or on which side the suite cannot run, and why."""

    @contextmanager
    def one_worker(_number: int) -> Iterator[Callable[..., Any]]:
        with worker_pool(1) as submit:
            yield submit

    monkeypatch.setattr(runner, "worker_pool", one_worker)  # one process is enough for one clause
    with pytest.raises(RuntimeError, match=message):
        differential(Side(), Side(arguments), ["get/missing-model"])
