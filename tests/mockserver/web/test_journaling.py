"""Tests the journaling of requests around an application that is not the mock server."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from werkzeug.test import Client

from tunedmodels_mockserver.core.journal.registry import Journals
from tunedmodels_mockserver.core.verdict.outcome_coverage import OutcomeCoverage
from tunedmodels_mockserver.web.journaling import journal_requests
from tunedmodels_mockserver.web.request_metrics import RequestMetrics


def stream(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer with a stream, and do not name the world of the request."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return iter([b"first ", b"second"])


def test_a_stream_outside_of_all_worlds_has_one_journal() -> None:
    """The server completes the entry in the journal to which it added it: that of the world in the request."""
    journals = Journals()
    application = journal_requests(stream, journals, OutcomeCoverage(), RequestMetrics())
    assert Client(application).get("/x", headers={"X-Test-Id": "w1"}).text == "first second"

    (entry,) = journals.of("w1").entries()
    assert (entry.answer.data, entry.lost) == (b"first second", False)
    assert journals.of("").entries() == []
