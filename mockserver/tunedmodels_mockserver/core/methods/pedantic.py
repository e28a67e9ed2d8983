"""Makes answers that are legal but rare, to test whether a client tolerates them.

Lists have pages of one item and sometimes an empty page with a token. Messages get unknown members and enum values, and
lose optional members. ``state``, ``done`` and other members that a polling loop needs do not change.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import random_draws
from .request_context import RequestContext

Value = dict[str, Any]
View = Callable[[RequestContext, Value], Any]

EMPTY = "RW1wdHk"  # prefix of an empty page's token; the rest is the token of the page that comes next
UNKNOWN_MEMBER = "addedSinceYesterday"
UNKNOWN_VALUE = "ADDED_SINCE_YESTERDAY"

_OFTEN = 1 / 3  # share of empty pages after the first page, which is always empty
_ENUMS = frozenset({"finishReason", "granteeType", "probability"})
_OPTIONAL = frozenset({"temperature", "topP", "topK", "description", "usageMetadata", "safetyRatings"})


def pedantic(method: str, view: View) -> View:
    """Return *view*, which answers *method*, with pedantic pages. A method that is no list stays as it is."""
    if not method.endswith(".list"):
        return view
    return lambda call, request: _page(call, request, view)


def distort(body: Any) -> Any:
    """Return plain JSON with unknown members and enum values and without optional members, at every level."""
    if isinstance(body, list):
        return [distort(item) for item in body]
    if not isinstance(body, dict):
        return body
    members = {
        key: UNKNOWN_VALUE if key in _ENUMS else distort(value) for key, value in body.items() if key not in _OPTIONAL
    }
    return {**members, UNKNOWN_MEMBER: {"why": "legal, and rare"}}


def _page(call: RequestContext, request: Value, view: View) -> Value:
    token = request.get("page_token", "")
    if not token.startswith(EMPTY) and (not token or random_draws.uniform(call.world.seed, "empty", token) < _OFTEN):
        return {"next_page_token": EMPTY + token}
    answer: Value = view(call, {**request, "page_size": 1, "page_token": token.removeprefix(EMPTY)})
    return answer
