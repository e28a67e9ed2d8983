"""Tests that armed faults keep their time on the world's clock if a state is restored."""

from __future__ import annotations

from pathlib import Path

from flask.testing import FlaskClient

from tunedmodels_mockserver import ManualClock, Settings, create_app
from tunedmodels_mockserver.core.faults.fault import Fault

from ...conftest import ok

LIST = "/v1beta/tunedModels"


def arm(http: FlaskClient, **members: object) -> None:
    ok(http.post("/_emulator/faults", json={"error": 503, "times": None, **members}))


def status(http: FlaskClient) -> int:
    return http.get(LIST).status_code


def test_restored_snapshot_keeps_the_window_of_a_fault(http: FlaskClient, clock: ManualClock) -> None:
    """A fault that lasts 60 s and is restored at +50 s fires for 10 s more."""
    arm(http, lasts=60)
    clock.advance(50)
    ok(http.post("/_emulator/snapshots/open"))
    clock.advance(30)
    assert status(http) == 200

    ok(http.post("/_emulator/snapshots/open:restore"))
    assert status(http) == 503
    clock.advance(9)
    assert status(http) == 503
    clock.advance(1)
    assert status(http) == 200


def test_put_state_keeps_the_window_of_a_fault(http: FlaskClient, clock: ManualClock) -> None:
    """The state of another world and time brings its fault along, with the rest of its window."""
    arm(http, after=10, lasts=10)
    clock.advance(15)
    state = http.get("/_emulator/state").data
    clock.advance(3600)

    ok(http.put("/_emulator/state", data=state))
    assert status(http) == 503
    clock.advance(5)
    assert status(http) == 200


def test_resume_keeps_the_window_of_a_fault(http: FlaskClient, clock: ManualClock, tmp_path: Path) -> None:
    """A server that resumes a file continues the window from the moment of the export."""
    arm(http, lasts=60)
    clock.advance(50)
    path = tmp_path / "state.json"
    path.write_bytes(http.get("/_emulator/state").data)
    clock.advance(3600)

    resumed = create_app(Settings(seed=1, preload=path, resume=True), clock.now).test_client()
    assert status(resumed) == 503
    clock.advance(10)
    assert status(resumed) == 200


def test_fault_of_the_options_is_armed_when_the_world_begins(clock: ManualClock, tmp_path: Path) -> None:
    """Its window starts then, in a new world and in the world of a file, whose clock has started before."""
    fault = Fault(error=503, times=None, lasts=60, ttl=100)
    path = tmp_path / "state.json"
    path.write_bytes(create_app(Settings(seed=1), clock.now).test_client().get("/_emulator/state").data)
    servers = [
        create_app(Settings(seed=1, faults=[fault], preload=preload), clock.now).test_client()
        for preload in (None, path)
    ]
    clock.advance(1000)

    assert [status(server) for server in servers] == [503, 503]
    clock.advance(60)
    assert [status(server) for server in servers] == [200, 200]


def test_restored_snapshot_restarts_the_time_to_live(http: FlaskClient, clock: ManualClock) -> None:
    """The time to live is the machine's, which does not go back."""
    arm(http, ttl=60)
    clock.advance(50)
    ok(http.post("/_emulator/snapshots/open"))
    clock.advance(3600)

    ok(http.post("/_emulator/snapshots/open:restore"))
    clock.advance(59)
    assert status(http) == 503
    clock.advance(1)
    assert status(http) == 200


def test_difference_hides_the_times_of_the_machine(http: FlaskClient, clock: ManualClock) -> None:
    """A restored world does not differ from its snapshot, although the machine's time has moved."""
    arm(http, lasts=60)
    ok(http.post("/_emulator/snapshots/open"))
    clock.advance(30)
    ok(http.post("/_emulator/snapshots/open:restore"))

    assert http.get("/_emulator/snapshots/open:diff?format=text").text == "no difference\n"
