"""Mutants of facts: what the published API does not have, or has and is not answered."""

from __future__ import annotations

from .. import predicates
from ..mutant import Shelf
from ..predicates import Json
from ..response import Reply

SHELF = Shelf("facts")


@SHELF.answer
def members_made_up(reply: Reply) -> None:
    """Each object in an answer has a member more, which says what it is for."""
    reply.change(lambda value: value.update(remark="of the fake") if value else None)


@SHELF.answer
def values_made_up(reply: Reply) -> None:
    """An enum has a value more: a model that is ACTIVE is READY, a user a PERSON, what is NEGLIGIBLE is NONE."""
    other = {"ACTIVE": "READY", "USER": "PERSON", "NEGLIGIBLE": "NONE"}
    members = ("state", "granteeType", "probability")

    def change(value: Json) -> None:
        value.update({name: other[value[name]] for name in members if value.get(name) in other})

    reply.change(change)


@SHELF.answer
def numbers_made_up(reply: Reply) -> None:
    """Where enums are numbers, an active model has one that no state has."""
    reply.change(
        lambda value: value.update(state=7) if predicates.model(value) and isinstance(value.get("state"), int) else None
    )


@SHELF.answer
def details_made_up(reply: Reply) -> None:
    """The details of a refusal are of a type of the fake's own."""

    def change(value: Json) -> None:
        if "fieldViolations" in value:
            predicates.put(
                value, **{"@type": "type.googleapis.com/fake.Findings", "findings": value["fieldViolations"]}
            )

    reply.change(change)


@SHELF.answer
def times_of_models_missing(reply: Reply) -> None:
    """A model does not say when it was made."""
    reply.change(lambda value: value.pop("createTime", None) if predicates.model(value) else None)
