"""The pytest plugin. It imports nothing heavy: pytest loads it in every run of everyone who has the package."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .options import OPTIONS, attribute
from .testing.servers import Server as Server

if TYPE_CHECKING:
    import tunedmodels

    from .testing.servers import Servers
    from .testing.world import World

_SESSION = "tunedmodels-session"

_REPORTING = "tunedmodels-reporting"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the contract suite, each ``--tunedmodels-{name}``, and what an ini-file says of fixtures."""
    group = parser.getgroup("tunedmodels", "contracts of the Gemini API's tunedModels")
    for name, how in OPTIONS:
        group.addoption(f"--tunedmodels-{name}", dest=attribute(name), **how)
    parser.addini("tunedmodels_server", "shared or each: what the workers of pytest-xdist have", default="shared")
    parser.addini("tunedmodels_serve_args", "more arguments for the mock server", type="args", default=[])
    parser.addini("tunedmodels_leaks", "fail tests that leave models behind", type="bool", default=False)
    parser.addini("tunedmodels_verdict", "fail tests for findings: error, warning, advice or off", default="off")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marks of clauses and of tests that have a world."""
    config.addinivalue_line("markers", "clause(clause): the clause of the contract that a test is")
    config.addinivalue_line("markers", "tunedmodels(leaks, verdict, serve_args): what a test wants of its world")
    if config.pluginmanager.is_blocked(_SESSION):
        return
    given = (config.getoption(attribute(name)) for name, _ in OPTIONS)
    if any(value not in (None, False, "optional") for value in given) or any(map(_in_suite, config.args)):
        from .session.pytest_session import Session

        config.pluginmanager.register(Session(config), _SESSION)


def _in_suite(argument: str) -> bool:
    path = argument.partition("::")[0]
    return path.partition(".")[0] == __package__ or Path(path).absolute().is_relative_to(Path(__file__).parent)


@pytest.fixture(scope="session")
def _tunedmodels_servers(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    from .testing.failure_report import Reporting
    from .testing.servers import Servers

    how = pytestconfig.getini("tunedmodels_server")
    if how not in ("shared", "each"):
        raise pytest.UsageError(f"tunedmodels_server must be shared or each, got {how!r}.")
    pytestconfig.pluginmanager.register(Reporting(), _REPORTING)
    workers = how == "shared" and hasattr(pytestconfig, "workerinput")
    # The folder above that of a worker is that of the whole run.
    servers = Servers(tmp_path_factory.getbasetemp().parent if workers else None)
    yield servers
    servers.close()


@pytest.fixture(scope="session")
def tunedmodels_server(_tunedmodels_servers: Servers, pytestconfig: pytest.Config) -> Server:
    """A mock server of the Gemini API's model tuning, for the whole session; its base URL is ``.url``.

    A tuning run takes half a second. Tests that use the API keys ``test-{name}`` with a name each do not meet. The
    workers of pytest-xdist share one; with ``tunedmodels_server = each`` in the ini-file each has its own.
    """
    return _server(_tunedmodels_servers, pytestconfig.getini("tunedmodels_serve_args"))


@pytest.fixture
def tunedmodels_client(tunedmodels_server: Server) -> Iterator[tunedmodels.Client]:
    """A ``tunedmodels.Client`` of the mock server, in a world of this test alone: it begins with no models."""
    from tunedmodels import Client

    with Client(tunedmodels_server.url, api_key=f"test-{uuid.uuid4().hex}") as client:
        yield client


@pytest.fixture
def tunedmodels_world(request: pytest.FixtureRequest, _tunedmodels_servers: Servers) -> Iterator[World]:
    """A world of this test alone, with a ``client``, a ``clock``, ``faults`` and ``canned`` answers.

    The environment leads other clients there, too. The test fails at its end for faults that never fired and calls
    that no canned rule answered; by ``@pytest.mark.tunedmodels(leaks=True, verdict="error")`` for models that are left
    and for what the server has against the client.
    """
    from .testing.fixture import environment, held, name_for
    from .testing.options import wishes
    from .testing.world import World

    wished = wishes(request.node)
    server = _server(_tunedmodels_servers, wished.serve_args)
    world = World(server.url, name_for(request.node, uuid.uuid4().hex[:12]))
    with held(request.node, world, wished), environment(world.environment):
        yield world


@pytest.fixture
def tunedmodels_intercepted(request: pytest.FixtureRequest, _tunedmodels_servers: Servers) -> Iterator[World]:
    """A world like ``tunedmodels_world``, in this process and without a socket.

    What code asks the real service for, by requests or httpx, is answered by a fake; nothing else reaches it.
    """
    from .testing.fixture import held
    from .testing.interception import answering
    from .testing.options import wishes

    del _tunedmodels_servers  # it starts none; the reports come with it
    with answering() as world, held(request.node, world, wishes(request.node)):
        yield world


def _server(servers: Servers, arguments: Sequence[str]) -> Server:
    from .testing.servers import ServerError

    try:
        return servers.get(arguments)
    except ServerError as error:
        said = str(error)
    pytest.fail(said, pytrace=False)
