"""Mutants of form: how JSON is laid out, and how its members are called."""

from __future__ import annotations

import json
import re

from .. import predicates
from ..mutant import MutantGroup
from ..request import MutantRequest
from ..response import MutantResponse, objects

GROUP = MutantGroup("forms")


@GROUP.response
def members_in_snake_case(response: MutantResponse) -> None:
    """Members are called as in the protos: total_steps."""
    response.change_objects(
        lambda value: predicates.replace_members(value, **{_snake(name): inner for name, inner in value.items()})
    )


@GROUP.response
def member_renamed(response: MutantResponse) -> None:
    """One member has another name: completeTime is called endTime."""
    other = {"completeTime": "endTime"}
    response.change_objects(
        lambda value: predicates.replace_members(
            value, **{other.get(name, name): inner for name, inner in value.items()}
        )
    )


@GROUP.response
def members_sorted(response: MutantResponse) -> None:
    """Members are in the order of the alphabet."""
    response.change_objects(lambda value: predicates.replace_members(value, **dict(sorted(value.items()))))


@GROUP.response
def member_of_another_api(response: MutantResponse) -> None:
    """Each resource has an etag, as those of other APIs have."""
    response.change_objects(lambda value: value.update(etag="abc") if "name" in value else None)


@GROUP.response
def always_compact(response: MutantResponse) -> None:
    """JSON has no spaces and no line end."""
    if response.json is not None and not response.is_event_stream:
        response.text = json.dumps(response.json, ensure_ascii=False, separators=(",", ":"))


@GROUP.request
def always_pretty(request: MutantRequest) -> MutantRequest:
    """The parameter prettyPrint does nothing."""
    return request.with_query(**{"prettyPrint": None, "$prettyPrint": None}) if "rettyPrint" in request.url else request


@GROUP.response
def four_spaces(response: MutantResponse) -> None:
    """JSON is indented by four spaces."""
    if isinstance(response.json, dict) and not response.is_event_stream:
        response.text = json.dumps(response.json, ensure_ascii=False, indent=4) + "\n"


@GROUP.response
def other_scripts_escaped(response: MutantResponse) -> None:
    """What is not ASCII is escaped, as Python does it by default."""
    response.text = re.sub(r"[^\x00-\x7f]", lambda found: json.dumps(found[0])[1:-1], response.text)


@GROUP.response
def nothing_is_no_body(response: MutantResponse) -> None:
    """An answer that says nothing has no body, in place of an empty object."""
    if response.json == {}:
        response.text = ""


@GROUP.response_to
def nothing_is_done(request: MutantRequest, response: MutantResponse) -> None:
    """An answer that says nothing says that it is done."""
    if response.json == {} and not request.matches("GET *"):
        response.json = {"done": True}


@GROUP.response
def types_missing(response: MutantResponse) -> None:
    """What may be of any type does not say which one it is of."""
    response.change_objects(lambda value: value.pop("@type", None))


@GROUP.response
def types_without_host(response: MutantResponse) -> None:
    """A type is a bare name, without type.googleapis.com/ before it."""
    for value in objects(response.json):
        if "@type" in value:
            response.text = response.text.replace("type.googleapis.com/", "")


@GROUP.response
def types_last(response: MutantResponse) -> None:
    """The type of what may be of any type comes after its members."""
    response.change_objects(lambda value: value.update({"@type": value.pop("@type")}) if "@type" in value else None)


def _snake(name: str) -> str:
    return name if name.startswith("@") else re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", name)
