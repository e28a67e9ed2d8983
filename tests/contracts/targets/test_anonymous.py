"""Tests the checks of the real service that need no credentials."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
import requests

from tunedmodels_contracts.clauses.clause import Clause, Cost, Need
from tunedmodels_contracts.schema.drift import drift
from tunedmodels_contracts.targets.live import anonymous
from tunedmodels_contracts.transport.wsgi_adapter import WsgiAdapter
from tunedmodels_mockserver import Settings, create_app

METHOD = ("tunedModels.get",)
URL = "http://fake.test"


@pytest.fixture
def session() -> requests.Session:
    session = requests.Session()
    session.mount("http://", WsgiAdapter(create_app(Settings(auth="strict"))))
    return session


@pytest.mark.parametrize(
    ("outcome", "cost", "needs", "is_checked"),
    [
        ("403 PERMISSION_DENIED", Cost.FREE, [Need.CREDENTIALS_JUDGED], True),
        ("404", Cost.FREE, [], True),
        ("404 NOT_FOUND", Cost.FREE, [], False),
        ("400 INVALID_ARGUMENT", Cost.FREE, [], False),
        ("404", Cost.TUNING, [Need.TUNABLE_MODEL], False),
        ("403 PERMISSION_DENIED", Cost.REQUEST, [Need.CREDENTIALS_JUDGED], False),
    ],
)
def test_clauses_that_need_no_credentials(outcome: str, cost: Cost, needs: Iterable[Need], is_checked: bool) -> None:
    """Only free clauses about rejected credentials and unknown paths run. The others have a reason."""
    reason = anonymous.skip_reason(Clause("a/b", METHOD, outcome, cost=cost, needs=frozenset(needs)))

    assert reason == ("" if is_checked else "it needs credentials, and --tunedmodels-anonymous runs without them")


def test_discovery_document_is_compared(session: requests.Session) -> None:
    """The discovery document needs no credentials, and its differences from the schema are lines of the notes."""
    lines = anonymous.notes(session, URL)

    assert lines
    assert all(line.startswith("drift: ") for line in lines)
    assert "v1beta" in lines[0]


def test_each_difference_is_a_line(session: requests.Session) -> None:
    """A method that was removed and a new collection have a line each."""
    document: dict[str, Any] = anonymous.fetch_discovery_document(session, URL)
    del document["resources"]["tunedModels"]["methods"]["transferOwnership"]
    document["resources"]["novelties"] = {"methods": {}}
    first, *lines = anonymous.format_drift(drift(document))

    assert first.startswith(f"drift: {len(lines)} in v1beta, revision ")
    assert "drift: gone-method: tunedModels.transferOwnership" in lines
    assert "drift: new-collection: novelties" in lines


@pytest.mark.parametrize("answer", ["not there", "no JSON"])
def test_unreadable_discovery_document(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """If the document cannot be read, one line says so."""
    response = requests.Response()
    response.status_code = 404 if answer == "not there" else 200
    response._content = b"<html>"
    session = requests.Session()
    monkeypatch.setattr(session, "get", lambda *_how, **_more: response)

    (line,) = anonymous.notes(session, URL)

    assert line.startswith("drift: unknown: ")
