"""Anonymous: what anybody may ask."""

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
    made = requests.Session()
    made.mount("http://", WsgiAdapter(create_app(Settings(auth="strict"))))
    return made


@pytest.mark.parametrize(
    ("outcome", "cost", "needs", "asked"),
    [
        ("403 PERMISSION_DENIED", Cost.FREE, [Need.CREDENTIALS_JUDGED], True),
        ("404", Cost.FREE, [], True),
        ("404 NOT_FOUND", Cost.FREE, [], False),
        ("400 INVALID_ARGUMENT", Cost.FREE, [], False),
        ("404", Cost.TUNING, [Need.TUNABLE_MODEL], False),
        ("403 PERMISSION_DENIED", Cost.REQUEST, [Need.CREDENTIALS_JUDGED], False),
    ],
)
def test_what_needs_no_credentials(outcome: str, cost: Cost, needs: Iterable[Need], asked: bool) -> None:
    """Who is not let in, and where there is no path, anybody can see; for the rest there is a reason."""
    reason = anonymous.skip_reason(Clause("a/b", METHOD, outcome, cost=cost, needs=frozenset(needs)))

    assert reason == ("" if asked else "it needs credentials, and --tunedmodels-anonymous asks without")


def test_the_published_document_is_compared(session: requests.Session) -> None:
    """The discovery document is to be had without credentials, and its difference from our facts is told."""
    lines = anonymous.notes(session, URL)

    assert lines
    assert all(line.startswith("drift: ") for line in lines)
    assert "v1beta" in lines[0]


def test_drift_is_told_line_by_line(session: requests.Session) -> None:
    """A method that is gone and a collection that is new have a line each."""
    document: dict[str, Any] = anonymous.fetch_discovery_document(session, URL)
    del document["resources"]["tunedModels"]["methods"]["transferOwnership"]
    document["resources"]["novelties"] = {"methods": {}}
    first, *lines = anonymous.format_drift(drift(document))

    assert first.startswith(f"drift: {len(lines)} in v1beta, revision ")
    assert "drift: gone-method: tunedModels.transferOwnership" in lines
    assert "drift: new-collection: novelties" in lines


@pytest.mark.parametrize("answer", ["not there", "no JSON"])
def test_a_document_that_is_not_to_be_had(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """That there is no document is told in its place."""
    response = requests.Response()
    response.status_code = 404 if answer == "not there" else 200
    response._content = b"<html>"
    session = requests.Session()
    monkeypatch.setattr(session, "get", lambda *_how, **_more: response)

    (line,) = anonymous.notes(session, URL)

    assert line.startswith("drift: not known, for ")
