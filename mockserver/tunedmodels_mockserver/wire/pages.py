"""Checks page sizes, and writes and reads opaque page tokens.

A token has the place after which the next page begins, and a digest of the other parameters, which must not change
between pages (AIP-158). It is base64 of bytes, like a token of the service; its content is our own.
"""

from __future__ import annotations

import base64
import struct
from hashlib import blake2b

from .status import Code, StatusError

_FORM = struct.Struct(">3sQ8s")
_MAGIC = base64.b64decode("Ghdl")  # the beginning of a token of the service (observed)
MAX_PAGE_SIZE = 1000


def page_size(requested: int, default: int) -> int:
    """Return the number of items of a page: *default* for 0, at most 1000 (documented for every list here).

    Raise StatusError for a negative size (the wording is invented).
    """
    if requested < 0:
        raise StatusError(Code.INVALID_ARGUMENT, "page_size must not be negative.")
    return min(requested or default, MAX_PAGE_SIZE)


def page_token(place: int, *parameters: str) -> str:
    """Return the token of the page that begins after *place*. *parameters* identify the list."""
    return base64.urlsafe_b64encode(_FORM.pack(_MAGIC, place, _digest(parameters))).decode()


def page_start(text: str, *parameters: str) -> int:
    """Return the place in the token *text*, or 0 if *text* is empty.

    Raise StatusError if *text* is not a token of the list that *parameters* identify (the wording is invented).
    """
    if not text:
        return 0
    try:
        magic, result, digest = _FORM.unpack(base64.b64decode(text.encode(), altchars=b"-_", validate=True))
    except (ValueError, struct.error):
        magic, result, digest = b"", 0, b""
    if magic != _MAGIC or digest != _digest(parameters):
        raise StatusError(Code.INVALID_ARGUMENT, f"Invalid page token: {text[:100]}")
    return int(result)


def _digest(parameters: tuple[str, ...]) -> bytes:
    return blake2b("\x1f".join(parameters).encode("utf-8", "surrogatepass"), digest_size=8).digest()
