"""The Python of the page about runs works, and its tables are complete."""

from __future__ import annotations

import re

from tunedmodels_mockserver import create_app
from tunedmodels_mockserver.core.runs.losses import Shape
from tunedmodels_mockserver.core.runs.script import Event, Run
from tunedmodels_mockserver.web.admin.clock import Move

from .pages import read_page, run_python

PAGE = read_page("runs.md")
OF_THE_SERVER = {"polls"}  # members of events that only the server writes


def test_python_of_the_page_runs() -> None:
    """The Python of the page runs block after block, and its assertions hold."""
    run_python("runs.md", 6)


def test_every_member_is_named() -> None:
    """The page names every member of an event, of a run and of a move of the clock, and every shape."""
    members = {*Event.__struct_fields__, *Run.__struct_fields__, *Move.__struct_fields__} - OF_THE_SERVER
    words = {word for pair in re.findall(r"`(\w+)[`:]|\"(\w+)\"", PAGE) for word in pair}

    assert members - words == set()
    assert {shape.value for shape in Shape} - words == set()


def test_verbs_are_those_of_the_server() -> None:
    """The page has the verbs that the server names when it refuses another one."""
    refusal = create_app().test_client().post("/_emulator/operations/a:halt", json={})
    verbs = set(re.findall(r":\w+", refusal.get_json()["error"].partition("send one of ")[2]))

    assert refusal.status_code == 404
    assert set(re.findall(r"^\| `(:\w+)`", PAGE, re.MULTILINE)) == verbs
