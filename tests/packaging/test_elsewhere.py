"""A plain project installs the wheel with the extra ``contracts``, and its tests share one server."""

from __future__ import annotations

import os
import sys
import venv
from pathlib import Path

import pytest

from .conftest import run

TESTS = 60

pytestmark = pytest.mark.packaging

PROJECT = f"""
import os
from pathlib import Path

import pytest
from tunedmodels import Client


@pytest.mark.parametrize("number", range({TESTS}))
def test_world(tunedmodels_world, number):
    world = tunedmodels_world
    world.clock.freeze()
    with Client() as client:
        assert list(client.tuned_models.list()) == []
        operation = client.tuned_models.create(
            base_model="gemini-1.0-pro-001",
            tuned_model_id="mine",
            display_name=f"{{number}}",
            training_data=[("1", "2")],
        )
        world.run_to_end()
        assert operation.result(timeout=60).display_name == f"{{number}}"
        assert client.tuned_models.generate_content("mine", "ninety nine").text == "one hundred"
        assert [model.display_name for model in client.tuned_models.list()] == [f"{{number}}"]
    with Path(f"worlds-{{os.getpid()}}").open("a") as file:
        print(world.url, world.name, file=file)
"""


def test_many_tests_share_one_server(tmp_path: Path, wheel_file: Path) -> None:
    """The tests of three workers create models of the same name on one server, each in a world of its own."""
    venv.create(tmp_path / "venv")
    python = str(tmp_path / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-compile")
    run(*pip, f"{wheel_file}[contracts]", folder=tmp_path)
    project = tmp_path / "project"
    project.mkdir()
    (project / "test_project.py").write_text(PROJECT, encoding="utf-8")

    assert f"{TESTS} passed" in run(python, "-m", "pytest", "-q", "-n", "3", "-W", "error", folder=project)
    notes = list(project.glob("worlds-*"))
    worlds = [line.split() for note in notes for line in note.read_text(encoding="utf-8").splitlines()]
    assert len(notes) == 3
    assert len({url for url, _ in worlds}) == 1
    assert len({name for _, name in worlds}) == TESTS
