"""Controls: what a mock server of ours can be told beside the API. No other server has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

_PATIENCE = 30  # seconds
_FAILS_AT = 25  # percent of a run's steps: some were seen by then, and some never are
_FAILURE = {"code": "INTERNAL"}


class Controls:
    """Tells the server at *base_url*; *headers* say in which world."""

    def __init__(self, session: requests.Session, base_url: str, headers: Mapping[str, str] | None = None) -> None:
        self._session = session
        self._base_url = base_url
        self._headers = dict(headers or {})

    def within(self, headers: Mapping[str, str]) -> Controls:
        """Return those of the same server in the world that *headers* say."""
        return Controls(self._session, self._base_url, headers)

    @property
    def is_mock_server(self) -> bool:
        """Whether the server has any. Raises requests.RequestException where nothing answers."""
        return "now" in self._read("clock")

    @property
    def is_clock_manual(self) -> bool:
        """Whether its clock is moved by nothing but calls; a real one can be moved, too, and goes on by itself."""
        return self._read("clock").get("mode") == "manual"

    @property
    def can_fail_runs(self) -> bool:
        """Whether it can be told to let a run fail."""
        return "faults" in self._read("faults")

    def advance(self, seconds: float) -> None:
        """Move its clock."""
        self._tell("POST", "clock", {"advance": seconds})

    def fail_next_run(self, model_id: str) -> None:
        """Let the run of the model that is created next with this id fail, after some of its steps."""
        script = [{"percent": _FAILS_AT, "fail": _FAILURE}]
        self._tell("POST", "faults", {"method": "tunedModels.create", "model": model_id, "run": {"script": script}})

    def drop(self) -> None:
        """Drop the world."""
        self._send("DELETE", "world")

    def _read(self, path: str) -> dict[str, Any]:
        """Return the members of what is answered; none where it is something else."""
        answer = self._send("GET", path)
        try:
            value = answer.json() if answer.status_code == 200 else None
        except ValueError:
            value = None
        return value if isinstance(value, dict) else {}

    def _tell(self, method: str, path: str, body: Any) -> None:
        self._send(method, path, body).raise_for_status()

    def _send(self, method: str, path: str, body: Any = None) -> requests.Response:
        return self._session.request(
            method,
            f"{self._base_url}/_emulator/{path}",
            json=body,
            headers=self._headers,
            timeout=_PATIENCE,
            auth=lambda request: request,  # not those of a .netrc
        )
