"""Parses the header by which a request asks for an effect on itself, in the words of Google's storage testbench.

Words for gRPC alone (``redirect-…``) and for buckets have no meaning here and are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from ...wire.status import Code
from ..effects import Effect, Page, Stall, Truncate
from ..strict_input import BadInput, nearest

KIB = 1024
PAUSE = 10.0  # seconds of a stall without a duration, as in the testbench
TRIES = 2  # words with /retry-N fail for N up to this; later tries pass

WORDS = (
    "return-503",
    "return-reset-connection",
    "return-broken-stream",
    "return-broken-stream-after-256K",
    "return-broken-stream-final-chunk-after-100B",
    "return-503-after-256K",
    "return-503-after-256K/retry-1",
    "return-corrupted-data",
    "stall-always",
    "stall-at-256KiB",
    "stall-for-5s",
    "stall-for-500ms",
    "stall-for-5s-after-256K",
)


def parse_effect(text: str, body: int) -> Effect | None:
    """Return the effect that the header's *text* asks for. *body* is the number of bytes in the body of the request.

    Return None if the words do not apply to this request: for an error after more bytes than the body has, and for a
    later retry. Raises BadInput for unknown words, and names the nearest known ones.
    """
    text = text.strip()
    for form, build in _FORMS:
        match = form.fullmatch(text)
        if match:
            try:
                return build(*(int(group) if group else 0 for group in match.groups()), body)
            except (ValueError, msgspec.ValidationError) as error:
                raise BadInput(f"x-goog-emulator-instructions {text[:100]!r}: {error}.") from None
    choices = f"known are {', '.join(WORDS)}; the numbers can differ"
    text = text[:100]
    raise BadInput(f"x-goog-emulator-instructions does not know {text!r}{nearest(text, list(WORDS))}; {choices}.")


def _error(status: int, _body: int) -> Effect:
    """Return an error with this HTTP *status*, or a page if no error has it. Raises ValueError outside 400 to 599."""
    if not 400 <= status <= 599:
        raise ValueError("the status of an error must be from 400 to 599")
    if Code.of_http(status):
        return Effect(error=status)
    return Effect(page=Page(status, f"<html><body><h1>{status}</h1></body></html>\n"))


def _error_after(status: int, kibibytes: int, retry: int, body: int) -> Effect | None:
    failing = retry <= TRIES and body >= kibibytes * KIB
    return _error(status, body) if failing else None


def _broken_stream(after: int) -> Effect:
    return Effect(stall=Stall(0.0, after))


def _stall(seconds: float, after: int) -> Effect:
    return msgspec.convert({"stall": {"seconds": seconds, "after": after, "resumes": True}}, Effect)


def _latency(seconds: float) -> Effect:
    return msgspec.convert({"latency": {"seconds": seconds}}, Effect)


_FORMS: tuple[tuple[re.Pattern[str], Callable[..., Effect | None]], ...] = (
    (re.compile(r"return-(\d{3})"), _error),
    (re.compile(r"return-(\d{3})-after-(\d{1,7})K(?:/retry-(\d{1,4}))?"), _error_after),
    (re.compile(r"return-reset-connection"), lambda _body: Effect(reset=True)),
    (re.compile(r"return-broken-stream"), lambda _body: Effect(truncate=Truncate(fraction=0.5))),
    (re.compile(r"return-broken-stream-after-(\d{1,6})K"), lambda after, _body: _broken_stream(after * KIB)),
    (re.compile(r"return-broken-stream-final-chunk-after-(\d{1,9})B"), lambda after, _body: _broken_stream(after)),
    (re.compile(r"return-corrupted-data"), lambda _body: Effect(malformed=True)),
    (re.compile(r"stall-always"), lambda _body: _stall(PAUSE, 0)),
    (re.compile(r"stall-at-(\d{1,6})KiB"), lambda after, _body: _stall(PAUSE, after * KIB)),
    (re.compile(r"stall-for-(\d{1,5})s"), lambda seconds, _body: _latency(seconds)),
    (re.compile(r"stall-for-(\d{1,6})ms"), lambda millis, _body: _latency(millis / 1000)),
    (re.compile(r"stall-for-(\d{1,5})s-after-(\d{1,6})K"), lambda s, after, _body: _stall(s, after * KIB)),
)
