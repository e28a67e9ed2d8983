"""Serves ``/canned``, which adds, reads and removes the canned rules of a world and lists unanswered calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import msgspec
from flask import Response, request

from ...core.canned.model_checks import check_models
from ...core.canned.rulebook import DuplicateRuleId, Rulebook
from ...core.canned.rules import Rule, Rules
from ...core.state.controls import Controls
from ...core.state.worlds import World
from ...core.strict_input import BadInput, nearest, read_json
from ...wire.protojson.timestamps import format_timestamp
from .. import responses
from .endpoints import AdminEndpoints

_MEMBERS = ("strict", "rules", "files", "missed")
_RuleOrRules = Rule | tuple[Rule, ...]
_AllRules = Rules | tuple[Rule, ...]


def add(endpoints: AdminEndpoints, world: Callable[[], World]) -> None:
    """Add the routes ``/canned``. *world* returns the world of the present request."""

    @endpoints.add("GET", "/canned", "List the rules, and how often each answered.", members=_MEMBERS)
    def canned() -> Response:
        return responses.document(_rules_document(world()))

    @endpoints.add(
        "POST",
        "/canned",
        "Add a rule or a list of them.",
        members=("rules",),
        body=(Rule,),
        accepts_list=True,
        query={"at": Literal["first", "last"]},
        error_statuses=(409,),
    )
    def add_canned() -> Response:
        at = request.args.get("at", "last")
        if at not in ("first", "last"):
            raise BadInput(f"at must be first or last, got {at!r}.")
        data = request.get_data()
        _refuse_whole_file(data)
        value: Any = read_json(data, _RuleOrRules)  # type: ignore[arg-type]
        rules = value if isinstance(value, tuple) else (value,)
        current = world()
        check_models(rules, current.base_models)

        def change(controls: Controls) -> tuple[Controls, Rulebook]:
            before = controls.canned
            return replace(controls, canned=before.with_rules(rules, first=at == "first")), before

        try:
            controls, before = current.change_with(change)
        except DuplicateRuleId as error:
            return responses.document({"error": str(error)}, 409)
        except ValueError as error:
            raise BadInput(_as_sentence(error)) from None
        old_ids, book = {rule.id for rule in before.rules}, controls.canned
        return responses.document({"rules": [_rule(book, rule) for rule in book.rules if rule.id not in old_ids]})

    @endpoints.add("PUT", "/canned", "Replace all rules.", members=_MEMBERS, body=(Rules, tuple[Rule, ...]))
    def replace_canned() -> Response:
        value: Any = read_json(request.get_data(), _AllRules)  # type: ignore[arg-type]
        rules = value if isinstance(value, Rules) else Rules(value)
        current = world()
        check_models(rules.rules, current.base_models)
        try:
            current.change(lambda controls: replace(controls, canned=controls.canned.replace_rules(rules)))
        except ValueError as error:
            raise BadInput(_as_sentence(error)) from None
        return responses.document(_rules_document(current))

    @endpoints.add("DELETE", "/canned", "Remove all rules.", members=_MEMBERS)
    def drop_canned() -> Response:
        current = world()
        current.change(lambda controls: replace(controls, canned=Rulebook()))
        return responses.document(_rules_document(current))

    @endpoints.add("DELETE", "/canned/{rule_id}", "Remove a rule.", members=_MEMBERS, error_statuses=(404, 409))
    def drop_rule(rule_id: str) -> Response:
        current = world()
        if "#" in rule_id:  # a rule of a file; a URL can lose the first slash of its id, so do not search for it
            text = f"{rule_id!r} is a rule of a file. Remove it from the file."
            return responses.document({"error": text}, 409)
        try:
            current.change(lambda controls: replace(controls, canned=controls.canned.without(rule_id)))
        except KeyError:
            near = nearest(rule_id, [rule.id for rule in current.controls.canned.rules])
            return responses.document({"error": f"There is no rule {rule_id!r}{near}."}, 404)
        return responses.document(_rules_document(current))

    @endpoints.add("GET", "/canned/misses", "List the calls that no rule answered.", members=("missed", "misses"))
    def misses() -> Response:
        book = world().controls.canned
        documents = [
            {**msgspec.to_builtins(miss), "moment": format_timestamp(miss.moment, 9)} for miss in reversed(book.misses)
        ]
        return responses.document({"missed": book.miss_count, "misses": documents})


def _refuse_whole_file(data: bytes) -> None:
    """Raise BadInput if *data* is a whole file of rules, and not a rule or a list of rules."""
    value = read_json(data, object)
    if isinstance(value, dict) and "rules" in value:
        raise BadInput(
            "This is a whole file of rules, because it has `rules`. To replace all rules use PUT, or `canned set`."
        )


def _rules_document(world: World) -> dict[str, Any]:
    book, file_rules = world.controls.canned, world.file_rules()
    return {
        "strict": book.strict or file_rules.strict,
        "rules": [_rule(book, rule) for rule in (*book.rules, *file_rules.rules)],
        "files": [
            {"path": file.path, "rules": file.rules, "problem": file.problem or None} for file in file_rules.files
        ],
        "missed": book.miss_count,
    }


def _rule(book: Rulebook, rule: Rule) -> dict[str, Any]:
    return {"id": rule.id, "hits": book.counters(rule).hits, **msgspec.to_builtins(rule)}


def _as_sentence(error: ValueError) -> str:
    """Return the message of *error* with a full stop."""
    return f"{str(error).rstrip('.')}."
