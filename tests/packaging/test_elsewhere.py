"""A plain project elsewhere, with nothing but the wheel's extra ``contracts``."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = 200

pytestmark = pytest.mark.packaging

PROJECT = f"""
import os
from pathlib import Path

import pytest
from tunedmodels import Client


@pytest.mark.parametrize("number", range({TESTS}))
def test_alone(tunedmodels_world, number):
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
    with Path(f"seen-{{os.getpid()}}").open("a") as file:
        print(world.url, world.name, file=file)
"""


def ran(*command: str, cwd: Path) -> str:
    """What a command says; it has to succeed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}
    run = subprocess.run(
        command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert run.returncode == 0, run.stdout
    return run.stdout


def test_many_tests_share_one_server_and_never_meet(tmp_path: Path) -> None:
    """200 tests, each of which makes a model of the same name, on one server for all workers."""
    ran(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT), cwd=ROOT)
    (wheel,) = tmp_path.glob("*.whl")
    venv.create(tmp_path / "venv", with_pip=True)
    python = str(tmp_path / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    ran(python, "-m", "pip", "install", "-q", f"{wheel}[contracts]", cwd=tmp_path)
    project = tmp_path / "project"
    project.mkdir()
    (project / "test_project.py").write_text(PROJECT, encoding="utf-8")

    assert f"{TESTS} passed" in ran(python, "-m", "pytest", "-q", "-n", "3", "-W", "error", cwd=project)
    seen = [line.split() for note in project.glob("seen-*") for line in note.read_text(encoding="utf-8").splitlines()]
    assert len(list(project.glob("seen-*"))) == 3
    assert len({url for url, _ in seen}) == 1
    assert len({name for _, name in seen}) == TESTS
