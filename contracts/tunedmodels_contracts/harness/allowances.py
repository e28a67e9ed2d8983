"""Allowances: what a mock server of ours accepts without ``--strict``, and the service refuses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tunedmodels_mockserver.core.methods.allowances import ALLOWANCES

if TYPE_CHECKING:
    import requests

NOTE = "X-Tunedmodels-Note"
"""The header by which an answer names the allowances that apply to it, each with its id first."""


def allowances(notes: Iterable[str]) -> set[str]:
    """Return the ids of the allowances in *notes*, which are values of the header; a value may have several."""
    return {part.partition(":")[0] for note in notes for part in note.split(", ")} & ALLOWANCES.keys()


class Allowances:
    """The ids of the allowances that answers of a session have named."""

    def __init__(self) -> None:
        self.ids: set[str] = set()

    def watch(self, session: requests.Session) -> None:
        """Look at every answer to *session* from now on."""
        session.hooks["response"].append(self.on_response)

    def on_response(self, response: requests.Response, **_how: object) -> None:
        """Look at one answer."""
        self.ids |= allowances([response.headers.get(NOTE, "")])

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person has to do, in one line; nothing if no answer has named an allowance."""
        if not self.ids:
            return ()
        return (
            "This is a mock server without --strict; start it with --strict. "
            f"It accepted what the service refuses: {', '.join(sorted(self.ids))}.",
        )
