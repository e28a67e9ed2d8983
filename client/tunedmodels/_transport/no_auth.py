"""Keeps requests from replacing a token by a password of the user."""

from __future__ import annotations

import requests


def no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Return *request* unchanged. It is the ``auth`` argument of each request.

    Without it, requests would replace the token by a password from ~/.netrc.
    """
    return request
