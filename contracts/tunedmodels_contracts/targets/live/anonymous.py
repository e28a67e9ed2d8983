"""Anonymous: what anybody may ask the real service, without credentials and at no cost."""

from __future__ import annotations

from typing import Any

import requests

from ...clauses.clause import Clause, Cost, Need
from ...schema.drift import Drift, drift
from .budget import Budget

OPTION = "--tunedmodels-anonymous"

SPEND = Budget(tunings=1, requests=500, seconds=600)
"""What is asked without credentials costs nothing; this is to be no nuisance.

A tuning is among it since clauses send create calls with keys that nobody has: each is a tuning until it is refused.
"""

_PATIENCE = 60  # seconds
_VERSION = "v1beta"


def skip_reason(clause: Clause) -> str:
    """Return why *clause* cannot be checked without credentials; nothing where it can.

    It can where it is about who is not let in, or about a path that there is not: its outcome then has no name.
    """
    judged = Need.CREDENTIALS_JUDGED in clause.needs
    nowhere = " " not in clause.outcome and not clause.needs
    if clause.cost is Cost.FREE and (judged or nowhere):
        return ""
    return f"it needs credentials, and {OPTION} asks without"


def fetch_discovery_document(session: requests.Session, base_url: str, version: str = _VERSION) -> Any:
    """Return the discovery document that the service publishes. Raises ValueError where it does not."""
    answer = session.get(f"{base_url}/$discovery/rest", params={"version": version}, timeout=_PATIENCE)
    if answer.status_code != 200:
        raise ValueError(f"the discovery document of {version} is answered {answer.status_code}")
    return answer.json()


def format_drift(found: Drift) -> tuple[str, ...]:
    """Return what has changed since our facts, as lines for people."""
    known = f"{found.version}, revision {found.revision or 'unknown'} (our facts: {found.known})"
    if not found.differences and not found.new_collections:
        return (f"drift: none in {known}",)
    collections = [f"new-collection: {name}" for name in found.new_collections]
    lines = [*map(str, found.differences), *collections]
    return (f"drift: {len(lines)} in {known}", *(f"drift: {line}" for line in lines))


def notes(session: requests.Session, base_url: str) -> tuple[str, ...]:
    """Return how the published discovery document differs from our facts, as lines for people."""
    try:
        return format_drift(drift(fetch_discovery_document(session, base_url)))
    except (ValueError, requests.RequestException) as error:
        return (f"drift: not known, for {error}",)
