"""Downloads: a file of training data from somebody's URL, asked for without anything that names the caller."""

from __future__ import annotations

import time

import requests

from .._transport import foreign_errors, response_body
from .._transport.credentials import no_auth
from ..errors import TrainingDataError
from .reader import FILE_BYTES, Document
from .tables import Location


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
            with own.get(url, auth=no_auth, timeout=timeout, stream=True) as response:
                if not response.ok:
                    raise Location(url).error(f"cannot be read: the answer is {response.status_code}.")
                for part in response_body.iter_parts(response, lambda: until - time.monotonic()):
                    content += part
                    if len(content) > FILE_BYTES:
                        break
                return Document(content[: FILE_BYTES + 1], response.headers.get("Content-Type", ""))
    except foreign_errors.SENDING_ERRORS as error:
        if isinstance(error, TrainingDataError):
            raise
        # What the error says may name the URL, and that a signature.
        raise Location(url).error(f"cannot be read: {foreign_errors.error_reason(error)}.") from None
