"""Tests faults over the admin surface, in a file, and in process."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from tunedmodels_mockserver import Clock, ManualClock, Mode, Settings, create_app
from tunedmodels_mockserver.cli.serve import serve
from tunedmodels_mockserver.core.effects import Error
from tunedmodels_mockserver.core.faults.fault import Fault
from tunedmodels_mockserver.core.strict_input import BadInput
from tunedmodels_mockserver.files import faults as fault_file

from ...conftest import api_error, ok

ERROR = {"method": "tunedModels.list", "error": {"code": "INTERNAL"}}


def test_a_fault_is_armed_fires_and_is_reported(http: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    """POST returns its id; the answer that it changes and the log name it; GET has its counts."""
    faults = ok(http.post("/_emulator/faults", json=ERROR))["faults"]
    assert [(item["id"], item["fired"], item["remaining"]) for item in faults] == [("fault-1", False, 1)]

    with caplog.at_level(logging.WARNING):
        answer = http.get("/v1beta/tunedModels")
    assert api_error(answer)[0] == "INTERNAL"
    assert answer.headers["X-Tunedmodels-Note"] == "fault fault-1: error"
    assert "GET /v1beta/tunedModels: fault fault-1 error" in caplog.text
    assert ok(http.get("/_emulator/faults")) == {
        "faults": [
            {
                "id": "fault-1",
                "effect": "error",
                "error": {"code": "INTERNAL"},
                "method": "tunedModels.list",
                "required": True,
                "seen": 1,
                "hits": 1,
                "remaining": 0,
                "fired": True,
            }
        ]
    }
    ok(http.get("/v1beta/tunedModels"))


def test_faults_are_removed_one_by_one_or_all(http: FlaskClient) -> None:
    """An unknown fault is 404 with the nearest one."""
    http.post("/_emulator/faults", json=[{**ERROR, "id": "one"}, {**ERROR, "id": "two"}, ERROR])

    assert ok(http.get("/_emulator/faults/one"))["id"] == "one"
    assert http.get("/_emulator/faults/tow").json == {"error": "There is no fault 'tow'; the nearest is two."}
    ok(http.delete("/_emulator/faults/one"))
    assert http.delete("/_emulator/faults/one").status_code == 404
    assert len(ok(http.get("/_emulator/faults"))["faults"]) == 2
    ok(http.delete("/_emulator/faults"))
    assert ok(http.get("/_emulator/faults")) == {"faults": []}


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"{", "This is not valid JSON"),
        (b"[]", "Send a fault such as"),
        (b"1", "Expected `object`, got `int`"),
        (b'{"method": "tunedModels.crate", "reset": true}', "the nearest is tunedModels.create"),
        (b'{"error": {"code": "UNAVAILABLY"}}', "the nearest is UNAVAILABLE"),
        (b'[{"reset": true}, {"lateny": {"seconds": 1}}]', "Fault 2 of the list: There is no member 'lateny'"),
        (b'{"preset": "quotas"}', "the nearest is quota"),
        (b'{"preset": "quota", "times": 1}', "There is no member 'times'"),
    ],
)
def test_a_bad_fault_is_refused(http: FlaskClient, body: bytes, sentence: str) -> None:
    """The answer is 400 with a sentence, and no fault is armed."""
    answer = http.post("/_emulator/faults", data=body)

    assert answer.status_code == 400
    assert answer.json is not None
    assert sentence in answer.json["error"]
    assert ok(http.get("/_emulator/faults")) == {"faults": []}


def test_each_world_has_its_own_faults(http: FlaskClient) -> None:
    """A fault of one world does not fire in another."""
    http.post("/_emulator/faults", json=ERROR, headers={"X-Test-Id": "w1"})

    ok(http.get("/v1beta/tunedModels"))
    assert http.get("/v1beta/tunedModels", headers={"X-Test-Id": "w1"}).status_code == 500


def test_presets_are_listed(http: FlaskClient) -> None:
    """Each has its faults in the form that POST takes."""
    presets = ok(http.get("/_emulator/presets"))["presets"]

    assert presets["withdrawn"] == [{"withdrawn": True, "id": "withdrawn", "required": False}]
    for faults in presets.values():
        ok(http.post("/_emulator/faults", json=faults))


def test_the_page_of_a_proxy_is_html(http: FlaskClient) -> None:
    """The fault sets its status and its text."""
    http.post("/_emulator/faults", json={"page": {"status": 504, "html": "<p>gateway</p>"}})
    answer = http.get("/v1beta/tunedModels")

    assert (answer.status_code, answer.mimetype, answer.text) == (504, "text/html", "<p>gateway</p>")


def test_a_fault_can_name_the_model_of_a_create(http: FlaskClient, tutorial: Callable[..., dict[str, Any]]) -> None:
    """The create names its model in the query."""
    http.post("/_emulator/faults", json={"model": "mine", "error": {}})

    ok(http.post("/v1beta/tunedModels?tunedModelId=other", json=tutorial()))
    assert http.post("/v1beta/tunedModels?tunedModelId=mine", json=tutorial()).status_code == 503


def test_a_fault_of_a_run_applies_to_the_next_create(
    http: FlaskClient, clock: ManualClock, create: Callable[[FlaskClient], str]
) -> None:
    """The first run fails in its middle and keeps its snapshots; the second succeeds."""
    http.post("/_emulator/faults", json={"run": {"script": [{"percent": 50, "fail": {"code": "INTERNAL"}}]}})
    bad, good = create(http), create(http)
    clock.advance(30)
    failed = ok(http.get(f"/v1beta/{bad}"))

    assert failed["state"] == "FAILED"
    assert 0 < len(failed["tuningTask"]["snapshots"]) < len(ok(http.get(f"/v1beta/{good}"))["tuningTask"]["snapshots"])


def test_a_script_can_change_the_answer_to_a_poll(http: FlaskClient, create: Callable[[FlaskClient], str]) -> None:
    """The second poll gets 503 and a note, and the others are not changed by it."""
    script = [{"poll": 2, "fault": {"error": {}}}, {"poll": 3, "fault": {"malformed": True}}]
    http.post("/_emulator/faults", json={"run": {"script": script}})
    name = create(http)

    looks = [http.get(f"/v1beta/{name}") for _ in range(4)]
    assert [look.status_code for look in looks] == [200, 503, 200, 200]
    assert looks[1].headers["X-Tunedmodels-Note"] == "fault script: error"
    assert looks[0].text.startswith(looks[2].text)
    assert len(looks[2].data) == len(looks[0].data) // 2


def test_a_latency_of_a_script_accompanies_another_effect(
    clock: ManualClock, create: Callable[[FlaskClient], str]
) -> None:
    """The server waits before it sends the answer that the fault of the world has changed."""
    waits: list[float] = []
    http = create_app(Settings(seed=1), clock.now, waits.append).test_client()
    http.post("/_emulator/faults", json={"run": {"script": [{"poll": 1, "fault": {"latency": 2}}]}})
    name = create(http)
    http.post("/_emulator/faults", json={"id": "half", "method": "tunedModels.get", "malformed": True})

    answer = http.get(f"/v1beta/{name}")
    assert answer.get_json(silent=True) is None
    assert answer.headers.getlist("X-Tunedmodels-Note") == ["fault half: malformed", "fault script: latency"]
    assert waits == [2]


def test_a_window_follows_the_worlds_clock(http: FlaskClient, clock: ManualClock) -> None:
    """Its seconds count from the moment at which the fault was armed."""
    http.post("/_emulator/faults", json={"error": {}, "after": 10, "lasts": 10, "times": None})
    codes = []
    for seconds in (0, 10, 9, 1):
        clock.advance(seconds)
        codes.append(http.get("/v1beta/tunedModels").status_code)

    assert codes == [200, 503, 503, 200]


def test_a_time_to_live_follows_the_machines_clock(clock: ManualClock) -> None:
    """The fault expires even if the world's clock stands still."""
    http = create_app(Settings(clock=Clock(Mode.MANUAL)), clock.now).test_client()
    http.post("/_emulator/faults", json={"error": {}, "ttl": 5, "times": None})
    assert http.get("/v1beta/tunedModels").status_code == 503

    clock.advance(5)
    ok(http.get("/v1beta/tunedModels"))
    assert ok(http.get("/_emulator/faults")) == {"faults": []}


def test_a_latency_waits(clock: ManualClock) -> None:
    """It calls the sleep of the application; the jitter comes from the seed and stays in its range."""
    waits: list[float] = []
    http = create_app(Settings(seed=1), clock.now, waits.append).test_client()
    http.post("/_emulator/faults", json=[{"latency": {"seconds": 2}}, {"latency": {"seconds": 1, "jitter": 3}}])

    ok(http.get("/v1beta/tunedModels"))
    assert len(waits) == 1
    assert 3 < waits[0] < 6


def test_every_world_begins_with_the_faults_of_the_settings(clock: ManualClock) -> None:
    """Each world counts them, and their windows, from its own start."""
    faults = [Fault(error=Error("INTERNAL"), after=10)]
    http = create_app(Settings(faults=faults), clock.now).test_client()
    codes = []
    for name in ("a", "b"):
        for seconds in (0, 10, 0):
            clock.advance(seconds)
            codes.append(http.get("/v1beta/tunedModels", headers={"X-Test-Id": name}).status_code)

    assert codes == [200, 500, 200] * 2


def test_a_reset_arms_the_faults_of_the_settings_on_the_worlds_clock(clock: ManualClock) -> None:
    """A reset of the faults does not move the clock, so a window is relative to the moment of the reset."""
    fault = Fault(method="tunedModels.list", error=Error("INTERNAL"), times=None, after=10, lasts=10)
    http = create_app(Settings(faults=[fault], clock=Clock(Mode.MANUAL)), clock.now).test_client()

    def list_in(seconds: float) -> int:
        http.post("/_emulator/clock", json={"advance": seconds})
        return http.get("/v1beta/tunedModels").status_code

    assert [list_in(0), list_in(10), list_in(100)] == [200, 500, 200]
    ok(http.post("/_emulator/reset", json={"scope": "faults"}))
    assert [list_in(0), list_in(10), list_in(10)] == [200, 500, 200]


def test_faults_are_read_from_a_file(tmp_path: Path) -> None:
    """The file is YAML, with times as text, or JSON; an empty file has no faults."""
    path = tmp_path / "faults.yaml"
    path.write_text("- method: tunedModels.*\n  from: 2026-01-01T00:00:00Z\n  reset: true\n- preset: withdrawn\n")
    assert [fault.kind for fault in fault_file.read(path)] == ["reset", "withdrawn"]

    path.write_text('{"error": {"code": "INTERNAL"}}')
    assert fault_file.read(path) == (Fault(error=Error("INTERNAL")),)
    path.write_text("")
    assert fault_file.read(path) == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("- reset: true\n- rest: true\n", "Fault 2 of the list: There is no member 'rest'; the nearest is reset."),
        ("- [\n", "line 2, column 1: this is not YAML"),
        ("- {id: a, reset: true}\n- {id: a, reset: true}\n", "The fault 'a' already exists"),
        ("!!python/object:os.system {}", "this is not YAML"),
    ],
)
def test_a_bad_file_of_faults_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    """The error has the file, the place in it, and the nearest name."""
    path = tmp_path / "faults.yaml"
    path.write_text(text)
    with pytest.raises(BadInput) as caught:
        fault_file.read(path)

    assert str(caught.value).startswith(f"{path}: ")
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--preset", "falky"], "There is no preset 'falky'; the nearest is flaky."),
        (["--faults", "bad.yaml"], "bad.yaml: There is no member 'rest'; the nearest is reset."),
        (["--preset", "quota", "--preset", "quota"], "The fault 'quota-requests' already exists"),
        (["--faults", "missing.yaml"], "'missing.yaml' does not exist"),
    ],
)
def test_the_command_refuses_bad_faults_at_its_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], sentence: str
) -> None:
    """The status is 2, and a sentence says how to fix it."""
    (tmp_path / "bad.yaml").write_text("rest: true\n")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(serve, ["--port", "0", *options])

    assert result.exit_code == 2
    assert sentence in result.output


def test_a_create_that_starts_no_run_leaves_its_faults_to_the_next(
    http: FlaskClient,
    clock: ManualClock,
    create: Callable[[FlaskClient], str],
    tutorial: Callable[..., dict[str, Any]],
) -> None:
    """If another fault or its own body stops the create, faults of runs neither fire nor count it."""
    script = {"script": [{"step": 0, "fail": {"code": "INTERNAL"}}]}
    faults = [
        {"id": "first", "run": script, "required": False},
        {"id": "third", "skip": 2, "run": script},
        {"id": "lost", "method": "tunedModels.create", "error": {}},
    ]
    ok(http.post("/_emulator/faults", json=faults))

    refusal = http.post("/v1beta/tunedModels", json=tutorial())
    assert (refusal.status_code, refusal.headers["X-Tunedmodels-Note"]) == (503, "fault lost: error")
    assert http.post("/v1beta/tunedModels", json={**tutorial(), "baseModel": "models/none"}).status_code == 400
    assert not ok(http.get("/_emulator/faults/first"))["fired"]
    names = [create(http) for _ in range(3)]
    clock.advance(30)
    assert [ok(http.get(f"/v1beta/{name}"))["state"] for name in names] == ["FAILED", "ACTIVE", "FAILED"]


@pytest.mark.parametrize("window", [{"from": "2027-01-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, {"lasts": 0}])
def test_a_window_that_never_opens_is_refused(http: FlaskClient, window: dict[str, Any]) -> None:
    """The fault could never fire, and a test with it would fail for another reason."""
    answer = http.post("/_emulator/faults", json={"error": {}, **window})

    assert (answer.status_code, "closes before it opens" in answer.text) == (400, True)
