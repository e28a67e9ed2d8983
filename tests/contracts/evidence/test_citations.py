"""Tests that the citations name existing clauses and parts of the schema, and can be looked up."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from tunedmodels_contracts.clauses.catalog import catalog
from tunedmodels_contracts.evidence.citations import FIDELITIES, Citation, citations, faults, read
from tunedmodels_contracts.evidence.evidence import PUBLISHED
from tunedmodels_contracts.recordings import RecordingError, load

ANSWER = Citation(
    "e01",
    "owner/repository@362ab9b5379d:quickstarts/Tuning.ipynb",
    "2025-02-21",
    ("get/missing-model",),
    fidelity="quoted",
    method="tunedModels.get",
    members=("TunedModel.name",),
    values=("TunedModel.State ACTIVE",),
)
PLACE = Citation(
    "discovery/v1beta",
    "https://example.com/discovery",
    "2026-03-25",
    ("get/missing-model",),
    document=True,
    place="tunedModels.list pageSize",
)


def test_our_citations_have_no_faults() -> None:
    """Each clause, method, member and value in them exists, and each source can be looked up."""
    assert faults(citations(), catalog()) == []


def test_cases_are_unique() -> None:
    """Each answer and each place of a document has one entry."""
    cited = [(citation.case, citation.place) for citation in citations()]

    assert len(set(cited)) == len(cited)
    assert sum(not citation.document for citation in citations()) == 97


def test_digests_match_the_recordings() -> None:
    """If a recording has the answer as it was sent, the digest and the size are those of its body."""
    compared = 0
    for citation in citations():
        if citation.recording:
            (exchange,) = load(PUBLISHED / f"{citation.recording}.yaml").exchanges
            body = exchange.response.body
            if citation.sha256:
                assert (hashlib.sha256(body).hexdigest(), len(body)) == (citation.sha256, citation.size), citation.case
                compared += 1
    assert compared == 2


def test_only_answers_as_sent_have_a_digest() -> None:
    """An answer that was parsed and printed has no digest."""
    assert {citation.fidelity for citation in citations() if citation.sha256} == {"wire"}
    assert {citation.fidelity for citation in citations() if not citation.document} == {*FIDELITIES}


@pytest.mark.parametrize(
    ("citation", "fault"),
    [
        (ANSWER, None),
        (PLACE, None),
        (replace(PLACE, place="TunedModel.state"), None),
        (replace(PLACE, place="TunedModel.State"), None),
        (replace(PLACE, place="methods"), None),
        (replace(PLACE, case="guide", place="any words"), None),
        (replace(ANSWER, clauses=("get/nothing",)), "there is no clause get/nothing"),
        (replace(ANSWER, date="in spring"), "is not a day, month or year"),
        (replace(ANSWER, source="several issue trackers"), "cannot be looked up"),
        (replace(ANSWER, sha256="0" * 64), "needs a size"),
        (replace(ANSWER, sha256="abc", size=3), "64 hexadecimal digits"),
        (replace(ANSWER, fidelity="spec"), "its fidelity 'spec' is not one of"),
        (replace(ANSWER, method="tunedModels.sing"), "no method tunedModels.sing"),
        (replace(ANSWER, members=("TunedModel.colour",)), "no member TunedModel.colour"),
        (replace(ANSWER, values=("TunedModel.State ASLEEP",)), "no value TunedModel.State ASLEEP"),
        (replace(PLACE, place="tunedModels.list colour"), "no tunedModels.list colour"),
        (replace(PLACE, place="TunedModel.colour"), "no TunedModel.colour"),
        (replace(PLACE, date="2025-01-01"), "the schema is of revision"),
        (replace(PLACE, case="discovery/v9"), "no schema of v9"),
    ],
)
def test_faults_are_found(citation: Citation, fault: str | None) -> None:
    """Each fault of a citation is reported."""
    reported = faults([citation], ["get/missing-model"])

    assert len(reported) == (fault is not None)
    assert fault is None or (fault in reported[0] and reported[0].startswith(f"citations.yaml: {citation.case}: "))


def test_source_without_an_address_supports_no_clause() -> None:
    """A citation without clauses may have a source that cannot be looked up."""
    assert faults([replace(ANSWER, source="several issue trackers", clauses=())], []) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("answers: []", "documents is missing"),
        ("answers:\n- {case: a}\ndocuments: []", "answers.1.source is missing"),
        ("answers: []\ndocuments:\n- {document: d, source: s, date: x}", "documents.1.says is missing"),
        ("answers: []\ndocuments:\n- {document: d, source: s, date: x, says: {p: 7}}", "documents.1.says.p is 7"),
        ("answers:\n- {case: a, source: s, date: d, fidelity: wire, text: t}\ndocuments: []", "text is not a field"),
    ],
)
def test_invalid_file_is_refused(text: str, problem: str) -> None:
    """The error names the place."""
    with pytest.raises(RecordingError) as raised:
        read(text, "citations.yaml")

    assert problem in str(raised.value)
