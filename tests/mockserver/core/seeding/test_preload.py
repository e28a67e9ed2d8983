"""Tests the preload, with which new worlds begin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient

from tunedmodels_mockserver import Clock, ManualClock, Mode, Pace, Settings, create_app
from tunedmodels_mockserver.stores.errors import BadState

from ...conftest import START, ok
from ...serving import run_command, serve_process

SHORT = """
models:
  - id: finished
    displayName: Done
    owner: alice@example.com
    permissions:
      - {everyone: true}
      - {group: team@example.com, role: WRITER}
  - id: halfway
    state: CREATING
    percent: 50
    epochCount: 10
    batchSize: 2
    examples:
      - {input: "1", output: "2"}
      - {input: one, output: two}
"""


def write(folder: Path, text: str, name: str = "models.yaml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def start(path: Path, clock: ManualClock, **settings: Any) -> FlaskClient:
    return create_app(Settings(seed=1, preload=path, **settings), clock.now).test_client()


def test_a_short_list_of_models(tmp_path: Path, clock: ManualClock) -> None:
    """Each model is as after a create call, at the percentage of its run in the list."""
    http = start(write(tmp_path, SHORT), clock)
    finished = ok(http.get("/v1beta/tunedModels/finished"))
    half = ok(http.get("/v1beta/tunedModels/halfway"))

    assert (finished["state"], finished["displayName"]) == ("ACTIVE", "Done")
    assert (half["state"], half["tuningTask"]["hyperparameters"]["epochCount"]) == ("CREATING", 10)
    assert 4 <= len(half["tuningTask"]["snapshots"]) <= 6
    operation = ok(http.get("/v1/tunedModels/halfway/operations"))["operations"][0]
    assert operation["metadata"]["totalSteps"] == 10
    grants = ok(http.get("/v1beta/tunedModels/finished/permissions", headers={"X-Goog-Api-Key": "alice@example.com"}))
    assert [(grant["role"], grant.get("emailAddress")) for grant in grants["permissions"]] == [
        ("OWNER", "alice@example.com"),
        ("READER", None),
        ("WRITER", "team@example.com"),
    ]
    clock.advance(30)
    assert ok(http.get("/v1beta/tunedModels/halfway"))["state"] == "ACTIVE"
    prompt = {"contents": [{"parts": [{"text": "one"}], "role": "user"}]}
    assert "two" in http.post("/v1beta/tunedModels/halfway:generateContent", json=prompt).text


def test_list_in_the_docs_is_valid(tmp_path: Path, clock: ManualClock) -> None:
    """Users can copy it."""
    page = (Path(__file__).parents[4] / "docs" / "state.md").read_text("utf-8")
    block = page.partition("```yaml\n")[2].partition("```")[0]
    http = start(write(tmp_path, block), clock)

    assert ok(http.get("/v1beta/tunedModels/number-generator"))["state"] == "ACTIVE"
    alice = {"X-Goog-Api-Key": "alice@example.com"}
    assert ok(http.get("/v1beta/tunedModels/halfway", headers=alice))["state"] == "CREATING"


def test_every_new_world_has_the_preload(tmp_path: Path, clock: ManualClock) -> None:
    """The time does not matter. Worlds do not share changes, and a dropped world begins with the preload again."""
    http = start(write(tmp_path, SHORT), clock)
    ok(http.get("/v1beta/tunedModels/halfway"))
    clock.advance(3600)
    late = {"X-Test-Id": "late"}

    assert ok(http.get("/v1beta/tunedModels/halfway", headers=late))["state"] == "CREATING"
    ok(http.delete("/v1beta/tunedModels/halfway", headers=late))
    assert ok(http.get("/v1beta/tunedModels/halfway"))["state"] == "ACTIVE"
    ok(http.delete("/_emulator/world", headers=late))
    assert ok(http.get("/v1beta/tunedModels/halfway", headers=late))["state"] == "CREATING"


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        ('{"id": "a", "name": "x"}', "There is no member 'name'"),
        ('{"displayName": "x"}', "missing required field `id`"),
        ('{"id": ""}', "models[0], '': id is empty; give one, such as number-generator."),
        ('{"id": "A b"}', "models[0], 'A b': * CreateTunedModelRequest.tuned_model_id: tuned_model_id must match"),
        ('{"id": "a"}, {"id": "a"}', "models[1]: the id 'a' is a duplicate; give each model its own id."),
        ('{"id": "a", "baseModel": "models/gpt"}', "models[0], 'a': "),
        ('{"id": "a", "state": "DONE"}', "'DONE' is none of ACTIVE, CREATING"),
        (
            '{"id": "a", "percent": 50}',
            "percent must be 100 for an ACTIVE model, and from 0 to below 100 for a CREATING one, got 50.0.",
        ),
        ('{"id": "a", "epochCount": -1}', "must be greater than 0"),
        (
            '{"id": "a", "permissions": [{"role": "READER"}]}',
            "A permission must set exactly one of user, group and everyone.",
        ),
        ('{"id": "a", "permissions": [{"user": "developer@example.com"}]}', "permissions has a duplicate"),
    ],
)
def test_a_bad_model_is_refused(tmp_path: Path, clock: ManualClock, model: str, sentence: str) -> None:
    """The sentence names the file and the model."""
    path = write(tmp_path, f'{{"models": [{model}]}}', "models.json")

    with pytest.raises(BadState) as refusal:
        start(path, clock)
    assert str(refusal.value).startswith(f"{path}: ")
    assert sentence in str(refusal.value)


def export(http: FlaskClient, path: Path, query: str = "?world=*") -> Path:
    path.write_bytes(http.get(f"/_emulator/state{query}").data)
    return path


def test_an_export_is_a_preload(tmp_path: Path, clock: ManualClock) -> None:
    """Worlds in the file are restored, all others begin as its default world; runs continue from their times."""
    http = start(write(tmp_path, SHORT), clock)
    before = ok(http.get("/v1beta/tunedModels"))
    ok(http.delete("/v1beta/tunedModels/halfway", headers={"X-Test-Id": "w1"}))
    path = export(http, tmp_path / "state.json")
    clock.advance(4)

    again = start(path, clock)
    assert ok(again.get("/v1beta/tunedModels")) == ok(http.get("/v1beta/tunedModels")) != before
    assert again.get("/v1beta/tunedModels/halfway", headers={"X-Test-Id": "w1"}).status_code == 404
    assert ok(again.get("/v1beta/tunedModels/halfway", headers={"X-Test-Id": "w2"}))["state"] == "CREATING"


def test_resume_continues_from_the_time_of_the_export(tmp_path: Path, clock: ManualClock) -> None:
    """Unfinished runs continue in each new world, however late the world is created."""
    http = start(write(tmp_path, SHORT), clock)
    before = ok(http.get("/v1beta/tunedModels"))
    path = export(http, tmp_path / "state.json")
    clock.advance(86_400)

    assert ok(start(path, clock).get("/v1beta/tunedModels/halfway"))["state"] == "ACTIVE"
    resumed = start(path, clock, resume=True)
    assert ok(resumed.get("/v1beta/tunedModels")) == before
    clock.advance(30)
    assert ok(resumed.get("/v1beta/tunedModels/halfway"))["state"] == "ACTIVE"
    assert ok(resumed.get("/v1beta/tunedModels", headers={"X-Test-Id": "late"})) == before


def test_single_world_of_a_file_begins_every_world(tmp_path: Path, clock: ManualClock) -> None:
    """The state may be that of a named world."""
    http = create_app(Settings(seed=1), clock.now).test_client()
    body = {"baseModel": "models/gemini-1.0-pro-001", "displayName": "x", "tuningTask": {}}
    ok(http.post("/v1beta/tunedModels?tunedModelId=own&key=test-w1", json=body))

    path = export(http, tmp_path / "state.json", "?key=test-w1")
    again = start(path, clock)
    assert ok(again.get("/v1beta/tunedModels/own"))["displayName"] == "x"


def test_options_win_over_the_file(tmp_path: Path, clock: ManualClock) -> None:
    """The clock and pace of the options replace those of the file; time continues from the file's."""
    http = start(write(tmp_path, SHORT), clock, pace=Pace(tuning_time=7))
    path = export(http, tmp_path / "state.json")
    clock.advance(100)

    controls = create_app(Settings(preload=path), clock.now).extensions["tunedmodels"].get("").controls
    assert controls.pace == Pace(tuning_time=7)
    app = create_app(Settings(preload=path, clock=Clock(Mode.MANUAL), pace=Pace(9)), clock.now)
    world = app.extensions["tunedmodels"].get("")
    assert world.controls.pace == Pace(9)
    assert (world.controls.clock.mode, world.now()) == (Mode.MANUAL, START)


def test_folder_means_all_its_files(tmp_path: Path, clock: ManualClock) -> None:
    """Short lists add models to states; two files with the same world are refused."""
    http = create_app(Settings(seed=1), clock.now).test_client()
    body = {"baseModel": "models/gemini-1.0-pro-001", "displayName": "x", "tuningTask": {}}
    ok(http.post("/v1beta/tunedModels?tunedModelId=own", json=body))
    export(http, tmp_path / "a.json")
    write(tmp_path, SHORT)
    write(tmp_path, "no preload", "README.txt")

    both = start(tmp_path, clock)
    names = [model["name"] for model in ok(both.get("/v1beta/tunedModels"))["tunedModels"]]
    assert names == ["tunedModels/own", "tunedModels/halfway"]
    assert ok(both.get("/v1beta/tunedModels/finished"))["state"] == "ACTIVE"
    export(http, tmp_path / "b.json")
    with pytest.raises(BadState, match=r"b\.json has the world '', which another file of the folder has, too"):
        start(tmp_path, clock)


def test_the_command_exports_and_preloads(tmp_path: Path) -> None:
    """The models that exist at a clean exit exist at the next start."""
    path = tmp_path / "state.json"
    with serve_process("--preload", str(write(tmp_path, SHORT)), "--export-on-exit", str(path)) as (process, url):
        assert requests.delete(f"{url}/v1beta/tunedModels/halfway", timeout=30).status_code == 200
        process.terminate()
        assert process.wait(30) == 0

    assert json.loads(path.read_text("utf-8"))["format"] == "tunedmodels-state"
    with serve_process("--preload", str(path), "--resume") as (_process, url):
        assert requests.get(f"{url}/v1beta/tunedModels", timeout=30).json() == {}
        assert requests.get(f"{url}/v1beta/tunedModels/finished", timeout=30).json()["state"] == "ACTIVE"


def test_unusable_file_ends_the_command_with_status_4(tmp_path: Path) -> None:
    """A sentence names the file and what to do, before the server starts."""
    bad = write(tmp_path, '{"format": "tunedmodels-state", "version": 3}', "new.json")
    cases = [
        (["--preload", str(bad)], f"{bad}: The file has version 3 of the format; this server reads version 2."),
        (["--preload", str(write(tmp_path, "{", "cut.json"))], "cut.json: The file is not JSON, or it is cut off"),
        (["--preload", str(write(tmp_path, "a: [", "bad.yaml"))], "bad.yaml: line 1, column 5: this is not YAML: "),
        (
            ["--preload", str(write(tmp_path, "[" * 5_000, "deep.yaml"))],
            "deep.yaml: this YAML is nested too deeply",
        ),
        (["--export-on-exit", str(tmp_path / "no" / "f")], f"Cannot write into the folder {tmp_path / 'no'}: "),
        (["--store", "sqlite://"], "A store of the kind sqlite needs a file: "),
        (["--store", f"sqlite:///{tmp_path}/no/f"], f"The folder {tmp_path}/no of the store does not exist."),
        (["--store", f"sqlite:///{bad}"], "Cannot use the store sqlite:///"),
        (["--store", "mysql://h/n"], "There is no store of the kind 'mysql'. Give memory, sqlite:///FILE or"),
        (["--store", "redis"], "'redis' is not a store. Give memory, sqlite:///FILE or postgresql://HOST/NAME."),
        (["--store", "postgresql://u:secret@127.0.0.1:1/x"], "Cannot use the store postgresql://u:***@127.0.0.1:1/x: "),
        (
            ["--store", "postgresql://u@127.0.0.1:1/x?password=secret"],
            "Cannot use the store postgresql://u@127.0.0.1:1/x: ",
        ),
        (
            ["--store", "postgresql://u:secret@127.0.0.1:port/x"],
            "The URL is not a store. Give memory, sqlite:///FILE or",
        ),
    ]
    for options, sentence in cases:
        result = run_command("serve", *options)
        assert (result.exit_code, sentence in result.stderr) == (4, True), (options, result.stderr)
        assert "secret" not in result.stderr
