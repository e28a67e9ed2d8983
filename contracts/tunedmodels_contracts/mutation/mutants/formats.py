"""Mutants of form: how JSON is laid out, and how its members are called."""

from __future__ import annotations

import json
import re

from .. import predicates
from ..mutant import Shelf
from ..request import Ask
from ..response import Reply, objects

SHELF = Shelf("forms")


@SHELF.answer
def members_in_snake_case(reply: Reply) -> None:
    """Members are called as in the protos: total_steps."""
    reply.change(lambda value: predicates.put(value, **{_snake(name): inner for name, inner in value.items()}))


@SHELF.answer
def member_renamed(reply: Reply) -> None:
    """One member has another name: completeTime is called endTime."""
    other = {"completeTime": "endTime"}
    reply.change(lambda value: predicates.put(value, **{other.get(name, name): inner for name, inner in value.items()}))


@SHELF.answer
def members_sorted(reply: Reply) -> None:
    """Members are in the order of the alphabet."""
    reply.change(lambda value: predicates.put(value, **dict(sorted(value.items()))))


@SHELF.answer
def member_of_another_api(reply: Reply) -> None:
    """Each resource has an etag, as those of other APIs have."""
    reply.change(lambda value: value.update(etag="abc") if "name" in value else None)


@SHELF.answer
def always_compact(reply: Reply) -> None:
    """JSON has no spaces and no line end."""
    if reply.json is not None and not reply.events:
        reply.text = json.dumps(reply.json, ensure_ascii=False, separators=(",", ":"))


@SHELF.question
def always_pretty(ask: Ask) -> Ask:
    """The parameter prettyPrint does nothing."""
    return ask.with_query(**{"prettyPrint": None, "$prettyPrint": None}) if "rettyPrint" in ask.url else ask


@SHELF.answer
def four_spaces(reply: Reply) -> None:
    """JSON is indented by four spaces."""
    if isinstance(reply.json, dict) and not reply.events:
        reply.text = json.dumps(reply.json, ensure_ascii=False, indent=4) + "\n"


@SHELF.answer
def other_scripts_escaped(reply: Reply) -> None:
    """What is not ASCII is escaped, as Python does it by default."""
    reply.text = re.sub(r"[^\x00-\x7f]", lambda found: json.dumps(found[0])[1:-1], reply.text)


@SHELF.answer
def nothing_is_no_body(reply: Reply) -> None:
    """An answer that says nothing has no body, in place of an empty object."""
    if reply.json == {}:
        reply.text = ""


@SHELF.answer_to
def nothing_is_done(ask: Ask, reply: Reply) -> None:
    """An answer that says nothing says that it is done."""
    if reply.json == {} and not ask.is_("GET *"):
        reply.json = {"done": True}


@SHELF.answer
def types_missing(reply: Reply) -> None:
    """What may be of any type does not say which one it is of."""
    reply.change(lambda value: value.pop("@type", None))


@SHELF.answer
def types_without_host(reply: Reply) -> None:
    """A type is a bare name, without type.googleapis.com/ before it."""
    for value in objects(reply.json):
        if "@type" in value:
            reply.text = reply.text.replace("type.googleapis.com/", "")


@SHELF.answer
def types_last(reply: Reply) -> None:
    """The type of what may be of any type comes after its members."""
    reply.change(lambda value: value.update({"@type": value.pop("@type")}) if "@type" in value else None)


def _snake(name: str) -> str:
    return name if name.startswith("@") else re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", name)
