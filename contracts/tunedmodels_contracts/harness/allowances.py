"""Reads the header in which our mock server names its allowances.

An allowance is something that the mock server accepts without ``--strict`` and the service refuses.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tunedmodels_mockserver.testing import ALLOWANCE_IDS

if TYPE_CHECKING:
    import requests

NOTE = "X-Tunedmodels-Note"
"""The header in which an answer names the allowances that apply to it. Each entry begins with the id."""


def allowances(notes: Iterable[str]) -> set[str]:
    """Return the ids of the allowances in *notes*, the values of the header. One value may name several."""
    return {part.partition(":")[0] for note in notes for part in note.split(", ")} & ALLOWANCE_IDS


class Allowances:
    """Collects the ids of the allowances that the answers of a session name."""

    def __init__(self) -> None:
        self.ids: set[str] = set()

    def watch(self, session: requests.Session) -> None:
        """Check every answer to *session* from now on."""
        session.hooks["response"].append(self.on_response)

    def on_response(self, response: requests.Response, **_settings: object) -> None:
        """Record the allowances of one answer."""
        self.ids |= allowances([response.headers.get(NOTE, "")])

    @property
    def notes(self) -> tuple[str, ...]:
        """One line that says what the user has to do; empty if no answer has named an allowance."""
        if not self.ids:
            return ()
        return (
            "This is a mock server without --strict; start it with --strict. "
            f"It accepted what the service refuses: {', '.join(sorted(self.ids))}.",
        )
