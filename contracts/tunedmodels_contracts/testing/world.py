"""A world of a mock server, for tests. The server's URL and the world's name are enough to use it."""

from __future__ import annotations

import uuid
from functools import cached_property
from types import TracebackType
from typing import Any

import requests

from tunedmodels import Client
from tunedmodels_mockserver.environment import client_variables
from tunedmodels_mockserver.testing import API_KEY, email_address, in_world

from .admin_api import Admin, direct_session
from .admin_api import WorldError as WorldError
from .caller import Caller
from .canned import Canned
from .clock import Clock, ClockChange
from .faults import Faults


class World:
    """The world called *name* of the mock server at *url*. Without a name it is a new world with a unique name.

    The server creates the world at the first request, so creating this object sends none. *session* is a
    ``requests.Session`` of the caller, who closes it; *admin_session* is another one, for calls about the world itself
    alone. A World is a context manager that drops the world at the end.
    """

    def __init__(
        self,
        url: str,
        name: str | None = None,
        *,
        session: requests.Session | None = None,
        admin_session: requests.Session | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self.name = f"world-{uuid.uuid4().hex}" if name is None else name
        self._caller_session = session
        self._session = admin_session or session or direct_session()
        self._owns_session = not (admin_session or session)
        self._users: dict[str, Caller] = {}
        self._admin = Admin(self.url, self.name, self._session)
        #: The clock of the world.
        self.clock: Clock = Clock(self._admin)
        #: The faults of the world.
        self.faults: Faults = Faults(self._admin)
        #: The canned rules of the world.
        self.canned: Canned = Canned(self._admin)

    @property
    def api_key(self) -> str:
        """An API key that names this world. A server with ``--auth strict`` accepts it too."""
        return in_world(API_KEY, self.name)

    @property
    def headers(self) -> dict[str, str]:
        """The headers that put a request into this world."""
        return {"x-goog-api-key": self.api_key}

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that point clients to this world: Google's clients, and ``tunedmodels``."""
        return client_variables(self.url, self.api_key)

    @cached_property
    def client(self) -> Client:
        """A client in this world."""
        return Client(self.url, api_key=self.api_key, session=self._caller_session)

    def as_user(self, email: str) -> Caller:
        """Return another user in the same world, with a ``client``, ``headers``, an ``api_key`` and a ``token``.

        Raises ValueError if *email* is not an e-mail address.
        """
        email = email_address(email)
        return self._users.setdefault(email, Caller(self.url, self.name, email, self._caller_session))

    def advance(self, seconds: float) -> ClockChange:
        """Move the world's clock forward by *seconds* at once."""
        return self.clock.advance(seconds)

    def run_to_end(self) -> ClockChange:
        """Move the world's clock until all runs have ended.

        ``stalled`` in the result has the operations that never end by time alone.
        """
        return self.clock.end()

    def journal(self, **filters: Any) -> list[dict[str, Any]]:
        """Return the requests to the world with their answers, the oldest first (at most 1,000).

        *filters* are those of ``GET /_emulator/journal``, such as ``method="tunedModels.create"`` or ``status="503"``.
        """
        return list(self._admin.ask("GET", "journal", **{"page_size": 1000, **filters})["entries"])

    def newest(self) -> int:
        """Return the number of the newest request in the journal, which is the count of all requests."""
        return int(self._admin.ask("GET", "journal", page_size=1)["newest"])

    def verdict(self) -> dict[str, Any]:
        """Return the server's verdict on the client, as ``GET /_emulator/verdict`` does."""
        return dict(self._admin.ask("GET", "verdict"))

    def reset(self) -> None:
        """Give the world the models, faults, rules and clock of a new world, and an empty journal. Snapshots stay.

        ``POST /_emulator/reset`` and the command ``reset`` do the same.
        """
        self._admin.ask("POST", "reset")

    def drop(self) -> dict[str, Any]:
        """Drop the world and return its content: ``faults``, ``misses``, ``missed``, ``models``."""
        return dict(self._admin.ask("DELETE", "world", tell="left"))

    def close(self) -> None:
        """Close the connections. The world stays on the server."""
        if "client" in vars(self):
            self.client.close()
        for user in self._users.values():
            user.close()
        if self._owns_session:
            self._session.close()

    def __enter__(self) -> World:
        """Return the world itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Drop the world, and close the connections."""
        try:
            self.drop()
        finally:
            self.close()
