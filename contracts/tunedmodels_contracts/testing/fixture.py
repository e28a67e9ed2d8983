"""Gives a test its world and the environment variables that point to it, and checks the world at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from tunedmodels_mockserver.environment import OTHER_KEY

from .checks import findings, unmet_expectations
from .failure_report import PASSED, WORLDS
from .options import WorldOptions
from .world import World, WorldError

# These variables would point clients to another server, or make them send real credentials to the mock server.
HIDDEN = (OTHER_KEY, "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_CLOUD_QUOTA_PROJECT")


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set the environment *variables* during the block, and remove those in ``HIDDEN``."""
    with pytest.MonkeyPatch.context() as patch:
        for name in HIDDEN:
            patch.delenv(name, raising=False)
        for name, value in variables.items():
            patch.setenv(name, value)
        yield


@contextmanager
def world_for_test(item: pytest.Item, world: World, options: WorldOptions) -> Iterator[World]:
    """Attach *world* to the test *item* during the block, and drop the world at the end.

    If the test passed, fail it for unmet expectations and for the findings that *options* names. Fail it too if the
    server does not answer at the end.
    """
    item.stash[WORLDS] = (*item.stash.get(WORLDS, ()), world)
    problems: list[str] = []
    try:
        yield world
    finally:
        item.stash[WORLDS] = tuple(other for other in item.stash[WORLDS] if other is not world)
        try:
            if item.stash.get(PASSED, False) and options.verdict:
                problems = findings(world.verdict(), options.verdict)
            content = world.drop()
            if item.stash.get(PASSED, False):
                problems = unmet_expectations(content, leaks=options.leaks) + problems
        except WorldError as error:
            problems.append(str(error))
        finally:
            world.close()
    if problems:
        pytest.fail("\n".join((f"In the world {world.name} of this test:", *problems)), pytrace=False)


def name_for(item: pytest.Item, unique: str) -> str:
    """Return a name for the world of *item*: a readable form of the test's name, and *unique*."""
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in item.name)
    return f"{plain[:60].strip('-')}-{unique}"
