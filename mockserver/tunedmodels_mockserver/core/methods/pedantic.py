"""Pedantry: answers that are legal and rare, for clients that should bear with them.

Pages of one item, an empty page with a token now and then, members and enum values that no client knows yet, and
optional members that are missing. ``state``, ``done`` and what else a loop waits for stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import random_draws
from .call import RequestContext

Value = dict[str, Any]
View = Callable[[RequestContext, Value], Any]

EMPTY = "RW1wdHk"  # how the token begins that an empty page gives: the page that was asked for comes next
UNKNOWN_MEMBER = "addedSinceYesterday"
UNKNOWN_VALUE = "ADDED_SINCE_YESTERDAY"

_OFTEN = 1 / 3  # of the pages after the first; the first is always empty
_ENUMS = frozenset({"finishReason", "granteeType", "probability"})
_OPTIONAL = frozenset({"temperature", "topP", "topK", "description", "usageMetadata", "safetyRatings"})


def pedantic(method: str, view: View) -> View:
    """Return *view*, which answers *method*, as a pedantic service pages it; what is no list is left alone."""
    if not method.endswith(".list"):
        return view
    return lambda call, request: _page(call, request, view)


def distort(body: Any) -> Any:
    """Return plain JSON with unknown members and enum values in it, and without what is optional, at every level."""
    if isinstance(body, list):
        return [distort(item) for item in body]
    if not isinstance(body, dict):
        return body
    kept = {
        key: UNKNOWN_VALUE if key in _ENUMS else distort(value) for key, value in body.items() if key not in _OPTIONAL
    }
    return {**kept, UNKNOWN_MEMBER: {"why": "legal, and rare"}}


def _page(call: RequestContext, request: Value, view: View) -> Value:
    token = request.get("page_token", "")
    if not token.startswith(EMPTY) and (not token or random_draws.uniform(call.world.seed, "empty", token) < _OFTEN):
        return {"next_page_token": EMPTY + token}
    answer: Value = view(call, {**request, "page_size": 1, "page_token": token.removeprefix(EMPTY)})
    return answer
