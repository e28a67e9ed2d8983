"""Downloads: a file of training data from somebody's URL, asked for without anything that names the caller."""

from __future__ import annotations

import time

import requests

from . import _body, _failures
from ._credentials import leave
from ._training_data import FILE_BYTES, Document
from .errors import TrainingDataError


def download(session: requests.Session, url: str, timeout: float) -> Document:
    """Return what *url* leads to, one byte more than training data may have at most.

    Raises TrainingDataError where it leads to nothing within *timeout* seconds.
    """
    until = time.monotonic() + timeout
    content = b""
    try:
        with session.get(url, auth=leave, timeout=timeout, stream=True) as response:
            response.raise_for_status()
            for part in _body.parts(response, lambda: until - time.monotonic()):
                content += part
                if len(content) > FILE_BYTES:
                    break
            return Document(content[: FILE_BYTES + 1], response.headers.get("Content-Type", ""))
    except _failures.SENDING as error:
        raise TrainingDataError(f"{url}: cannot be read: {error}", source=url) from error
