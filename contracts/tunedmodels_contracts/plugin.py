"""The pytest plugin. It imports nothing heavy: pytest loads it in every run of everyone who has the package."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import tunedmodels

TARGETS = ("fake", "url", "replay", "live")
LEVELS = ("required", "recommended", "optional")

_TIMES = ("--tuning-time", "0.5", "--queue-time", "0")
_SERVE = ("-m", "tunedmodels_mockserver", "serve", "--with-parent", "--port", "0", *_TIMES)


@dataclass(frozen=True)
class Server:
    """A mock server that answers: ``url`` is the base URL for clients, without a slash at the end."""

    url: str


OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("target", {"choices": TARGETS, "help": "what the clauses are checked on (default: fake)"}),
    ("url", {"metavar": "URL", "help": "the server to check, for the target url"}),
    ("token", {"metavar": "TOKEN", "help": "an access token of the caller, for the target url"}),
    ("second-token", {"metavar": "TOKEN", "help": "one of somebody else, for clauses about sharing"}),
    ("key", {"metavar": "KEY", "help": "an API key, for the target url"}),
    ("base-model", {"metavar": "NAME", "help": "the base model to tune (default: the first that the server lists)"}),
    ("bound", {"metavar": "SECONDS", "type": float, "help": "how long a tuning run may take (default: 600)"}),
    ("pause", {"metavar": "SECONDS", "type": float, "help": "between two looks at a run (default: 1)"}),
    ("level", {"choices": LEVELS, "default": "optional", "help": "leave out clauses of a lesser level"}),
    ("recordings", {"metavar": "DIR", "help": "the recordings to replay (default: those that are published)"}),
    ("record", {"metavar": "DIR", "help": "write what the target live answers, a file for each clause that held"}),
    ("spend", {"metavar": "LIMITS", "help": "what the target live may cost: tunings=1,requests=200,seconds=1800"}),
    ("anonymous", {"action": "store_true", "help": "ask the target live only what needs no credentials"}),
    ("ledger", {"metavar": "FILE", "help": "where the target live notes what it makes"}),
    ("known", {"metavar": "FILE", "help": "known differences, each with its reason and date"}),
    ("mutant", {"metavar": "NAME", "help": "spoil the answers, to see which clauses notice"}),
    ("report", {"metavar": "DIR", "help": "write the report there: JSON, JUnit, Markdown, HTML"}),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the contract suite, each ``--tunedmodels-{name}``."""
    group = parser.getgroup("tunedmodels", "contracts of the Gemini API's tunedModels")
    for name, how in OPTIONS:
        group.addoption(f"--tunedmodels-{name}", dest=f"tunedmodels_{name.replace('-', '_')}", **how)


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark of clauses."""
    config.addinivalue_line("markers", "clause(clause): the clause of the contract that a test is")
    given = (config.getoption(f"tunedmodels_{name.replace('-', '_')}") for name, _ in OPTIONS)
    if any(value not in (None, False, "optional") for value in given) or any(map(_in_suite, config.args)):
        from .session import Session

        config.pluginmanager.register(Session(config), "tunedmodels-session")


def _in_suite(argument: str) -> bool:
    path = argument.partition("::")[0]
    return path.partition(".")[0] == __package__ or Path(path).absolute().is_relative_to(Path(__file__).parent)


@pytest.fixture(scope="session")
def tunedmodels_server() -> Iterator[Server]:
    """A mock server of the Gemini API's model tuning, for the whole session; its base URL is ``.url``.

    A tuning run takes half a second. Tests that use the API keys ``test-{name}`` with a name each do not meet.
    """
    with subprocess.Popen([sys.executable, *_SERVE], stdout=subprocess.PIPE, text=True) as process:
        try:
            ready = process.stdout.readline() if process.stdout else ""
            if not ready.startswith("READY "):
                pytest.fail(
                    f"The mock server did not start (status {process.wait()}); what it said is on stderr. "
                    "Its parts come with: pip install 'tunedmodels[contracts]'",
                    pytrace=False,
                )
            yield Server(url=ready.split()[1].removeprefix("url="))
        finally:
            process.terminate()


@pytest.fixture
def tunedmodels_client(tunedmodels_server: Server) -> Iterator[tunedmodels.Client]:
    """A ``tunedmodels.Client`` of the mock server, in a world of this test alone: it begins with no models."""
    from tunedmodels import Client

    with Client(tunedmodels_server.url, api_key=f"test-{uuid.uuid4().hex}") as client:
        yield client
