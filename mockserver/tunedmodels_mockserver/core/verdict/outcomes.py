"""Lists the documented outcomes of calls, which a client can meet and a verdict counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from ..journal.raw_entry import RawEntry


class Outcome(msgspec.Struct, frozen=True):
    """One documented outcome, how to cause it, and how to recognize it.

    A request meets the outcome if its ``status`` is equal (None: any), the id of its method ends with one of
    ``methods``, the connection was or was not ``lost``, the body of the answer contains ``text`` and ``body_pattern``
    (None: any body), and ``predicate`` returns True (None: no such check). ``arm`` has the paths under ``/_emulator``
    and the bodies to send to them, if that is enough to cause the outcome.
    """

    id: str
    title: str
    instructions: str
    status: int | None = None
    methods: tuple[str, ...] = ("",)
    lost: bool = False
    text: bytes = b""
    body_pattern: re.Pattern[bytes] | None = None
    predicate: Callable[[RawEntry, bytes], bool] | None = None
    arm: tuple[tuple[str, Mapping[str, Any]], ...] = ()

    def can_meet(self, method: str, status: int, lost: bool) -> bool:
        """Whether a request of this kind can meet the outcome."""
        return self.status in (None, status) and self.lost == lost and bool(method) and method.endswith(self.methods)

    def is_met(self, entry: RawEntry, answer: bytes) -> bool:
        """Whether *entry* meets the outcome with the body *answer*. Call it only if ``can_meet`` is true."""
        # A search for a text takes a tenth of the time of a search for a pattern, and answers can have megabytes.
        matches_body = self.text in answer and (
            self.body_pattern is None or self.body_pattern.search(answer) is not None
        )
        return matches_body and (self.predicate is None or self.predicate(entry, answer))


def _fault(effect: Mapping[str, Any]) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    return (("faults", {"method": "*", **effect}),)


def _error(code: str) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    return _fault({"error": {"code": code}})


def _member(name: str) -> bytes:
    """Return the text of the member *name* of an answer. In a JSON string its quotes would be escaped."""
    return b'"' + name.encode() + b'":'


def _finish_reason_pattern(name: str, number: int) -> re.Pattern[bytes]:
    """Return a pattern for a finish reason, by name or by number, because clients may request enums as numbers."""
    return re.compile(rb'"finishReason":\s*(?:"%s"|%d\b)' % (name.encode(), number))


_STREAM = "streamGenerateContent"
_GENERATE = ("generateContent", _STREAM, "generateText")
_POLL = ("tunedModels.operations.get",)
_CANCELLED = re.compile(rb'"error":\s*\{\s*"code":\s*1\b')
_STARTED = re.compile(rb'"(?:completedSteps|done)":')

OUTCOMES: tuple[Outcome, ...] = (
    Outcome(
        "run-done",
        "A tuning run ended, and the operation showed it",
        "Create a model and get its operation until it is done.",
        status=200,
        methods=_POLL,
        text=_member("response"),
    ),
    Outcome(
        "run-failed",
        "A tuning run failed: its operation is done and has an error",
        "Create a model, then POST {} to /_emulator/operations/{its id}:fail.",
        status=200,
        methods=_POLL,
        text=_member("error"),
        predicate=lambda _entry, answer: not _CANCELLED.search(answer),
    ),
    Outcome(
        "run-cancelled",
        "A tuning run was cancelled: its operation is done and has an error with code 1",
        "Create a model, then POST {} to its operation's :cancel under /v1.",
        status=200,
        methods=_POLL,
        text=_member("error"),
        body_pattern=_CANCELLED,
    ),
    Outcome(
        "model-failed",
        "A request showed a tuned model in state FAILED",
        "Create a model, POST {} to /_emulator/operations/{its id}:fail, then get the model.",
        status=200,
        methods=("tunedModels.get",),
        predicate=lambda entry, _answer: entry.answer_fields.state in ("FAILED", 3),
    ),
    Outcome(
        "slow-queue",
        "A poll of an operation showed no completed step",
        "Get the operation at once. To make the queue longer, start with serve --queue-time 60, or arm the preset "
        "slow-queue.",
        status=200,
        methods=_POLL,
        predicate=lambda _entry, answer: not _STARTED.search(answer),
        arm=(("faults", {"preset": "slow-queue"}),),
    ),
    Outcome(
        "not-ready",
        "A call used a model before its tuning was done",
        "Create a model and call its :generateContent at once.",
        status=400,
        methods=_GENERATE,
        body_pattern=re.compile(b"is not ready to use"),
    ),
    Outcome(
        "second-page",
        "A client requested the next page of a list",
        "Create two models and list them with pageSize=1.",
        status=200,
        methods=(".list",),
        predicate=lambda entry, _answer: re.search(r"page(?:T|_t)oken=.", entry.query) is not None,
    ),
    Outcome(
        "invalid-argument",
        "A request was refused with 400",
        "Create a model without a base model, or arm a fault.",
        status=400,
        arm=_error("INVALID_ARGUMENT"),
    ),
    Outcome(
        "unauthenticated",
        "A credential was refused with 401, such as an expired token",
        "Arm the preset expired-token, or serve --auth strict and send a token that has expired.",
        status=401,
        arm=_error("UNAUTHENTICATED"),
    ),
    Outcome(
        "permission-denied",
        "A call was refused with 403",
        "Get a model as another user: send the key bob@example.com.",
        status=403,
        arm=_error("PERMISSION_DENIED"),
    ),
    Outcome(
        "not-found",
        "A call was answered with 404",
        "Get a model that was never created.",
        status=404,
        arm=_error("NOT_FOUND"),
    ),
    Outcome(
        "already-exists",
        "A call was answered with 409, such as for an id that is taken",
        "Create two models with the same tunedModelId.",
        status=409,
        arm=_error("ALREADY_EXISTS"),
    ),
    Outcome(
        "quota",
        "A call was answered with 429: the quota is used up",
        "Arm the preset quota, or a fault.",
        status=429,
        arm=_error("RESOURCE_EXHAUSTED"),
    ),
    Outcome(
        "retry-info",
        "An answer had a time to wait, in RetryInfo or Retry-After",
        "Arm a fault that has a retry_delay.",
        predicate=lambda entry, _answer: entry.status >= 400 and entry.retry_delay is not None,
        arm=_fault({"error": {"code": "RESOURCE_EXHAUSTED", "retry_delay": 1}}),
    ),
    Outcome(
        "internal",
        "A call was answered with 500",
        "Arm a fault.",
        status=500,
        arm=_error("INTERNAL"),
    ),
    Outcome(
        "unavailable",
        "A call was answered with 503",
        "Arm a fault.",
        status=503,
        arm=_error("UNAVAILABLE"),
    ),
    Outcome(
        "deadline-exceeded",
        "A call was answered with 504",
        "Arm a fault.",
        status=504,
        arm=_error("DEADLINE_EXCEEDED"),
    ),
    Outcome(
        "answer-lost",
        "The connection ended before the whole answer arrived",
        "Arm a fault with the effect reset.",
        lost=True,
        predicate=lambda entry, _answer: not entry.method.endswith(_STREAM),
        arm=_fault({"reset": True}),
    ),
    Outcome(
        "stream-truncated",
        "A stream was cut off",
        "Arm a fault with the effect truncate for *.streamGenerateContent, and stream from a model.",
        methods=(_STREAM,),
        lost=True,
        arm=(("faults", {"method": "*.streamGenerateContent", "truncate": {"fraction": 0.5}}),),
    ),
    Outcome(
        "generated",
        "A model answered",
        "Call :generateContent of a tuned model or of a base model.",
        status=200,
        methods=_GENERATE,
        body_pattern=_finish_reason_pattern("STOP", 1),
    ),
    Outcome(
        "prompt-blocked",
        "A prompt was blocked: promptFeedback has a blockReason, and there are no candidates",
        "Arm a canned answer.",
        status=200,
        methods=_GENERATE,
        text=_member("blockReason"),
        arm=(("canned", {"answer": {"blocked": "SAFETY"}}),),
    ),
    Outcome(
        "max-tokens",
        "An answer was cut off: its finishReason is MAX_TOKENS",
        "Arm a canned answer.",
        status=200,
        methods=_GENERATE,
        body_pattern=_finish_reason_pattern("MAX_TOKENS", 2),
        arm=(("canned", {"answer": {"text": "cut o", "finish_reason": "MAX_TOKENS"}}),),
    ),
    Outcome(
        "answer-blocked",
        "An answer was blocked: its finishReason is SAFETY",
        "Arm a canned answer.",
        status=200,
        methods=_GENERATE,
        body_pattern=_finish_reason_pattern("SAFETY", 3),
        arm=(("canned", {"answer": {"text": "", "finish_reason": "SAFETY"}}),),
    ),
)
