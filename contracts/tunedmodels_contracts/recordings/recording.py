"""The class ``Recording``, which has exchanges with the service and their origin.

``load`` and ``save`` handle its file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tunedmodels_mockserver.files import atomic

from ..strict_yaml import reader
from ..strict_yaml.errors import RecordingError
from . import file_format, provenance
from .exchange import Exchange, header
from .provenance import Provenance
from .secret_scan import Leak, find_leaks

_NAME = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*")
_SHORTEST = 4  # characters of a variable's value: a shorter value also occurs in unrelated places


@dataclass(frozen=True)
class Recording:
    """Exchanges under a *name*, in the order in which the requests began.

    *variables* are the values that the recorded test chose at random. In a replay each of these values matches any
    value that the test sends at the same place.
    """

    name: str
    provenance: Provenance
    exchanges: tuple[Exchange, ...]
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """The digest of the current content; ``provenance.sha256`` is the digest from the time of recording."""
        return file_format.digest(file_format.document(self.name, self.provenance, self.exchanges, self.variables))

    def with_digest(self) -> Recording:
        """Return a copy with the digest of the current content."""
        return replace(self, provenance=replace(self.provenance, sha256=self.digest))

    def errors(self, file: str) -> Iterator[RecordingError]:
        """Yield the errors in this recording; they name *file*."""
        if not _NAME.fullmatch(self.name):
            fix = "it has to be lower-case letters and digits, joined by - and ."
            yield RecordingError(file, "contract.name", f"is {self.name!r:.80}", fix)
        if not self.exchanges:
            yield RecordingError(file, "responses", "is empty", "a recording without answers proves nothing: delete it")
        yield from provenance.errors(self.provenance, self.exchanges, self.digest, file)
        for number, exchange in enumerate(self.exchanges, 1):
            yield from _encoding_errors(exchange, file, number)
        for name, value in self.variables.items():
            if len(value) < _SHORTEST:
                fix = f"use {_SHORTEST} characters or more: a shorter text also occurs in other places"
                yield RecordingError(file, f"contract.variables.{name}", f"is {value!r}", fix)
            elif not any(_has_value(exchange, value) for exchange in self.exchanges):
                yield RecordingError(
                    file, f"contract.variables.{name}", f"is {value!r:.80}, which is in no request", "remove it"
                )


def load(path: Path | str) -> Recording:
    """Return the recording in the file at *path*.

    Raises RecordingError if the file is not a recording, makes a false statement about itself, or is live and contains
    a secret. Raises OSError if the file cannot be read.
    """
    path = Path(path)
    if path.stat().st_size > 4 * reader.LIMIT:
        raise RecordingError(path.name, "the file", f"has {path.stat().st_size} bytes", "split it")
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError:
        raise RecordingError(path.name, "the file", "is not UTF-8", "record it again") from None
    value = reader.read(text, path.name)
    recording = Recording(*file_format.parts(value, path.name))
    for fault in recording.errors(path.name):
        raise fault
    if recording.provenance.kind == "live":
        _refuse_leaks(find_leaks(text, value), path.name)
    return recording


def save(recording: Recording, path: Path | str) -> None:
    """Write *recording* to the file at *path* completely, or not at all; an existing file is replaced.

    A live recording keeps its digest; other recordings get the digest of their current content. Raises RecordingError
    if ``load`` would refuse the file, or if anything in the file looks like a secret.
    """
    path = Path(path)
    if recording.provenance.kind != "live":
        recording = recording.with_digest()
    for fault in recording.errors(path.name):
        raise fault
    text = reader.write(
        file_format.document(recording.name, recording.provenance, recording.exchanges, recording.variables)
    )
    value = reader.read(text, path.name)
    _refuse_leaks(find_leaks(text, value), path.name)
    if Recording(*file_format.parts(value, path.name)) != recording:
        raise RecordingError(path.name, "the file", "would read back as something else", "report this as a bug")
    atomic.write(path, text.encode())


def _refuse_leaks(leaks: list[Leak], file: str) -> None:
    if leaks:
        more = f", and so do {len(leaks) - 1} more" if leaks[1:] else ""
        fix = "pass it in secrets= when recording, or remove it and change the kind to hand-written"
        raise RecordingError(file, leaks[0].place, f"looks like a secret ({leaks[0].kind}){more}", fix)


def _encoding_errors(exchange: Exchange, file: str, number: int) -> Iterator[RecordingError]:
    for side, headers in (("request", exchange.request.headers), ("response", exchange.response.headers)):
        coding = header(headers, "Content-Encoding")
        if coding not in (None, "", "identity"):
            problem = f"has a body in {coding!r:.40}, which hides secrets"
            yield RecordingError(file, f"responses.{number}.{side}", problem, "store the body decoded")


def _has_value(exchange: Exchange, value: str) -> bool:
    return value in exchange.request.url or value.encode() in exchange.request.body
