"""The provenance of a recording, and the checks that its statements are allowed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from ..service import HOST, is_real
from ..strict_yaml.errors import RecordingError
from .exchange import Exchange, header

KINDS = ("live", "published", "hand-written")
TRANSCRIPTIONS = ("verbatim", "from-repr", "elided")

# The mock server marks its answers with the Server header and its notes, to distinguish them from the service's.
_SIGNATURE = re.compile(r"\btunedmodels-mockserver\b", re.IGNORECASE)
_NOTE = "X-Tunedmodels-Note"


@dataclass(frozen=True)
class Provenance:
    """The origin and date of the answers, and the parts that were guessed or changed.

    *kind* is ``live`` (this package received it from the real host), ``published`` (another person received it and
    published it) or ``hand-written`` (an example, which proves nothing). *source* says where a reader can find it.
    *captured* is the day of the service's answer. *guessed* names the parts that the source does not show, *scrubbed*
    the parts that were removed. *stand_in* is true if another server than the service answered. *transcription* is
    ``verbatim``, ``from-repr`` (a printed Python value) or ``elided`` (a fragment), and *note* says how this is known.
    *sha256* is the digest of everything else in the file.
    """

    kind: str
    source: str
    captured: date | None = None
    host: str = HOST
    guessed: tuple[str, ...] = ()
    scrubbed: tuple[str, ...] = ()
    stand_in: bool = False
    transcription: str = ""
    note: str = ""
    licence: str = ""
    sha256: str = ""


def errors(provenance: Provenance, exchanges: Sequence[Exchange], digest: str, file: str) -> Iterator[RecordingError]:
    """Yield the errors in the *provenance* of *exchanges* in *file*; *digest* is the actual digest of the file."""

    def error(field: str, problem: str, fix: str) -> RecordingError:
        return RecordingError(file, f"contract.provenance.{field}", problem, fix)

    p = provenance
    if p.kind not in KINDS:
        yield error("kind", f"is {p.kind!r}", "it has to be live, published or hand-written")
    if not p.source.strip():
        yield error("source", "is empty", "say where a reader can find the answers")
    if p.stand_in and p.kind != "hand-written":
        yield error("stand_in", f"is true and kind is {p.kind!r}", "the answers of a stand-in count as hand-written")
    if p.transcription not in ("", *TRANSCRIPTIONS):
        yield error("transcription", f"is {p.transcription!r}", "it is verbatim, from-repr or elided")
    if p.sha256 and p.sha256 != digest:
        yield error("sha256", f"is {p.sha256!r} and not {digest!r}", _EDITED.get(p.kind, _EDITED["published"]))
    if p.kind != "hand-written" and not p.sha256:
        yield error("sha256", "is missing", _EDITED.get(p.kind, _EDITED["published"]))
    if p.kind in ("live", "published"):
        if p.captured is None:
            yield error("captured", "is missing", "say on which day the service answered, as '2024-03-14'")
        if p.host != HOST:
            yield error("host", f"is {p.host!r}", f"only {HOST} is the service; for another host, write hand-written")
        for number, exchange in enumerate(exchanges, 1):
            yield from _host_errors(exchange, f"{file}, exchange {number}", p.kind)
    if p.kind == "live" and p.guessed:
        yield error("guessed", f"names {', '.join(p.guessed)}", "in a live recording nothing is guessed")
    if p.kind == "published":
        if not p.guessed:
            yield error("guessed", "is empty", "name what the source does not show: status, headers, …")
        if not p.transcription:
            yield error("transcription", "is missing", "it is verbatim, from-repr or elided")
    if not p.stand_in:
        for number, exchange in enumerate(exchanges, 1):
            if _is_signed(exchange):
                place = f"responses.{number}"
                yield error(f"stand_in is false, and {place}", "is signed by the mock server", "set stand_in to true")


_EDITED = {
    "live": "the file was edited: record it again, or change its kind to hand-written and remove the digest",
    "published": "check the edit, then write the file with save(), which computes it",
    "hand-written": "remove it, or write the file with save()",
}


def _host_errors(exchange: Exchange, file: str, kind: str) -> Iterator[RecordingError]:
    if not is_real(exchange.request.url):
        parts = urlsplit(exchange.request.url.partition("?")[0])
        problem = f"is at {parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        yield RecordingError(file, "url", problem, f"a {kind} recording can only have answers of https://{HOST}")


def _is_signed(exchange: Exchange) -> bool:
    server = header(exchange.response.headers, "Server") or ""
    return bool(_SIGNATURE.search(server)) or header(exchange.response.headers, _NOTE) is not None
