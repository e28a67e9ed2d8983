"""Lists the differences between two requests. A replay uses them to match requests and to explain a mismatch."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from .exchange import SentRequest, header
from .placeholders import Placeholders, Substitutions
from .secret_patterns import parameter_kind

_ABSENT = object()
_TRAILING = re.compile(r'("[^"\\]*(?:\\.[^"\\]*)*")|,(?=\s*[}\]])', re.DOTALL)


@dataclass(frozen=True)
class Difference:
    """A *text* that describes a difference between two requests, and its *weight*."""

    text: str
    weight: float = 1.0


def differences(
    recorded: SentRequest, sent: SentRequest, placeholders: Placeholders, substitutions: Substitutions
) -> list[Difference]:
    """Return the differences of *sent* from *recorded*; add the values sent for placeholders to *substitutions*.

    Headers are not compared. JSON bodies are compared by value. The service accepts a comma after the last member, and
    this comparison accepts it too.
    """
    there, here = urlsplit(recorded.url), urlsplit(sent.url)
    all_differences: list[Difference] = []
    if recorded.method != sent.method:
        all_differences.append(Difference(f"method: recorded {recorded.method}, sent {sent.method}", 20))
    if (there.scheme, there.netloc) != (here.scheme, here.netloc):
        text = f"host: recorded {there.scheme}://{there.netloc}, sent {here.scheme}://{here.netloc}"
        all_differences.append(Difference(text, 50))
    if not placeholders.matches(unquote(there.path), unquote(here.path), substitutions, r"[^/:]+"):
        alike = SequenceMatcher(None, there.path, here.path).ratio()
        all_differences.append(Difference(f"path: recorded {there.path}, sent {here.path}", 40 - 30 * alike))
    all_differences += _query_differences(there.query, here.query, placeholders, substitutions)
    all_differences += _body_differences(recorded, sent, placeholders, substitutions)
    return all_differences


def _query_differences(
    recorded: str, sent: str, placeholders: Placeholders, substitutions: Substitutions
) -> Iterator[Difference]:
    there, here = (parse_qs(query, keep_blank_values=True) for query in (recorded, sent))
    for name in sorted({*there, *here}):
        if parameter_kind(name) not in (None, "client-id"):
            continue  # the same request with another key is the same request
        values, others = there.get(name, []), here.get(name, [])
        pairs = zip(values, others, strict=False)
        if len(values) != len(others) or not all(placeholders.matches(old, new, substitutions) for old, new in pairs):
            yield Difference(f"query {name}: recorded {_join(values)}, sent {_join(others)}", 3)


def _body_differences(
    recorded: SentRequest, sent: SentRequest, placeholders: Placeholders, substitutions: Substitutions
) -> Iterator[Difference]:
    there, here = recorded.body, sent.body
    if there == here:
        return
    if not there or not here:
        yield Difference(f"body: recorded {len(there)} bytes, sent {len(here)}", 5)
        return
    old, new = _json(there), _json(here)
    if old is not _ABSENT and new is not _ABSENT:
        yield from _value_differences(old, new, "$", placeholders, substitutions)
        return
    before, after = there.decode("latin-1"), here.decode("latin-1")
    kind = header(recorded.headers, "Content-Type") or ""
    if kind.startswith("application/x-www-form-urlencoded"):
        yield from _query_differences(before, after, placeholders, substitutions)
    elif not placeholders.matches(before, after, substitutions):
        which = "" if (old is _ABSENT) == (new is _ABSENT) else "; one of them is not JSON"
        yield Difference(f"body: recorded {len(there)} bytes, sent {len(here)} other bytes{which}", 5)


def _value_differences(
    old: Any, new: Any, path: str, placeholders: Placeholders, substitutions: Substitutions
) -> Iterator[Difference]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys([*old, *new]):
            inner = f"{path}.{name}"
            if name not in new:
                yield Difference(f"body {inner}: recorded {_shorten(old[name])}, not sent")
            elif name not in old:
                yield Difference(f"body {inner}: not recorded, sent {_shorten(new[name])}")
            else:
                yield from _value_differences(old[name], new[name], inner, placeholders, substitutions)
    elif isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            yield Difference(f"body {path}: recorded {len(old)} elements, sent {len(new)}")
        for number, (one, other) in enumerate(zip(old, new, strict=False)):
            yield from _value_differences(one, other, f"{path}[{number}]", placeholders, substitutions)
    elif _is_text_or_integer(old) and type(old) is type(new):
        # A placeholder of a number is also a number.
        if not placeholders.matches(str(old), str(new), substitutions):
            yield Difference(f"body {path}: recorded {_shorten(old)}, sent {_shorten(new)}")
    elif old != new or isinstance(old, bool) != isinstance(new, bool):
        yield Difference(f"body {path}: recorded {_shorten(old)}, sent {_shorten(new)}")


def _is_text_or_integer(value: Any) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool)


def _json(body: bytes) -> Any:
    try:
        text = body.decode()
        try:
            return json.loads(text)
        except ValueError:
            return json.loads(_TRAILING.sub(lambda match: match[1] or "", text))
    except (ValueError, RecursionError):
        return _ABSENT


def _shorten(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _join(values: list[str]) -> str:
    return " and ".join(map(_shorten, values)) or "nothing"
