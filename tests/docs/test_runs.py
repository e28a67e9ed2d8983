"""The page about runs runs: its Python in one go, and its tables name what there is."""

from __future__ import annotations

import re
from pathlib import Path

from tunedmodels_mockserver import create_app
from tunedmodels_mockserver.core.runs.losses import Shape
from tunedmodels_mockserver.core.runs.script import Event, Run
from tunedmodels_mockserver.web.admin.clock import Move

PAGE = (Path(__file__).parents[2] / "docs" / "runs.md").read_text("utf-8")
OF_THE_SERVER = {"polls"}  # members of events that calls write, and no script has


def test_the_pages_python_runs() -> None:
    """Block after block, as a reader would type them; what they assert holds."""
    found = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

    assert len(found) == 6
    exec(compile("\n".join(found), "docs/runs.md", "exec"), {})


def test_every_member_is_named() -> None:
    """Whatever an event, a run or a move of the clock may say is on the page, and so is every shape."""
    members = {*Event.__struct_fields__, *Run.__struct_fields__, *Move.__struct_fields__} - OF_THE_SERVER
    named = set(re.findall(r"`(\w+)[`:]|\"(\w+)\"", PAGE))
    words = {word for pair in named for word in pair if word}

    assert members - words == set()
    assert {shape.value for shape in Shape} - words == set()


def test_every_verb_is_one() -> None:
    """The verbs of the page are those that the server names when it is sent another."""
    refusal = create_app().test_client().post("/_emulator/operations/a:halt", json={})
    known = set(re.findall(r":\w+", refusal.get_json()["error"].partition("send one of ")[2]))

    assert refusal.status_code == 404
    assert set(re.findall(r"^\| `(:\w+)`", PAGE, re.MULTILINE)) == known
