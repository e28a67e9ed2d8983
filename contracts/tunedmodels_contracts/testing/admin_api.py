"""A client of the mock server's admin API, for one world. The objects of a ``World`` use it."""

from __future__ import annotations

from typing import Any

import requests

_TIMEOUT = 30  # seconds for one request


class WorldError(Exception):
    """The server refused a request about a world, or gave no answer; ``status`` is the HTTP status, 0 for no answer."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


def direct_session() -> requests.Session:
    """Return a session that uses no proxy and no password from ~/.netrc."""
    session = requests.Session()
    session.trust_env = False
    return session


class Admin:
    """A client of the admin API at *url*, for the world called *name*."""

    def __init__(self, url: str, name: str, session: requests.Session) -> None:
        self._root = f"{url}/_emulator"
        self._headers = {"X-Test-Id": name} if name else {}
        self._session = session

    def ask(self, method: str, path: str, body: Any = None, /, **query: Any) -> Any:
        """Send *body* as JSON to *path* with the parameters *query*, and return the JSON object in the answer.

        Raises WorldError if no server answers, if it refuses the request, or if the answer is not a JSON object.
        """
        arguments: dict[str, Any] = {"params": query, "headers": self._headers, "timeout": _TIMEOUT}
        if body is not None:
            arguments["json"] = body
        try:
            answer = self._session.request(method, f"{self._root}/{path}", **arguments)
        except requests.RequestException as error:
            raise WorldError(f"No mock server answers at {self._root}: {type(error).__name__}: {error}") from error
        try:
            content = answer.json()
        except ValueError:
            content = None
        if not answer.ok or not isinstance(content, dict):
            message = content.get("error") if isinstance(content, dict) else None
            text = (
                message
                if isinstance(message, str)
                else f"The server answered {method} {answer.url} with {answer.status_code}."
            )
            raise WorldError(text, answer.status_code)
        return content
