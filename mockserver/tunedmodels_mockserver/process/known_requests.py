"""Keeps what the parser made of whole requests, so that the same bytes are parsed once.

A client that polls sends the same bytes each time, and equal bytes always give an equal environment.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

import msgspec

_MAX_REQUESTS = 512
_MAX_SIZE = 4096  # bytes of such a request


class KnownRequest(msgspec.Struct, frozen=True):
    """A request: the part of its environment that comes from the client, and its body."""

    own_environ: dict[str, Any]
    body: bytes

    def environ(self, common: dict[str, Any]) -> dict[str, Any]:
        """Return a new environment that also has *common*, the part of the connection."""
        return {**common, **self.own_environ, "wsgi.input": BytesIO(self.body)}


class KnownRequests:
    """The requests that one server has read, by their bytes: at most 512, of at most 4 KiB each."""

    def __init__(self) -> None:
        self._requests: dict[bytes, KnownRequest] = {}
        self.find = self._requests.get

    def keep(self, data: bytes, environ: dict[str, Any], common: dict[str, Any]) -> None:
        """Keep the request that is all of *data*. Its *environ* has *common* in it, and was not used yet."""
        if len(data) > _MAX_SIZE:
            return
        if len(self._requests) >= _MAX_REQUESTS:
            self._requests.clear()
        own = {key: value for key, value in environ.items() if key not in common and key != "wsgi.input"}
        self._requests[data] = KnownRequest(own, environ["wsgi.input"].getvalue())
