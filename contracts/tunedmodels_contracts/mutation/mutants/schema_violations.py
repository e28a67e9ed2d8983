"""Mutants of facts: what the published API does not have, or has and is not answered."""

from __future__ import annotations

from .. import predicates
from ..mutant import MutantGroup
from ..predicates import Json
from ..response import MutantResponse

GROUP = MutantGroup("facts")


@GROUP.response
def members_made_up(response: MutantResponse) -> None:
    """Each object in an answer has a member more, which says what it is for."""
    response.change_objects(lambda value: value.update(remark="of the fake") if value else None)


@GROUP.response
def values_made_up(response: MutantResponse) -> None:
    """An enum has a value more: a model that is ACTIVE is READY, a user a PERSON, what is NEGLIGIBLE is NONE."""
    other = {"ACTIVE": "READY", "USER": "PERSON", "NEGLIGIBLE": "NONE"}
    members = ("state", "granteeType", "probability")

    def change(value: Json) -> None:
        value.update({name: other[value[name]] for name in members if value.get(name) in other})

    response.change_objects(change)


@GROUP.response
def numbers_made_up(response: MutantResponse) -> None:
    """Where enums are numbers, an active model has one that no state has."""
    response.change_objects(
        lambda value: (
            value.update(state=7) if predicates.is_model(value) and isinstance(value.get("state"), int) else None
        )
    )


@GROUP.response
def details_made_up(response: MutantResponse) -> None:
    """The details of a refusal are of a type of the fake's own."""

    def change(value: Json) -> None:
        if "fieldViolations" in value:
            predicates.replace_members(
                value, **{"@type": "type.googleapis.com/fake.Findings", "findings": value["fieldViolations"]}
            )

    response.change_objects(change)


@GROUP.response
def times_of_models_missing(response: MutantResponse) -> None:
    """A model does not say when it was made."""
    response.change_objects(lambda value: value.pop("createTime", None) if predicates.is_model(value) else None)
