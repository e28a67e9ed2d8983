"""Downloads a file of training data from a URL. The request contains nothing that identifies the caller."""

from __future__ import annotations

import time

import requests

from .._transport import foreign_errors, response_body
from .._transport.no_auth import no_auth
from ..errors import TrainingDataError
from .reader import FILE_BYTES, Document
from .tables import Location


def download(session: requests.Session, url: str, timeout: float) -> Document:
    """Return the content of *url*, at most one byte more than the limit for training data.

    Use only the proxies and certificates of the caller's *session*, not its headers, cookies or keys. Raise
    TrainingDataError if the content does not arrive within *timeout* seconds or cannot be read.
    """
    deadline = time.monotonic() + timeout
    content = b""
    try:
        with requests.Session() as anonymous_session:
            anonymous_session.proxies, anonymous_session.verify, anonymous_session.cert = (
                session.proxies,
                session.verify,
                session.cert,
            )
            anonymous_session.trust_env = session.trust_env
            with anonymous_session.get(url, auth=no_auth, timeout=timeout, stream=True) as response:
                if not response.ok:
                    raise Location(url).error(f"cannot be read: the answer is {response.status_code}.")
                for part in response_body.iter_parts(response, lambda: deadline - time.monotonic()):
                    content += part
                    if len(content) > FILE_BYTES:
                        break
                return Document(content[: FILE_BYTES + 1], response.headers.get("Content-Type", ""))
    except foreign_errors.SENDING_ERRORS as error:
        if isinstance(error, TrainingDataError):
            raise
        # The message of the error may contain the URL, and the URL may contain a signature.
        raise Location(url).error(f"cannot be read: {foreign_errors.error_reason(error)}.") from None
