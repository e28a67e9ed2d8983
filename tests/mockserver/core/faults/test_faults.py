"""Tests the calls to which a fault applies, and how often."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tunedmodels_mockserver.core.effects import Error, Latency, error_of, latency_of
from tunedmodels_mockserver.core.faults.armed_faults import (
    MAX_FAULTS,
    ArmedFault,
    arm,
    disarm,
    trigger,
    without_expired,
)
from tunedmodels_mockserver.core.faults.fault import Fault, FaultQuery
from tunedmodels_mockserver.core.runs.script import Run
from tunedmodels_mockserver.core.strict_input import BadInput, convert
from tunedmodels_mockserver.wire.units import SECOND

GET = FaultQuery("tunedModels.get", "tunedModels/a", "alice@example.com", 1)
CREATE = FaultQuery("tunedModels.create", "", "alice@example.com", 1)
LIST = FaultQuery("tunedModels.list", "", "bob@example.com", 1)


def fault(**members: Any) -> Fault:
    """Return a fault from plain values; by default it resets the connection."""
    kinds = set(Fault.kinds) & set(members)
    return convert(members if kinds else {**members, "reset": True}, Fault)


def hits(one: Fault, *calls: FaultQuery, moments: tuple[float, ...] = ()) -> list[bool]:
    """Return whether a fault fires at each of the calls; *moments* are their seconds after the fault is armed."""
    faults, results = arm((), [one], 0, 0), []
    for place, call in enumerate(calls):
        faults, matches = trigger(faults, call, round((moments[place] if moments else 0) * SECOND), 0)
        results.append(bool(matches))
    return results


@pytest.mark.parametrize(
    ("members", "fires"),
    [
        ({}, (True, True, True)),
        ({"method": "tunedModels.get"}, (True, False, False)),
        ({"method": "*.get"}, (True, False, False)),
        ({"method": "tunedModels.*"}, (True, True, True)),
        ({"model": "a"}, (True, False, False)),
        ({"model": "tunedModels/a"}, (True, False, False)),
        ({"model": "*"}, (True, False, False)),
        ({"model": "b*"}, (False, False, False)),
        ({"caller": "alice@*"}, (True, True, False)),
        ({"run": {}}, (False, True, False)),
        ({"quota": {"concurrent": 0}}, (False, True, False)),
        ({"withdrawn": True}, (False, True, False)),
        ({"pedantic": True}, (True, True, True)),
    ],
)
def test_fault_applies_to_the_calls_in_its_scope(members: dict[str, Any], fires: tuple[bool, ...]) -> None:
    """Method, model and caller must all match; faults of runs apply to creates only."""
    assert tuple(hits(fault(**members), call) == [True] for call in (GET, CREATE, LIST)) == fires


@pytest.mark.parametrize(
    ("members", "fires"),
    [
        ({}, "x...."),
        ({"times": 2}, "xx..."),
        ({"times": None}, "xxxxx"),
        ({"skip": 2}, "..x.."),
        ({"skip": 1, "times": 3}, ".xxx."),
        ({"pedantic": True}, "xxxxx"),
        ({"quota": {"limit": 2}}, "..xxx"),
        ({"quota": {"limit": 0}}, "xxxxx"),
    ],
)
def test_fault_fires_as_often_as_its_members_say(members: dict[str, Any], fires: str) -> None:
    """It fires once by default and always for a mode, after the calls that it skips."""
    assert "".join(".x"[hit] for hit in hits(fault(**members), *[GET] * 5)) == fires


@pytest.mark.parametrize(
    ("members", "fires"),
    [
        ({"after": 10}, "..xxx"),
        ({"after": 10, "lasts": 10}, "..x.."),
        ({"lasts": 5}, "x...."),
        ({"until": "1970-01-01T00:00:20Z"}, "xxx.."),
        ({"from": "1970-01-01T00:00:20Z"}, "...xx"),
        ({"quota": {"limit": 1, "per": 12}}, ".x.x."),
    ],
)
def test_a_window_is_on_the_worlds_clock(members: dict[str, Any], fires: str) -> None:
    """The window includes its first moment and excludes its last. A refused call does not count for a quota."""
    moments = (0.0, 9.0, 12.0, 20.0, 24.0)

    assert "".join(".x"[hit] for hit in hits(fault(times=None, **members), *[GET] * 5, moments=moments)) == fires


def test_quota_names_the_wait() -> None:
    """The wait is in whole seconds, rounded up, so that a client that waits this long passes."""
    faults, _ = trigger(arm((), [fault(quota={"limit": 1, "per": 60})], 0, 0), GET, 0, 0)
    faults, (match,) = trigger(faults, GET, round(20.5 * SECOND), 0)
    assert match.retry_after == 40

    assert trigger(faults, GET, round(60.5 * SECOND), 0)[1] == ()


def test_quota_of_no_calls_names_no_wait() -> None:
    """With limit 0, no wait lets a call pass, so the error has no RetryInfo."""
    _, (match,) = trigger(arm((), [fault(quota={"limit": 0, "per": 60})], 0, 0), GET, 0, 0)

    assert match.retry_after is None


@pytest.mark.parametrize(("count", "fires"), [(1, False), (2, True), (3, True)])
def test_quota_of_runs_counts_unfinished_runs(count: int, fires: bool) -> None:
    """The create that would exceed the quota is refused."""
    query = FaultQuery(CREATE.method, "", CREATE.caller, 1, count)

    assert hits(fault(quota={"concurrent": 2}), query) == [fires]


def test_probability_is_drawn_from_the_seed() -> None:
    """The same seed repeats the draws, another seed differs, and the share is about the probability."""
    one = fault(probability=0.3, times=None)
    first = hits(one, *[GET] * 1000)
    other = hits(one, *[FaultQuery(GET.method, GET.model, GET.caller, 2)] * 1000)

    assert hits(one, *[GET] * 1000) == first != other
    assert 240 < sum(first) < 360


def test_narrower_scope_fires_first() -> None:
    """The order is model, method, world, in any order of arming; only one fault answers a call."""
    faults = arm((), [fault(id="world"), fault(id="method", method="*.get"), fault(id="model", model="a")], 0, 0)
    ids = []
    for _ in range(4):
        faults, matches = trigger(faults, GET, 0, 0)
        ids.append([hit.fault.id for hit in matches])

    assert ids == [["model"], ["method"], ["world"], []]


def test_latency_accompanies_other_faults() -> None:
    """All matching latencies apply, and one answer in addition; so do faults of runs and modes."""
    faults = [
        fault(latency={"seconds": 1}),
        fault(latency={"seconds": 2}),
        fault(run={}),
        fault(pedantic=True),
        fault(),
    ]
    _, matches = trigger(arm((), faults, 0, 0), CREATE, 0, 0)

    assert [hit.fault.kind for hit in matches] == ["latency", "latency", "run", "pedantic", "reset"]


def test_fault_waits_if_the_call_has_an_answer() -> None:
    """The fault of the request's own header wins; the other faults count the call and wait."""
    faults, matches = trigger(arm((), [fault(), fault(latency={"seconds": 1})], 0, 0), GET, 0, 0, has_answer=True)

    assert [hit.fault.kind for hit in matches] == ["latency"]
    assert [(item.matched, item.hits) for item in faults] == [(1, 0), (1, 1)]


def test_a_fault_outside_its_scope_changes_nothing() -> None:
    """The result is the same object, so that the store writes nothing."""
    faults = arm((), [fault(method="models.list")], 0, 0)

    assert trigger(faults, GET, 0, 0)[0] is faults


def test_time_to_live_is_on_the_machines_clock() -> None:
    """After that time the fault is removed, whatever the world's clock shows."""
    faults = arm((), [fault(ttl=5, times=None)], 0, 100 * SECOND)

    assert without_expired(faults, 104 * SECOND) == faults
    assert trigger(faults, GET, 0, 105 * SECOND) == ((), ())


def test_ids_are_generated_and_unique() -> None:
    """A fault without an id gets the next number; an id that exists is refused."""
    faults = arm(arm((), [fault(), fault(id="mine")], 0, 0), [fault()], 0, 0)
    assert [item.fault.id for item in faults] == ["fault-1", "mine", "fault-2"]
    assert [item.fault.id for item in disarm(faults, "fault-1")] == ["mine", "fault-2"]

    with pytest.raises(BadInput, match="The fault 'mine' already exists"):
        arm(faults, [fault(id="mine")], 0, 0)
    with pytest.raises(KeyError, match=r"There is no fault 'mime'; the nearest is mine."):
        disarm(faults, "mime")


def test_number_of_faults_is_limited() -> None:
    """An endless loop that arms faults gets an error."""
    with pytest.raises(BadInput, match=f"at most {MAX_FAULTS} faults"):
        arm((), [fault()] * (MAX_FAULTS + 1), 0, 0)


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"method": "tunedModels.creat"}, "there is no method 'tunedModels.creat'; the nearest is tunedModels.create"),
        ({"method": "unedModels.*"}, "no method matches 'unedModels.*'"),
        ({"method": "TUNEDMODELS.LIST"}, "there is no method 'TUNEDMODELS.LIST'; the nearest is tunedModels.list"),
        ({"method": "GET"}, "there is no method 'GET'; known are models.get, models.list, models.generateContent, "),
        ({"metod": "tunedModels.get"}, "There is no member 'metod'; the nearest is method."),
        ({"method": "tunedModels.get", "run": {}}, "run applies to tunedModels.create only, not to 'tunedModels.get'"),
        ({"quota": {}}, "set either limit (calls in per seconds) or concurrent (unfinished runs)"),
        ({"quota": {"limit": 2, "window": 60}}, "'window' - at `$.quota`; known here: limit, per, concurrent."),
        ({"quota": {"limt": 2}}, "There is no member 'limt' - at `$.quota`; the nearest is limit."),
        ({"run": {"fail_at_step": 10}}, "`$.run`; known here: shape, script, model_lag, list_lag."),
        ({"run": {"step": 10}}, "There is no member 'step' - at `$.run`; it belongs in run.script."),
        ({"run": {"times": 2}}, "There is no member 'times' - at `$.run`; it belongs in the outermost object."),
        ({"seconds": 1}, "There is no member 'seconds'; it belongs in latency or stall or run.script."),
        ({"from": "yesterday"}, "from must be a time such as 2026-01-01T00:00:00Z, got 'yesterday'"),
        ({"until": "2026-01-01T00:00:00Z", "after": 1}, "either by from and until, or by after and lasts"),
        ({"times": 0}, ">= 1"),
        ({"probability": 0}, "> 0"),
        ({"id": "a/b"}, "`$.id`"),
    ],
)
def test_impossible_fault_is_refused(members: dict[str, Any], sentence: str) -> None:
    """The error comes when it is armed, and has the nearest known name."""
    with pytest.raises(BadInput) as caught:
        fault(**members)

    assert sentence in str(caught.value)


@pytest.mark.parametrize("members", [{"error": 503}, {"error": "503"}, {"error": {"code": 503}}, {"error": {}}])
def test_an_error_has_many_spellings(members: dict[str, Any]) -> None:
    """The HTTP status can replace the name of the code, alone or as a member."""
    error = fault(**members).error

    assert error is not None
    assert error_of(error).status() == error_of("UNAVAILABLE").status()


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "INVALID_ARGUMENT"),
        (401, "UNAUTHENTICATED"),
        (403, "PERMISSION_DENIED"),
        (404, "NOT_FOUND"),
        (409, "ABORTED"),
        (429, "RESOURCE_EXHAUSTED"),
        (499, "CANCELLED"),
        (500, "INTERNAL"),
        (501, "UNIMPLEMENTED"),
        (503, "UNAVAILABLE"),
        (504, "DEADLINE_EXCEEDED"),
    ],
)
def test_http_status_means_a_code(status: int, code: str) -> None:
    """The code is the usual one if several have the status, and the answer has that status."""
    assert error_of(status).status_code.name == code
    assert error_of(status).status_code.http == status


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("unavailable", "there is no code 'unavailable'; the nearest is UNAVAILABLE."),
        ("x", "there is no code 'x'; known are UNAVAILABLE, RESOURCE_EXHAUSTED, "),
        (418, "no error has the HTTP status 418; known are 400, 401, 403, 404, 409, 429, 499, 500, 501, 503, 504"),
        (200, "no error has the HTTP status 200; known are "),
        (True, "got `bool` - at `$.error`."),
        ({"code": "unavailable"}, "the nearest is UNAVAILABLE - at `$.error`."),
    ],
)
def test_unknown_code_is_refused(error: Any, sentence: str) -> None:
    """The message names only members that the user wrote."""
    with pytest.raises(BadInput) as caught:
        fault(error=error)

    assert sentence in str(caught.value)


def test_short_forms_equal_the_long_forms() -> None:
    """A run can fail with a code, and a latency can be a number of seconds."""
    (event,) = convert({"script": [{"step": 1, "fail": "INTERNAL"}]}, Run).script

    assert event.fail is not None
    assert error_of(event.fail) == Error("INTERNAL")
    with pytest.raises(BadInput, match="The code of fail must not be CANCELLED"):
        convert({"script": [{"step": 1, "fail": 499}]}, Run)
    late = fault(latency=0.5).latency
    assert late is not None
    assert latency_of(late) == Latency(0.5)
    with pytest.raises(BadInput, match=r"<= 60\.0 - at `\$.latency`"):
        fault(latency=61)


def test_armed_faults_survive_json() -> None:
    """Every store can write and read them."""
    faults = [fault(times=None), fault(run={"script": [{"step": 1, "stall": -1}]}), fault(quota={"limit": 3})]
    armed_faults, _ = trigger(arm((), faults, 7, 8), CREATE, 9, 10)

    assert msgspec.json.decode(msgspec.json.encode(armed_faults), type=tuple[ArmedFault, ...]) == armed_faults


def test_faults_apply_to_the_route_of_an_allowance() -> None:
    """A cancel that a client sends to the model counts as a cancel of its operation."""
    call = FaultQuery("tunedModels.cancel", "tunedModels/a", "alice@example.com", 1)

    assert hits(fault(method="tunedModels.operations.cancel"), call) == [True]
