"""Defines one difference between two servers, with its kind and severity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal[
    "requests",  # only one of them got a request
    "status",
    "header",
    "body",  # one has JSON and the other does not
    "layout",  # the same JSON in another layout
    "missing-member",
    "extra-member",
    "zero",  # one writes a zero value, the other omits it
    "order",
    "length",
    "type",
    "value",
    "wording",
    "number-form",
    "time-form",
]
Severity = Literal["breaks-clients", "visible", "cosmetic"]

SEVERITIES: tuple[Severity, ...] = get_args(Severity)


@dataclass(frozen=True, order=True)
class ServerDifference:
    """One difference and its severity: in which *clause*, in which *request*, and at which *path* of the body.

    The names in *request* and *path* are placeholders for both servers, such as ``tunedModels/<model:1>``. *text* has
    both values.
    """

    kind: Kind
    severity: Severity
    clause: str
    request: str
    path: str
    text: str

    def __str__(self) -> str:
        """Return the difference as a line of a report."""
        place = f"{self.request} {self.path}".strip()
        return f"{self.severity}: {self.kind}: {place}: {self.text} [{self.clause}]"


def difference_lines(findings: Iterable[ServerDifference]) -> Iterator[str]:
    """Yield a line for each difference, the most severe first. A difference that many clauses show gets one line."""
    places: dict[tuple[str, str, str, str], list[ServerDifference]] = {}
    for difference in findings:
        key = (difference.severity, difference.kind, _verb(difference.request), _anywhere(difference.path))
        places.setdefault(key, []).append(difference)
    for (severity, *_), same in sorted(places.items(), key=lambda item: SEVERITIES.index(item[1][0].severity)):
        clauses = sorted({difference.clause for difference in same})
        more = f" and {len(clauses) - 1} other clauses" if len(clauses) > 1 else ""
        first = same[0]
        place = f"{first.request} {first.path}".strip()
        yield f"{severity}: {first.kind}: {place}: {first.text} [{clauses[0]}{more}]"


def _verb(request: str) -> str:
    return "".join("#" if sign.isdigit() else sign for sign in request.partition("?")[0])


def _anywhere(path: str) -> str:
    return "".join("#" if sign.isdigit() else sign for sign in path)
