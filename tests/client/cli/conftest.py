"""Runs the command in this process, for one caller of a mock server."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from tunedmodels import Client
from tunedmodels._cli import main

if TYPE_CHECKING:
    from tunedmodels_contracts.plugin import Server

BASE = "gemini-1.0-pro-001"


class Command:
    """The command for one caller, in a world of its own. ``client`` is a client of the same caller."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.key = f"test-{uuid.uuid4().hex}"
        self.options = ["--base-url", url, "--api-key", self.key]
        self.client = Client(url, api_key=self.key)

    def __call__(self, *words: str, **more: Any) -> Result:
        result = CliRunner().invoke(main, [*words, *self.options], prog_name="tunedmodels", **more)
        assert "Traceback" not in result.stderr
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    def json(self, *words: str) -> Any:
        """Return the value that ``--json`` prints."""
        result = self(*words, "--json")
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)


@pytest.fixture
def command(tunedmodels_server: Server) -> Iterator[Command]:
    command = Command(tunedmodels_server.url)
    with command.client:
        yield command
