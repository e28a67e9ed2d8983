"""Adds the last requests of its world to the report of a test that fails."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from typing import Any

import pytest

from .world import World, WorldError

WORLDS = pytest.StashKey[tuple[World, ...]]()
PASSED = pytest.StashKey[bool]()
_LAST = 5  # requests in a report


class FailureReport:
    """A pytest plugin for tests with worlds.

    It reads the worlds of a test from its stash under ``WORLDS``, and stores there under ``PASSED`` whether it passed.
    """

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Store whether the test passed. If it failed, add a section with the last requests for each world."""
        report = yield
        worlds = item.stash.get(WORLDS, ())
        if not worlds or call.when != "call":
            return report
        item.stash[PASSED] = report.passed
        if report.failed:
            report.sections += [(f"last requests of the world {world.name}", _last_requests(world)) for world in worlds]
        return report


def _last_requests(world: World) -> str:
    try:
        newest = world.newest()
        entries = world.journal(since=max(newest - _LAST, 0))
    except WorldError as error:
        return str(error)
    return "\n".join(map(request_line, entries)) or "none"


def request_line(entry: Mapping[str, Any]) -> str:
    """Return a line for the journal's *entry*: the request, the answer's status and error, and the fault, if any."""
    request = f"{entry['http']} {entry['path']}{'?' if entry['query'] else ''}{entry['query']}"
    parts = [f"{entry['number']}: {request} → {entry['status']}"]
    content = (entry["answer"] or {}).get("content")
    error = content.get("error") if isinstance(content, dict) else None
    if isinstance(error, dict) and error.get("message"):
        parts.append(json.dumps(error["message"], ensure_ascii=False)[:200])
    parts += [f"fault {entry['fault']}"] if entry["fault"] else []
    parts += ["the connection was cut"] if entry["lost"] else []
    return " · ".join(parts)
