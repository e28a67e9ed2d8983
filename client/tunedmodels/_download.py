"""Downloads: a file of training data from somebody's URL, asked for without anything that names the caller."""

from __future__ import annotations

import time

import requests

from . import _body, _failures
from ._credentials import leave
from ._tables import Place
from ._training_data import FILE_BYTES, Document
from .errors import TrainingDataError


def download(session: requests.Session, url: str, timeout: float) -> Document:
    """Return what *url* leads to, one byte more than training data may have at most.

    Of the caller's *session* it takes the way out of here: proxies and certificates, no headers, cookies or keys.
    Raises TrainingDataError where it leads to nothing within *timeout* seconds.
    """
    until = time.monotonic() + timeout
    content = b""
    try:
        with requests.Session() as own:
            own.proxies, own.verify, own.cert = session.proxies, session.verify, session.cert
            own.trust_env = session.trust_env
            with own.get(url, auth=leave, timeout=timeout, stream=True) as response:
                if not response.ok:
                    raise Place(url).error(f"cannot be read: the answer is {response.status_code}.")
                for part in _body.parts(response, lambda: until - time.monotonic()):
                    content += part
                    if len(content) > FILE_BYTES:
                        break
                return Document(content[: FILE_BYTES + 1], response.headers.get("Content-Type", ""))
    except _failures.SENDING as error:
        if isinstance(error, TrainingDataError):
            raise
        # What the error says may name the URL, and that a signature.
        raise Place(url).error(f"cannot be read: {_failures.said(error)}.") from None
