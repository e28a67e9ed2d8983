"""Chooses the canned answer to a prompt.

The first of these that applies: a canned rule of the world or of a file; an exact match in the model's training
examples; the next number, for a model whose examples are numbers and their successors; a text that says it is canned.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from ...wire.status import StatusError
from .. import errors
from ..canned import matching, unmatched_prompts
from ..canned.matching import RuleHit
from ..canned.query import PromptQuery
from ..canned.unmatched_prompts import Miss
from ..effects import error_of
from ..state.controls import Controls
from ..state.records import Examples
from ..text.numerals import successor
from .request_context import RequestContext

FALLBACK = "This is a canned answer from a mock server: no model has read the prompt."


def fallback_answer(examples: Examples | None, prompt: str) -> str:
    """Return the answer to *prompt* if no rule matches. The model is tuned on *examples* (None for a base model)."""
    if examples is None:
        return FALLBACK
    answer = examples.outputs.get(prompt)
    if answer is None:
        answer = examples.outputs.get(prompt.strip())
    if answer is None and examples.are_successors:
        answer = successor(prompt)
    return FALLBACK if answer is None else answer


def match_rule(call: RequestContext, query: PromptQuery) -> RuleHit | None:
    """Return the rule that answers *query* and count the match. Without a match, record a miss and add a note.

    Raise StatusError if the rule answers an error, and for a miss if rules are strict.
    """
    file_rules = call.world.file_rules()
    if not (call.world.controls.canned.rules or file_rules.rules):
        return None

    def change(controls: Controls) -> tuple[Controls, tuple[RuleHit | None, Miss | None]]:
        rules = (*controls.canned.rules, *file_rules.rules)
        book, hit = matching.find(controls.canned, rules, query)
        miss = None
        if hit is None and rules and query.method != "countTokens":
            miss = unmatched_prompts.describe_miss(rules, book.counts, query, call.now)
            book = book.with_miss(miss)
        return (controls if book is controls.canned else replace(controls, canned=book)), (hit, miss)

    controls, (hit, miss) = call.world.change_with(change)
    strict = controls.canned.strict or file_rules.strict
    if miss is not None:
        # A header is one line of ASCII.
        call.notes.append(f"canned-miss: {miss.summary}".encode("unicode_escape").decode())
        if strict:
            raise errors.canned_miss(miss.summary)
    if hit is not None and hit.rule.full_answer.error is not None:
        error = error_of(hit.rule.full_answer.error)
        message = hit.template_values(query).fill(error.message)
        status = msgspec.structs.replace(error, message=message).status()
        raise StatusError(status.code, status.message, *status.details)
    return hit
