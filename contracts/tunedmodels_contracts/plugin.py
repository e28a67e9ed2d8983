"""The pytest plugin for tests that need a mock server.

It imports nothing heavy, because pytest loads it in every run in an environment with this package.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pytest

from .testing.server_process import Server as Server

if TYPE_CHECKING:
    import tunedmodels

    from .testing.servers import Servers
    from .testing.world import World

_FAILURE_REPORT = "tunedmodels-failure-report"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ini-file options of the fixtures."""
    parser.addini(
        "tunedmodels_server", "shared or each: whether the workers of pytest-xdist share one server", default="shared"
    )
    parser.addini("tunedmodels_serve_args", "more arguments for the mock server", type="args", default=[])
    parser.addini("tunedmodels_leaks", "fail tests that leave models behind", type="bool", default=False)
    verdict_help = "the lowest severity of findings that fail a test: error, warning, advice or off"
    parser.addini("tunedmodels_verdict", verdict_help, default="off")


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark with the options of a test's world."""
    config.addinivalue_line("markers", "tunedmodels(leaks, verdict, serve_args): the options of the test's world")


@pytest.fixture(scope="session")
def _tunedmodels_servers(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    from .testing.failure_report import FailureReport
    from .testing.servers import Servers

    mode = pytestconfig.getini("tunedmodels_server")
    if mode not in ("shared", "each"):
        raise pytest.UsageError(f"tunedmodels_server must be shared or each, got {mode!r}.")
    pytestconfig.pluginmanager.register(FailureReport(), _FAILURE_REPORT)
    workers = mode == "shared" and hasattr(pytestconfig, "workerinput")
    # The parent of a worker's folder is the folder of the whole run.
    servers = Servers(tmp_path_factory.getbasetemp().parent if workers else None)
    yield servers
    servers.close()


@pytest.fixture(scope="session")
def tunedmodels_server(_tunedmodels_servers: Servers, pytestconfig: pytest.Config) -> Server:
    """A mock server of the Gemini API's model tuning, for the whole session; its base URL is ``.url``.

    A tuning run takes half a second. Tests that use different API keys of the form ``test-{name}`` are in different
    worlds. The workers of pytest-xdist share one server. With ``tunedmodels_server = each`` in the ini-file, each
    worker has its own.
    """
    return _server(_tunedmodels_servers, pytestconfig.getini("tunedmodels_serve_args"))


@pytest.fixture
def tunedmodels_client(tunedmodels_server: Server) -> Iterator[tunedmodels.Client]:
    """A ``tunedmodels.Client`` of the mock server, in a world of this test alone. The world has no models at first."""
    from tunedmodels import Client

    with Client(tunedmodels_server.url, api_key=f"test-{uuid.uuid4().hex}") as client:
        yield client


@pytest.fixture
def tunedmodels_world(request: pytest.FixtureRequest, _tunedmodels_servers: Servers) -> Iterator[World]:
    """A world of this test alone, with a ``client``, a ``clock``, ``faults`` and ``canned`` answers.

    Environment variables point other clients to this world too. At its end the test fails if a fault never fired or
    if no canned rule answered a call. With ``@pytest.mark.tunedmodels(leaks=True, verdict="error")`` it also fails for
    models that it leaves behind, and for errors that the server finds in the client's behavior.
    """
    from .testing.fixture import environment, name_for, world_for_test
    from .testing.options import world_options
    from .testing.world import World

    options = world_options(request.node)
    server = _server(_tunedmodels_servers, options.serve_args)
    name = name_for(request.node, uuid.uuid4().hex[:12])
    world = World(server.url, name, admin_session=_tunedmodels_servers.admin_session)
    with world_for_test(request.node, world, options), environment(world.environment):
        yield world


@pytest.fixture
def tunedmodels_intercepted(request: pytest.FixtureRequest, _tunedmodels_servers: Servers) -> Iterator[World]:
    """A world like ``tunedmodels_world``, in this process and without a socket.

    A mock server answers the calls that code makes to the real service through requests, httpx or aiohttp. Calls
    through other libraries fail if they look up the service's name in Python.
    """
    from .testing.fixture import world_for_test
    from .testing.interception import answer_service_calls
    from .testing.options import world_options

    del _tunedmodels_servers  # it starts no server here, but it registers the failure report
    with answer_service_calls() as world, world_for_test(request.node, world, world_options(request.node)):
        yield world


def _server(servers: Servers, arguments: Sequence[str]) -> Server:
    from .testing.server_process import ServerError

    try:
        return servers.get(arguments)
    except ServerError as error:
        message = str(error)
    pytest.fail(message, pytrace=False)
