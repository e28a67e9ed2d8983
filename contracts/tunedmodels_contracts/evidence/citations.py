"""Reads the citations of answers that others have published, and of documents of the service's owner.

``citations.yaml`` in this folder has them, with the source and the date of each, and the clauses that it supports.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ..schema.surface import VERSIONS, Surface, surface
from ..strict_yaml import reader as document
from ..strict_yaml.fields import Fields

FILE = "citations.yaml"

FIDELITIES = ("wire", "wire-parsed", "sdk-repr", "log-line", "quoted")
"""The forms in which an answer can be published: as the server sent it; parsed and printed; as a client's object;
status and message; quoted by somebody.
"""

_LISTS = ("methods", "parameters")  # the list of all methods, and the parameters that every method accepts
_DAY = r"\d{4}(-\d\d(-\d\d)?)?"
_DATE = re.compile(rf"{_DAY}(/{_DAY})?")
_SOURCE = re.compile(r"https?://\S+|[\w.-]+/[\w.-]+(@[0-9a-f]{6,40})?:\S.*")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Citation:
    """One case: an answer that was published, or what a *document* says at one *place*.

    *date* is a day, month or year, or two of them with a slash between. *sha256* and *size* (in bytes) are of the body,
    if it was published as it was sent. *members* and *values* are those of the schema that the answer shows. *laws* are
    words for what it shows besides.
    """

    case: str
    source: str
    date: str
    clauses: tuple[str, ...]
    document: bool = False
    place: str = ""
    fidelity: str = ""
    method: str = ""
    outcome: str = ""
    sha256: str = ""
    size: int = 0
    members: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    wordings: tuple[str, ...] = ()
    laws: tuple[str, ...] = ()
    recording: str = ""


@cache
def citations() -> tuple[Citation, ...]:
    """Return all citations, first the answers, then the documents."""
    return read(files("tunedmodels_contracts.evidence").joinpath(FILE).read_text(encoding="utf-8"), FILE)


def read(text: str, file: str) -> tuple[Citation, ...]:
    """Return the citations in *text*. Raises RecordingError, which names *file* and the field, for an invalid form."""
    top = Fields(document.read(text, file), file)
    answers, documents = top.take("answers", list), top.take("documents", list)
    top.refuse_rest()
    citations = [_answer(Fields(entry, file, f"answers.{n}")) for n, entry in enumerate(answers, 1)]
    for number, entry in enumerate(documents, 1):
        citations.extend(_document(Fields(entry, file, f"documents.{number}")))
    return tuple(citations)


def _answer(fields: Fields) -> Citation:
    citation = Citation(
        case=fields.take("case", str),
        source=fields.take("source", str),
        date=fields.take("date", str),
        fidelity=fields.take("fidelity", str),
        method=fields.take("method", str, ""),
        outcome=fields.take("outcome", str, ""),
        sha256=fields.take("sha256", str, ""),
        size=fields.take("size", int, 0),
        recording=fields.take("recording", str, ""),
        members=fields.texts("members"),
        values=fields.texts("values"),
        wordings=fields.texts("wordings"),
        laws=fields.texts("laws"),
        clauses=fields.texts("clauses"),
    )
    fields.refuse_rest()
    return citation


def _document(fields: Fields) -> Iterator[Citation]:
    name, source, date = (fields.take(member, str) for member in ("document", "source", "date"))
    says = fields.take("says", dict)
    fields.refuse_rest()
    for place in says:
        clauses = Fields(says, fields.file, f"{fields.path}.says").texts(place)
        yield Citation(name, source, date, clauses, document=True, place=place)


def faults(entries: Iterable[Citation], clauses: Collection[str]) -> list[str]:
    """Return the faults of citations, such as an unknown clause, or a source that cannot be looked up."""
    return [f"{FILE}: {citation.case}: {fault}" for citation in entries for fault in _faults(citation, clauses)]


def _faults(citation: Citation, clauses: Collection[str]) -> Iterator[str]:
    for name in citation.clauses:
        if name not in clauses:
            yield f"there is no clause {name}"
    if not _DATE.fullmatch(citation.date):
        yield f"{citation.date!r} is not a day, month or year"
    if citation.clauses and not _SOURCE.fullmatch(citation.source):
        yield f"{citation.source!r} cannot be looked up, so it cannot support a clause"
    if citation.sha256 and not (_DIGEST.fullmatch(citation.sha256) and citation.size):
        yield "a digest must have 64 hexadecimal digits and needs a size"
    if citation.document:
        yield from _document_faults(citation)
        return
    if citation.fidelity not in FIDELITIES:
        yield f"its fidelity {citation.fidelity!r} is not one of {', '.join(FIDELITIES)}"
    schemas = [surface(version) for version in VERSIONS]
    if citation.method and not any(citation.method in schema.methods for schema in schemas):
        yield f"the schema has no method {citation.method}"
    for member in citation.members:
        if not any(_has_member(schema, member) for schema in schemas):
            yield f"the schema has no member {member}"
    for value in citation.values:
        enum, _, name = value.partition(" ")
        if not any(name in schema.enums.get(enum, ()) for schema in schemas):
            yield f"the schema has no value {value}"


def _document_faults(citation: Citation) -> Iterator[str]:
    """Yield the faults of a document. The place in a discovery document must be in the schema, and its date that of its
    revision.
    """
    kind, _, version = citation.case.partition("/")
    if kind != "discovery":
        return
    if version not in VERSIONS:
        yield f"there is no schema of {version}"
        return
    schema = surface(version)
    if citation.date.replace("-", "") != schema.revision:
        yield f"its date is {citation.date}, and the schema is of revision {schema.revision}"
    if citation.place in _LISTS:
        return
    head, _, parameter = citation.place.partition(" ")
    method = schema.methods.get(head)
    is_known = parameter in method.parameters if method and parameter else bool(method) or head in schema.messages
    if not (is_known or _has_member(schema, citation.place) or head in schema.enums):
        yield f"the schema of {version} has no {citation.place}"


def _has_member(schema: Surface, place: str) -> bool:
    message, _, member = place.rpartition(".")
    return message in schema.messages and member in schema.messages[message].members
