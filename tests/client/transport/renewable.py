"""Credentials for tests of renewed tokens."""

from __future__ import annotations

from typing import Any

import google.auth.credentials


class Renewable(google.auth.credentials.Credentials):
    """Credentials with the token ``token-0``, which each renewal counts up. With *error* a renewal raises it."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # google-auth has no types here
        self.token = "token-0"
        self.renewals = 0
        self.error = error

    def refresh(self, request: Any) -> None:
        if self.error:
            raise self.error
        self.request = request
        self.renewals += 1
        self.token = f"token-{self.renewals}"
