"""Makes a recording from a tape. The origin of the answers decides the recording's kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from urllib.parse import urlsplit

from ..service import HOST, is_real
from ..strict_yaml.errors import RecordingError
from .exchange import Exchange
from .provenance import Provenance
from .recording import Recording
from .secret_scrubber import Scrubber
from .tape import Tape


def record(
    name: str,
    tape: Tape,
    *,
    source: str,
    captured: date,
    stand_in: bool = False,
    variables: Mapping[str, str] | None = None,
    secrets: Iterable[str] = (),
) -> Recording:
    """Return the exchanges on *tape* as the recording *name*, without secrets; ``save`` writes it.

    The recording is live if the service itself answered. Answers of another server are refused, unless *stand_in* is
    true; then the recording counts as hand-written. *secrets* are removed in addition to the secrets that are detected.
    Raises RecordingError if the tape is empty or has an incomplete answer, or if the origin of an answer is in doubt.
    """
    exchanges = tape.exchanges
    for sentence in tape.incomplete:
        raise RecordingError(name, "the tape", f"is incomplete: {sentence}", "read each answer to its end")
    if not stand_in:
        for number, exchange in enumerate(exchanges, 1):
            _refuse_foreign(exchange, name, number)
        for doubt in tape.doubts:
            fix = "send with an HTTPAdapter of requests, or pass stand_in=True"
            raise RecordingError(name, "the tape", f"cannot become a live recording: {doubt}", fix)
    scrubber = Scrubber(secrets)
    scrubbed = tuple(_round_times(exchange) for exchange in scrubber.scrub(exchanges))
    hosts = sorted({urlsplit(exchange.request.url).hostname or "" for exchange in scrubbed})
    recording = Recording(
        name,
        Provenance(
            kind="hand-written" if stand_in else "live",
            source=source,
            captured=captured,
            host=", ".join(hosts) if stand_in else HOST,
            scrubbed=scrubber.kinds,
            stand_in=stand_in,
        ),
        scrubbed,
        dict(variables or {}),
    ).with_digest()
    for fault in recording.errors(name):
        raise fault
    return recording


def _refuse_foreign(exchange: Exchange, name: str, number: int) -> None:
    if not is_real(exchange.request.url):
        parts = urlsplit(exchange.request.url)
        problem = f"was sent to {parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        fix = f"only https://{HOST} is the service; pass stand_in=True to record it as hand-written"
        raise RecordingError(name, f"request {number}", problem, fix)


def _round_times(exchange: Exchange) -> Exchange:
    # A clock returns more digits than are meaningful.
    return replace(exchange, at=round(exchange.at, 4), elapsed=round(exchange.elapsed, 4))
