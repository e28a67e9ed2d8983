"""A user in a world, with the credentials that name the user to the server."""

from __future__ import annotations

from functools import cached_property

import requests
from google.oauth2.credentials import Credentials

from tunedmodels import Client
from tunedmodels_mockserver.testing import access_token, in_world


class Caller:
    """The user with the address *email* in the world called *world* of the server at *url*."""

    def __init__(self, url: str, world: str, email: str, session: requests.Session | None) -> None:
        self.url = url
        self.email = email
        self._world = world
        self._session = session

    @property
    def api_key(self) -> str:
        """An API key that names the user to a server that accepts every caller."""
        return in_world(self.email, self._world)

    @property
    def token(self) -> str:
        """An access token of the user. A server with ``--auth strict`` accepts it too."""
        return access_token(self.email, self._world)

    @property
    def headers(self) -> dict[str, str]:
        """The headers for requests of the user."""
        return {"Authorization": f"Bearer {self.token}"}

    @cached_property
    def client(self) -> Client:
        """A client with the token of the user."""
        return Client(self.url, credentials=Credentials(token=self.token), session=self._session)

    def close(self) -> None:
        """Close the client, if it was used."""
        if "client" in vars(self):
            self.client.close()
