"""Person: somebody in a world, with what names them to the server."""

from __future__ import annotations

from functools import cached_property

import requests
from google.oauth2.credentials import Credentials

from tunedmodels import Client
from tunedmodels_mockserver.core.callers.grants import AccessGrant
from tunedmodels_mockserver.core.callers.scopes import TUNING
from tunedmodels_mockserver.core.world_names import with_world

_FOREVER = 8_000_000_000  # a second in 2223, by which a token expires


class Caller:
    """Who has the address *email* in the world called *world* of the server at *url*."""

    def __init__(self, url: str, world: str, email: str, session: requests.Session | None) -> None:
        self.url = url
        self.email = email
        self._world = world
        self._session = session

    @property
    def api_key(self) -> str:
        """An API key by which a server that takes every caller knows them."""
        return with_world(self.email, self._world)

    @property
    def token(self) -> str:
        """An access token, which ``--auth strict`` takes too."""
        return with_world(AccessGrant(self.email, TUNING, _FOREVER, self.email).token(), self._world)

    @property
    def headers(self) -> dict[str, str]:
        """The headers of their requests."""
        return {"Authorization": f"Bearer {self.token}"}

    @cached_property
    def client(self) -> Client:
        """Their client."""
        return Client(self.url, credentials=Credentials(token=self.token), session=self._session)

    def close(self) -> None:
        """Close their client, if there is one."""
        if "client" in vars(self):
            self.client.close()
