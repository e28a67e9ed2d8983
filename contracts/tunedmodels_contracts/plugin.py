"""The pytest plugin. It imports nothing heavy: pytest loads it in every run of everyone who has the package."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import tunedmodels

_TIMES = ("--tuning-time", "0.5", "--queue-time", "0")
_SERVE = ("-m", "tunedmodels_mockserver", "serve", "--with-parent", "--port", "0", *_TIMES)


@dataclass(frozen=True)
class Server:
    """A mock server that answers: ``url`` is the base URL for clients, without a slash at the end."""

    url: str


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
