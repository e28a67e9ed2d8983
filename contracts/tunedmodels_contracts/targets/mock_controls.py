"""Controls a mock server of this project by calls beside the API, which no other server has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

_PATIENCE = 30  # seconds
_FAILS_AT = 25  # percent of a run's steps, so that a client sees some steps, but never all
_FAILURE = {"code": "INTERNAL"}


class Controls:
    """The controls of the server at *base_url*. *headers* select the world."""

    def __init__(self, session: requests.Session, base_url: str, headers: Mapping[str, str] | None = None) -> None:
        self._session = session
        self._base_url = base_url
        self._headers = dict(headers or {})

    def within(self, headers: Mapping[str, str]) -> Controls:
        """Return the controls of the same server in the world that *headers* select."""
        return Controls(self._session, self._base_url, headers)

    @property
    def is_mock_server(self) -> bool:
        """Whether the server has these controls. Raises requests.RequestException if nothing answers."""
        return "now" in self._read("clock")

    @property
    def is_clock_manual(self) -> bool:
        """Whether only calls move the server's clock. Calls can move a real clock, too, but it also moves by itself."""
        return self._read("clock").get("mode") == "manual"

    @property
    def can_fail_runs(self) -> bool:
        """Whether the server can make a run fail on request."""
        return "faults" in self._read("faults")

    def advance(self, seconds: float) -> None:
        """Move the server's clock forward by *seconds*."""
        self._command("POST", "clock", {"advance": seconds})

    def fail_next_run(self, model_id: str) -> None:
        """Make the run of the next model that is created with *model_id* fail, after some of its steps."""
        script = [{"percent": _FAILS_AT, "fail": _FAILURE}]
        self._command("POST", "faults", {"method": "tunedModels.create", "model": model_id, "run": {"script": script}})

    def drop(self) -> None:
        """Drop the world."""
        self._send("DELETE", "world")

    def _read(self, path: str) -> dict[str, Any]:
        """Return the members of the answer. Return none if the answer is not a JSON object with status 200."""
        response = self._send("GET", path)
        try:
            value = response.json() if response.status_code == 200 else None
        except ValueError:
            value = None
        return value if isinstance(value, dict) else {}

    def _command(self, method: str, path: str, body: Any) -> None:
        self._send(method, path, body).raise_for_status()

    def _send(self, method: str, path: str, body: Any = None) -> requests.Response:
        return self._session.request(
            method,
            f"{self._base_url}/_emulator/{path}",
            json=body,
            headers=self._headers,
            timeout=_PATIENCE,
            auth=lambda request: request,  # otherwise requests sends the password of a .netrc file
        )
