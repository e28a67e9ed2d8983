"""Makes the WSGI environment of a request from the parts of its head."""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from ..web.api_response import SERVER

_MAX_KEYS = 1000  # names of headers whose keys are kept
_MAX_NAME = 64  # bytes of such a name
# CONNECTION_TYPE is no key of WSGI: a header of the connection is not for the application. An empty key leaves the
# header out.
_OTHER_KEYS = {"CONTENT_LENGTH": "CONTENT_LENGTH", "CONTENT_TYPE": "CONTENT_TYPE", "CONNECTION": "CONNECTION_TYPE"}


class HeaderKeys(dict[bytes, str]):
    """The key in the environment for each name of a header, or an empty text for a header that is left out.

    A name with an underscore is left out: it would have the key of another header.
    """

    def __missing__(self, name: bytes) -> str:
        """Return the key for a new *name*, and keep it."""
        upper = name.decode("latin-1").upper().replace("-", "_")
        key = "" if b"_" in name else _OTHER_KEYS.get(upper, f"HTTP_{upper}")
        if len(self) < _MAX_KEYS and len(name) <= _MAX_NAME:
            self[name] = key
        return key


def server_environ(host: str, port: int) -> dict[str, Any]:
    """Return what the environments of all requests to one server have in common."""
    return {
        "SCRIPT_NAME": "",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_SOFTWARE": SERVER,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }


def add_target(environ: dict[str, Any], target: bytes) -> None:
    """Add *target*, the target in the request line, to *environ*. Raise ValueError if it is no URL.

    Slashes at the beginning of the path become one; REQUEST_URI keeps them.
    """
    environ["REQUEST_URI"] = target.decode("latin-1")
    path, _, query = target.partition(b"?")
    if b"#" in target or path[:1] != b"/":
        path, query = _split(target)
    elif path[1:2] == b"/":
        path = b"/" + path.lstrip(b"/")
    if b"%" in path:
        path = unquote_to_bytes(path)
    environ["PATH_INFO"] = path.decode("latin-1")
    environ["QUERY_STRING"] = query.decode("latin-1")


def _split(target: bytes) -> tuple[bytes, bytes]:
    """Return the path and the query of a *target* with a host or a fragment."""
    if target.startswith(b"//"):
        path, _, query = target.partition(b"#")[0].partition(b"?")
        return b"/" + path.lstrip(b"/"), query
    url = urlsplit(target)
    return (b"/" + url.path.lstrip(b"/") if url.path.startswith(b"/") else url.path), url.query
