"""The target replay: what was recorded, and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
import requests

from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.recordings import (
    Exchange,
    Provenance,
    ReceivedResponse,
    Recording,
    SentRequest,
    UnrecordedRequest,
    UnusedExchanges,
    load,
    save,
)
from tunedmodels_contracts.suite import test_tutorial
from tunedmodels_contracts.targets.replay import PUBLISHED, replay
from tunedmodels_contracts.targets.scopes import ScopeTracker
from tunedmodels_contracts.targets.target import Target, TargetError

HOST = "https://generativelanguage.googleapis.com"


class LeftOut(BaseException):
    """A part was left out."""


def leave_out(sentence: str) -> NoReturn:
    raise LeftOut(sentence)


def exchange(path: str, body: str = "{}", status: int = 200, host: str = HOST) -> Exchange:
    headers = (("Content-Type", "application/json; charset=UTF-8"),)
    return Exchange(SentRequest("GET", f"{host}/{path}"), ReceivedResponse(status, "", headers, body.encode()))


Write = Callable[..., None]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a recording of a part."""

    def recording(name: str, *exchanges: Exchange, **variables: str) -> None:
        provenance = Provenance("hand-written", "this test")
        save(Recording(name, provenance, exchanges, variables), tmp_path / f"{name}.yaml")

    return recording


def api(target: Target) -> Api:
    return Api(target.session, target.base_url, target.caller)


def test_each_part_is_answered_from_its_own_recording(tmp_path: Path, write: Write) -> None:
    """The same request has another answer in another part; a shared run goes on where it was."""
    write("a.one", exchange("v1beta/tunedModels", '{"a": 1}'))
    write("runs.finished", exchange("v1beta/tunedModels", '{"a": 2}'), exchange("v1beta/tunedModels", '{"a": 3}'))
    with replay(tmp_path, left_out=leave_out) as target:
        seen = []
        for name in ("runs/finished", "a/one", "runs/finished"):
            with target.scopes.part(name):
                seen.append(api(target).get("v1beta/tunedModels").ok()["a"])
                target.on_scope_end() if name == "a/one" else None

    assert seen == [2, 1, 3]
    assert (target.kind, target.base_url) == ("replay", HOST)


def test_waiting_takes_no_time(tmp_path: Path, write: Write) -> None:
    """A run that took an hour is replayed at once, and its time goes on all the same."""
    write("a.one", exchange("v1beta/tunedModels"))
    with replay(tmp_path, left_out=leave_out) as target:
        target.clock.sleep(3600)

        assert target.clock.now() == 3600
        assert target.bound > 10**9


def test_names_come_out_as_recorded(tmp_path: Path, write: Write) -> None:
    """A name follows from the recorded session and the part, so that lists show it as it was recorded."""
    then = ScopeTracker("abc123")
    with then.part("runs/finished"):
        model_id = then.new_id()
    name = f"tunedModels/{model_id}"
    write("runs.finished", exchange(f"v1beta/{name}", f'{{"name": "{name}"}}'), run="abc123", model=model_id)
    write("a.one", exchange("v1beta/tunedModels", f'{{"tunedModels": [{{"name": "{name}"}}]}}'))
    with replay(tmp_path, left_out=leave_out) as target:
        with target.scopes.part("a/one"):
            listed = api(target).list_all("v1beta/tunedModels")
        with target.scopes.part("runs/finished"):
            got = api(target).get(f"v1beta/tunedModels/{target.scopes.new_id()}").ok()

    assert listed == [got] == [{"name": name}]


def test_names_of_another_session_stand_for_ours(tmp_path: Path, write: Write) -> None:
    """A recording of another day is answered with the names that are asked for now."""
    for run in ("abc123", "def456"):
        then = ScopeTracker(run)
        parts = ["a/one", "a/two"] if run == "abc123" else ["a/three"]
        for part in parts:
            with then.part(part):
                model_id = then.new_id()
            path = f"v1beta/tunedModels/{model_id}"
            write(part.replace("/", "."), exchange(path, f'{{"name": "tunedModels/{model_id}"}}'), run=run, id=model_id)
    with replay(tmp_path, left_out=leave_out) as target, target.scopes.part("a/three"):
        model_id = target.scopes.new_id()
        got = api(target).get(f"v1beta/tunedModels/{model_id}").ok()

    assert model_id.startswith("contracts-abc123")
    assert got == {"name": f"tunedModels/{model_id}"}


def test_a_part_without_a_recording_is_left_out(tmp_path: Path, write: Write) -> None:
    """It is left out at its first request, and may clean up what it has not made."""
    write("a.one", exchange("v1beta/tunedModels"))
    with replay(tmp_path, left_out=leave_out) as target, target.scopes.part("a/two"):
        with pytest.raises(LeftOut, match="there is no recording of a/two"):
            api(target).get("v1beta/tunedModels")

        assert api(target).delete("v1beta/tunedModels/any").status == 404


def test_what_is_not_as_recorded_fails(tmp_path: Path, write: Write) -> None:
    """A request that was not recorded is an assertion that fails, and so is one that was and is not asked for."""
    write("a.one", exchange("v1beta/tunedModels"), exchange("v1beta/models"))
    with replay(tmp_path, left_out=leave_out) as target:
        with pytest.raises(UnrecordedRequest, match="is asked between two parts"):
            api(target).get("v1beta/tunedModels")
        with target.scopes.part("a/one"):
            api(target).get("v1beta/tunedModels")
            with pytest.raises(UnrecordedRequest, match="is not recorded"):
                api(target).get("v1beta/tunedModels/any")
            with pytest.raises(UnusedExchanges, match=r"exchange 2 of a\.one: GET .*v1beta/models"):
                target.on_scope_end()


def test_a_shared_run_that_was_not_asked_for_all_fails(tmp_path: Path, write: Write) -> None:
    """What is left of a shared run shows in the end."""
    write("runs.finished", exchange("v1beta/tunedModels"), exchange("v1beta/models"))

    def run() -> None:
        with replay(tmp_path, left_out=leave_out) as target, target.scopes.part("runs/finished"):
            api(target).get("v1beta/tunedModels")

    with pytest.raises(UnusedExchanges, match=r"exchange 2 of runs\.finished"):
        run()


def test_there_is_no_network_meanwhile(tmp_path: Path, write: Write) -> None:
    """Other sessions are kept off the network, too."""
    write("a.one", exchange("v1beta/tunedModels"))

    def run() -> None:
        with replay(tmp_path, left_out=leave_out):
            requests.get("https://service.test", timeout=1)

    with pytest.raises(UnrecordedRequest, match="was not sent to the replay"):
        run()


def test_recordings_of_two_servers_do_not_mix(tmp_path: Path, write: Write) -> None:
    """What a stand-in said is not played beside what the service said."""
    write("a.one", exchange("v1beta/tunedModels"))
    write("a.two", exchange("v1beta/tunedModels", host="https://127.0.0.1:1"))

    with pytest.raises(TargetError, match=r"are of https://127\.0\.0\.1:1 and https://generativelanguage"):
        replay(tmp_path, left_out=leave_out).__enter__()


def test_what_a_page_does_not_show_is_not_there_to_delete(tmp_path: Path, write: Write) -> None:
    """Who cleans up after a published transcript finds nothing; of another, cleaning up has to be recorded."""
    with replay(PUBLISHED, left_out=leave_out) as target, target.scopes.part("tutorial/create-by-curl"):
        api(target).delete("v1beta/tunedModels/any").assert_error(404, "NOT_FOUND")

    write("a.one", exchange("v1beta/tunedModels"))
    with replay(tmp_path, left_out=leave_out) as target, target.scopes.part("a/one"), pytest.raises(UnrecordedRequest):
        api(target).delete("v1beta/tunedModels/any")


def test_runs_that_were_published_need_no_other() -> None:
    """The operations that the published transcripts show to be started are there from the beginning."""
    with replay(PUBLISHED, left_out=leave_out) as target:
        assert {
            name: operation.partition("/operations/")[0] for name, operation in target.prior_operations.items()
        } == {
            "tutorial/create-by-curl": "tunedModels/number-generator-model-dzlmi0gswwqb",
            "tutorial/create-by-python": "tunedModels/number-generator-wl1qr34x2py",
        }


def test_the_tutorial_is_replayed_without_an_option() -> None:
    """Its clauses hold on what was published: all of them, and no other runs."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "tunedmodels_contracts.session.plugin",
        "--pyargs",
        "tunedmodels_contracts.suite",
    ]
    run = subprocess.run(
        [*command, "--tunedmodels-target", "replay"], capture_output=True, text=True, timeout=120, check=False
    )

    assert run.returncode == 0, run.stdout[-4000:]
    assert re.search(r"^5 passed, \d+ skipped", run.stdout, re.MULTILINE), run.stdout[-400:]


@pytest.mark.parametrize("how", ["curl", "python"])
def test_the_clauses_send_what_the_page_sends(how: str) -> None:
    """The text is the page's, to the byte."""
    text = test_tutorial.TEXTS[f"tutorial/create-by-{how}"]("models/gemini-1.0-pro-001")
    (recorded,) = load(PUBLISHED / f"tutorial.create-by-{how}.yaml").exchanges

    assert text.encode() == recorded.request.body


def test_no_recordings(tmp_path: Path) -> None:
    """An empty folder proves nothing, and a file that is no recording is told."""
    with pytest.raises(TargetError, match=r"there is no recording in .*; name a folder that has some"):
        replay(tmp_path, left_out=leave_out).__enter__()

    (tmp_path / "a.one.yaml").write_text("contract: 1", encoding="utf-8")
    with pytest.raises(TargetError, match=r"--tunedmodels-recordings: a\.one\.yaml: contract"):
        replay(tmp_path, left_out=leave_out).__enter__()
