"""Defines canned rules, each with conditions and an answer, as an operator writes them.

Rules are checked when they are read, so that no rule fails when it is used. An unknown member, enum value or
placeholder and an invalid regular expression or JSON path raise ValueError.
"""

from __future__ import annotations

import re
from functools import cached_property
from hashlib import blake2b
from typing import Any, Literal

import msgspec

from ..effects import Error, error_of
from . import message_checks, patterns, templates

MAX_CHUNKS = 1000
MAX_PAUSE = 60.0  # seconds before one chunk
_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")
FINISH_REASON = "Candidate.FinishReason"
BLOCK_REASON = "GenerateContentResponse.PromptFeedback.BlockReason"
USAGE = "GenerateContentResponse.UsageMetadata"
COUNT = "CountTokensResponse"
_CONTENTS = ("text", "parts", "candidates", "blocked", "chunks", "error", "echo")
_FINISHED = ("text", "parts", "chunks", "echo")  # the contents that have one finish reason

Parts = tuple[dict[str, Any], ...]
MethodName = Literal["generateContent", "streamGenerateContent", "generateText", "countTokens"]


class JsonPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A condition on the request: ``path`` finds a value that equals ``equals`` or, without ``equals``, any value."""

    path: str
    equals: Any | msgspec.UnsetType = msgspec.UNSET

    def __post_init__(self) -> None:
        """Raise ValueError if the path or the value is invalid."""
        patterns.json_path(self.path)
        if self.equals is not msgspec.UNSET:
            message_checks.check_json_value(self.equals, "equals")


class When(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The conditions of a rule. All conditions that are set must hold; if none is set, the rule always matches.

    ``model`` is an id, a resource name or a glob of either. ``text``, ``contains`` and ``regex`` apply to the text of
    the last turn. ``nth`` counts the calls for which the other conditions held, from 1. A rule without ``method``
    applies to every method except countTokens.
    """

    model: str | None = None
    method: MethodName | None = None
    text: str | None = None
    contains: str | None = None
    regex: str | None = None
    json_path: JsonPath | tuple[JsonPath, ...] | None = None
    nth: int | tuple[int, ...] | Literal["first", "rest"] | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for conditions that can never hold."""
        if self.model is not None and not 1 <= len(self.model) <= 200:
            raise ValueError(f"model must have 1 to 200 characters, got {len(self.model)}")
        if self.regex is not None:
            patterns.regex(self.regex)
        if self.json_path == ():
            raise ValueError("json_path must be a path or a list of at least one path; leave it out for no path")
        numbers = (self.nth,) if isinstance(self.nth, int) else self.nth if isinstance(self.nth, tuple) else (1,)
        if not numbers or min(numbers) < 1:
            raise ValueError(f"nth must be 1 or more, a list of such numbers, first or rest, got {self.nth!r}")

    @property
    def json_paths(self) -> tuple[JsonPath, ...]:
        """The conditions on JSON paths as a tuple, empty if there are none."""
        return (self.json_path,) if isinstance(self.json_path, JsonPath) else self.json_path or ()


class Chunk(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One chunk of a stream. ``pause`` is the time in seconds before it, at most 60."""

    text: str
    pause: float = 0.0

    def __post_init__(self) -> None:
        """Raise ValueError for a pause that is out of range."""
        if not 0 <= self.pause <= MAX_PAUSE:
            raise ValueError(f"pause must be from 0 to {MAX_PAUSE:.0f} seconds, got {self.pause}")


class Candidate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One of several candidates. Without text and parts it has no content, like one that was stopped for safety."""

    text: str | None = None
    parts: Parts | None = None
    finish_reason: str | None = None
    safety_ratings: tuple[dict[str, Any], ...] | None = None

    def __post_init__(self) -> None:
        """Raise ValueError if the API cannot have such a candidate."""
        if self.text is not None and self.parts is not None:
            raise ValueError("set text or parts in a candidate, not both")
        _check_parts(self.parts)
        _check_finish(self.finish_reason, self.safety_ratings)


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, dict=True):
    """The answer of a rule: one of text, parts, candidates, blocked (a block reason), chunks, error or its code, echo.

    ``parts`` and ``safety_ratings`` have the form of the API. ``usage`` overrides members of the usageMetadata; for
    countTokens it overrides members of the answer, and may be the only member here. Without ``finish_reason``, the
    limits of the request cut a text.
    """

    text: str | None = None
    parts: Parts | None = None
    candidates: tuple[Candidate, ...] | None = None
    blocked: str | None = None
    chunks: tuple[str | Chunk, ...] | None = None
    error: Error | str | int | None = None
    echo: Literal[True] | None = None
    finish_reason: str | None = None
    safety_ratings: tuple[dict[str, Any], ...] | None = None
    usage: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        """Raise ValueError if the API cannot give such an answer."""
        contents = [name for name in _CONTENTS if getattr(self, name) is not None]
        if len(contents) > 1 or (not contents and self.usage is None):
            names = " and ".join(contents) or "none"
            raise ValueError(f"an answer must have exactly one of {', '.join(_CONTENTS)}, got {names}")
        kind = contents[0] if contents else ""
        for name, kinds in (("finish_reason", _FINISHED), ("safety_ratings", (*_FINISHED, "blocked"))):
            if getattr(self, name) is None or kind in kinds:
                continue
            if kind == "candidates":
                raise ValueError(f"set the {name} of a candidate in the candidate")
            raise ValueError(f"{name} can be set with {', '.join(kinds[:-1])} and {kinds[-1]} only")
        if self.usage is not None and kind == "error":
            raise ValueError("usage cannot be set with error")
        if self.candidates == () or self.chunks == ():
            raise ValueError(f"{kind} must have at least one item")
        if len(self.chunks or ()) > MAX_CHUNKS:
            raise ValueError(f"chunks can have at most {MAX_CHUNKS} items, got {len(self.chunks or ())}")
        if self.error is not None:
            error_of(self.error)
        if self.blocked is not None:
            message_checks.enum_value(self.blocked, BLOCK_REASON, "blocked")
        _check_parts(self.parts)
        _check_finish(self.finish_reason, self.safety_ratings)

    @cached_property
    def whole_chunks(self) -> tuple[Chunk, ...]:
        """The chunks as objects. A string becomes the text of one."""
        return tuple(Chunk(item) if isinstance(item, str) else item for item in self.chunks or ())


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, dict=True):
    """One rule. It answers at most ``times`` calls; None means all. A rule without ``id`` gets one when it is added."""

    answer: str | Answer
    when: When = When()
    id: str = ""
    times: int | None = None

    def __post_init__(self) -> None:
        """Raise ValueError if members are invalid or do not fit together."""
        if self.times is not None and self.times < 1:
            raise ValueError(f"times must be 1 or more, got {self.times}")
        templates.check(msgspec.to_builtins(self.full_answer), self.when.regex)
        content = next((name for name in _CONTENTS if getattr(self.full_answer, name) is not None), None)
        counting = self.when.method == "countTokens"
        if counting and content not in (None, "error"):
            raise ValueError(
                f"the answer of a rule for countTokens must be usage, such as totalTokens: 7, or error; got {content}"
            )
        if content is None and not counting:
            raise ValueError(f"an answer must have exactly one of {', '.join(_CONTENTS)}, got usage alone")
        if self.full_answer.usage is not None:
            message_checks.read_message(self.full_answer.usage, COUNT if counting else USAGE, "usage")

    @cached_property
    def full_answer(self) -> Answer:
        """The answer as an object. A string becomes the text of one."""
        return Answer(text=self.answer) if isinstance(self.answer, str) else self.answer


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A set of rules. With ``strict``, a call that no rule matches gets an error."""

    rules: tuple[Rule, ...] = ()
    strict: bool = False


def digest(rule: Rule) -> str:
    """Return a hash of the content of *rule*, six hexadecimal digits."""
    return blake2b(msgspec.json.encode(rule, order="deterministic"), digest_size=3).hexdigest()


def check_id(rule_id: str) -> None:
    """Raise ValueError if *rule_id* cannot be the id of a rule."""
    if not _ID.fullmatch(rule_id):
        raise ValueError(
            f"an id must have 1 to 100 letters, digits, dots, dashes or underscores, got {rule_id[:100]!r}"
        )


def _check_parts(parts: Parts | None) -> None:
    for number, part in enumerate(parts or ()):
        value = message_checks.read_message(part, "Part", f"parts[{number}]")
        if not value.keys() - {"thought", "thought_signature", "part_metadata", "video_metadata"}:
            raise ValueError(f"parts[{number}] has no content, such as text, functionCall or inlineData")


def _check_finish(finish_reason: str | None, ratings: tuple[dict[str, Any], ...] | None) -> None:
    if finish_reason is not None:
        message_checks.enum_value(finish_reason, FINISH_REASON, "finish_reason")
    for number, rating in enumerate(ratings or ()):
        message_checks.read_message(rating, "SafetyRating", f"safety_ratings[{number}]")
