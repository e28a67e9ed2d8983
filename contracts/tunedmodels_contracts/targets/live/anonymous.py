"""Checks the real service without credentials and at no cost. It selects the clauses for that and looks for
schema drift.
"""

from __future__ import annotations

from typing import Any

import requests

from ...clauses.clause import Clause, Cost, Need
from ...schema.drift import Drift, drift
from .budget import Budget

OPTION = "--tunedmodels-anonymous"

BUDGET = Budget(tunings=1, requests=500, seconds=600)
"""The default budget without credentials. Requests without credentials cost nothing; the limits keep the load on the
service low.

It has one tuning, because some clauses send create calls with an unknown key: each counts as a tuning until it is
refused.
"""

_PATIENCE = 60  # seconds
_VERSION = "v1beta"


def skip_reason(clause: Clause) -> str:
    """Return why *clause* cannot be checked without credentials, or an empty text if it can.

    Only free clauses about rejected credentials or unknown paths can. The outcome of an unknown path has no
    status name.
    """
    checks_credentials = Need.CREDENTIALS_JUDGED in clause.needs
    is_unknown_path = clause.outcome.isdigit() and not clause.needs
    if clause.cost is Cost.FREE and (checks_credentials or is_unknown_path):
        return ""
    return f"it needs credentials, and {OPTION} runs without them"


def fetch_discovery_document(session: requests.Session, base_url: str, version: str = _VERSION) -> Any:
    """Return the discovery document that the service publishes. Raises ValueError if it publishes none for
    *version*.
    """
    answer = session.get(f"{base_url}/$discovery/rest", params={"version": version}, timeout=_PATIENCE)
    if answer.status_code != 200:
        raise ValueError(f"the request for the discovery document of {version} got status {answer.status_code}")
    return answer.json()


def format_drift(result: Drift) -> tuple[str, ...]:
    """Return the differences between the schema and a published discovery document as lines for the user."""
    compared = f"{result.version}, revision {result.revision or 'unknown'} (our schema: {result.schema_revision})"
    if not result.differences and not result.new_collections:
        return (f"drift: none in {compared}",)
    collections = [f"new-collection: {name}" for name in result.new_collections]
    lines = [*map(str, result.differences), *collections]
    return (f"drift: {len(lines)} in {compared}", *(f"drift: {line}" for line in lines))


def notes(session: requests.Session, base_url: str) -> tuple[str, ...]:
    """Return the differences between the schema and the service's discovery document as lines for the user.

    If the document cannot be read, return one line with the reason.
    """
    try:
        return format_drift(drift(fetch_discovery_document(session, base_url)))
    except (ValueError, requests.RequestException) as error:
        return (f"drift: unknown: {error}",)
