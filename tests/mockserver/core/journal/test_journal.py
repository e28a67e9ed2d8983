"""Tests that the journal numbers, limits and searches its entries."""

from __future__ import annotations

from typing import Any

import pytest

from tunedmodels_mockserver.core.journal.entry import EMPTY, Body, Entry
from tunedmodels_mockserver.core.journal.journal import Journal
from tunedmodels_mockserver.core.journal.near_misses import near_misses, nearest_route
from tunedmodels_mockserver.core.journal.raw_entry import HEADER_KEYS, RawEntry
from tunedmodels_mockserver.core.journal.registry import Journals
from tunedmodels_mockserver.core.journal.search import JournalQuery, matching_entries
from tunedmodels_mockserver.core.journal.verification import Bounds, Claim, verify
from tunedmodels_mockserver.core.strict_input import BadInput


def raw(answer: bytes = b"", **more: Any) -> RawEntry:
    members = {"http": "GET", "path": "/v1beta/tunedModels/m", "query": "", "started": 0, "status": 200, **more}
    result = RawEntry(header_values=(None,) * len(HEADER_KEYS), **{"method": "tunedModels.get", **members})
    result.set_answer(answer)
    return result


def numbered(*rows: RawEntry) -> list[Entry]:
    journal = Journal()
    for row in rows:
        journal.add(row)
    return journal.entries()


def test_oldest_entry_is_dropped_and_numbers_continue() -> None:
    """Beyond the limit the oldest entry is removed, and a cleared journal continues its numbers."""
    journal = Journal(entries=2)
    for _ in range(3):
        journal.add(raw())

    assert [item.number for item in journal.entries()] == [2, 3]
    assert journal.dropped == 1
    assert journal.clear() == 2
    journal.add(raw())
    assert [item.number for item in journal.entries()] == [4]
    assert journal.dropped == 1


def test_bytes_are_limited() -> None:
    """Large bodies can push out several entries, growth counts, too, and the newest entry always stays."""
    journal = Journal(size=10_000)
    rows = [raw(started=number) for number in range(5)]
    for row in rows:
        journal.add(row)
    journal.add(raw(b"x" * 7000))

    assert [item.number for item in journal.entries()] == [5, 6]
    journal.amend(rows[4], b"x" * 2000, 1, lost=False)
    assert [item.number for item in journal.entries()] == [6]
    journal.amend(rows[4], b"x", 1, lost=False)
    journal.add(raw(b"x" * 16_000))
    assert [item.number for item in journal.entries()] == [7]


def test_the_end_of_a_stream_completes_its_entry() -> None:
    """It does so even if somebody has read the entry before, and it changes no entry of a later journal."""
    journal, row = Journal(), raw(started=1)
    journal.add(row)
    assert journal.entries()[0].answer == EMPTY
    journal.amend(row, b"{}", 9, lost=True)

    (entry,) = journal.entries()
    assert (entry.answer, entry.ended, entry.lost) == (Body(b"{}", 2), 9, True)
    other = Journal()
    other.add(raw(started=2))
    other.amend(row, b"{}", 9, lost=True)
    assert not other.entries()[0].lost


def test_an_entry_is_masked_once_and_then_has_no_secret() -> None:
    """The journal keeps what it shows, and a raw entry shows nothing of itself."""
    secret = "AIzaSyA0123456789abcdefghijklmnopqrstuv"
    row = raw(b'{"name": "tunedModels/m"}', query=f"key={secret}")
    journal = Journal()
    journal.add(row)

    assert secret not in repr(row)
    (entry,) = journal.entries()
    assert secret not in repr(entry)
    assert entry.query == "key=***"
    assert journal.entries()[0] is entry


def test_polls_are_counted() -> None:
    """Each run has its own count."""
    entries = numbered(*(raw(polled_model=model) for model in ("a", "b", "a", "")))

    assert [item.poll for item in entries] == [1, 1, 2, None]


def test_subscribers_are_called_for_new_entries_and_at_the_end() -> None:
    """Existing entries count at once; a closed journal calls everybody."""
    journals = Journals()
    journal = journals.of("w")
    journal.add(raw())
    calls: list[str] = []

    journal.subscribe(0, lambda: calls.append("old"))()
    assert calls == ["old"]
    unsubscribe = journal.subscribe(1, lambda: calls.append("new"))
    journal.add(raw())
    assert calls == ["old", "new"]
    unsubscribe()
    journal.subscribe(2, lambda: calls.append("end"))
    journals.close()
    assert calls == ["old", "new", "end"]
    assert not journal.is_open


def test_number_of_journals_is_limited() -> None:
    """The least recently used journal is removed first."""
    journals = Journals(worlds=2)
    for name in "abac":
        journals.of(name)

    assert list(journals.all()) == ["a", "c"]


def test_bytes_of_all_journals_are_limited() -> None:
    """The least recently used journal is removed; the last one stays, whatever its size."""
    journals = Journals(size=50_000)
    for name in "abc":
        journals.of(name).add(raw(b"x" * 20_000))
    for _ in range(64):
        journals.of("c")

    assert list(journals.all()) == ["b", "c"]
    journals.of("c").add(raw(b"x" * 90_000))
    for _ in range(64):
        journals.of("c")
    assert list(journals.all()) == ["c"]


ROWS = numbered(
    raw(method="tunedModels.create", http="POST", path="/v1beta/tunedModels", query="tunedModelId=m"),
    raw(status=404, caller="a@example.com", path="/v1beta/tunedModels/n"),
    raw(status=503, fault="f1 error", answer=b'"overloaded"'),
)


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        (JournalQuery(), [1, 2, 3]),
        (JournalQuery(method="*.get"), [2, 3]),
        (JournalQuery(http="post"), [1]),
        (JournalQuery(path="/v1beta/*/n"), [2]),
        (JournalQuery(status=404), [2]),
        (JournalQuery(status="5xx"), [3]),
        (JournalQuery(model="m"), [3]),
        (JournalQuery(caller="a@*"), [2]),
        (JournalQuery(fault="f1"), [3]),
        (JournalQuery(fault="error"), [3]),
        (JournalQuery(fault="*"), [1, 2, 3]),
        (JournalQuery(since=2), [3]),
        (JournalQuery(text="overload"), [3]),
        (JournalQuery(text="tunedModelId"), [1]),
        (JournalQuery(method="*.get", status=200), []),
    ],
)
def test_query_finds_entries_that_match_all_members(query: JournalQuery, numbers: list[int]) -> None:
    """Members can be globs, classes of status and texts."""
    assert [item.number for item in matching_entries(ROWS, query)] == numbers


@pytest.mark.parametrize(
    ("claim", "ok"),
    [
        (Claim(), True),
        (Claim(method="tunedModels.delete"), False),
        (Claim(method="tunedModels.delete", count=0), True),
        (Claim(count=3), True),
        (Claim(count=2), False),
        (Claim(count=Bounds(at_least=1, at_most=3)), True),
        (Claim(count=Bounds(at_most=2)), False),
        (Claim(in_order=(JournalQuery(http="POST"), JournalQuery(status=503))), True),
        (Claim(in_order=(JournalQuery(status=503), JournalQuery(http="POST"))), False),
        (Claim(in_order=(JournalQuery(status=503), JournalQuery(status=503))), False),
    ],
)
def test_claim_is_verified(claim: Claim, ok: bool) -> None:
    """A claim is about the number of requests or about their order."""
    assert verify(ROWS, claim)["ok"] is ok


def test_failed_claim_names_the_nearest_request() -> None:
    """The nearest request comes first, with its differences."""
    result = verify(ROWS, Claim(method="tunedModels.create", status=409))

    assert result["message"] == "At least 1 of (method tunedModels.create, status 409): found 0."
    assert result["near_misses"][0]["number"] == 1
    assert result["near_misses"][0]["differences"] == ["status is 200, not 409"]


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        (Claim(status="4x"), "status must be such as 404 or 4xx, got '4x'."),
        (Claim(count=-1), "count must be a number from 0, or at_least and at_most, got exactly -1."),
        (Claim(count=Bounds(2, 1)), "count must be a number from 0, or at_least and at_most, got from 2 to 1."),
        (Claim(count=Bounds()), "count has no limit: give a number, at_least or at_most."),
        (
            Claim(count=1, in_order=(JournalQuery(),)),
            "Give count or in_order, not both: in_order has each of its requests once.",
        ),
    ],
)
def test_meaningless_claim_is_refused(claim: Claim, message: str) -> None:
    """The error is a sentence."""
    with pytest.raises(BadInput) as refusal:
        verify(ROWS, claim)
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    ("http", "path", "nearest", "difference"),
    [
        ("GET", "/v1beta/tunedmodels/x", "GET /v1beta/tunedModels/*", "tunedmodels (expected tunedModels)"),
        ("PUT", "/v1beta/tunedModels/x", "PATCH /v1beta/tunedModels/*", "PUT (expected PATCH)"),
        ("GET", "/v2/tunedModels", "GET /v1beta/tunedModels", "v2 (expected v1beta)"),
        (
            *("POST", "/v1beta/tunedModels/x:generatecontent"),
            *("POST /v1beta/tunedModels/*:generateContent", ":generatecontent (expected :generateContent)"),
        ),
        ("GET", "/favicon.ico", "", "No route is similar."),
    ],
)
def test_nearest_route_has_the_difference(http: str, path: str, nearest: str, difference: str) -> None:
    """The difference is in spelling, verb or version; a request unlike all routes has no nearest one."""
    route, text = nearest_route(http, path)

    assert route == nearest
    assert difference in text


@pytest.mark.parametrize(
    ("path", "nearest", "difference"),
    [
        ("/v1beta/tunedModels/numbr", "tunedModels/number", "The request has nothing (expected e)."),
        ("/v1beta/tunedModels/gone", None, "tunedModels/gone was deleted by request 1."),
        (
            "/v1beta/tunedModels/there",
            None,
            "tunedModels/there exists in the world w1, but the request went to another world.",
        ),
        ("/v1beta/tunedModels/zzz", None, "No model has a name similar to tunedModels/zzz; the world has 1 model."),
        ("/v1/tunedModels/number/operations/o", "tunedModels/number", "it has no such operation or permission."),
    ],
)
def test_nearest_model_has_the_difference(path: str, nearest: str | None, difference: str) -> None:
    """It is the spelling, a deletion, or the world that has the model."""
    delete = raw(http="DELETE", method="tunedModels.delete", path="/v1beta/tunedModels/gone")
    rows = numbered(delete, raw(status=404, path=path))
    misses = near_misses(rows, ["number"], lambda model: "w1" if model == "there" else None)

    assert [(item["number"], item["missing"], item["nearest"]) for item in misses] == [(2, "model", nearest)]
    assert difference in misses[0]["difference"]
