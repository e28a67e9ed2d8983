"""Tests partial responses, by the system parameter ``fields``."""

from __future__ import annotations

import pytest

from tunedmodels_mockserver.wire.partial import Tree, parse_mask, partial
from tunedmodels_mockserver.wire.protojson.writing import any_to_json
from tunedmodels_mockserver.wire.status import Code, StatusError
from tunedmodels_mockserver.wire.surface import surface_of

ON = surface_of("v1beta")
TUNED_MODEL = ON.message("TunedModel")
LIST = ON.message("ListTunedModelsResponse")
OPERATION = ON.message("google.longrunning.Operation")


@pytest.mark.parametrize(
    ("mask", "tree"),
    [
        ("", {}),
        ("name", {"name": {}}),
        ("name,state", {"name": {}, "state": {}}),
        (" name , state ", {"name": {}, "state": {}}),
        ("name,", {"name": {}}),
        ("display_name", {"displayName": {}}),
        ("displayName,display_name", {"displayName": {}}),
        ("tuningTask.startTime,tuningTask.completeTime", {"tuningTask": {"startTime": {}, "completeTime": {}}}),
        ("tuningTask/snapshots/step", {"tuningTask": {"snapshots": {"step": {}}}}),
        ("tuning_task(start_time,completeTime)", {"tuningTask": {"startTime": {}, "completeTime": {}}}),
        (
            "tuningTask(snapshots(step),hyperparameters/epochCount),name",
            {"tuningTask": {"snapshots": {"step": {}}, "hyperparameters": {"epochCount": {}}}, "name": {}},
        ),
        ("tuningTask(snapshots(step,epoch))", {"tuningTask": {"snapshots": {"step": {}, "epoch": {}}}}),
        ("(name,state)", {"name": {}, "state": {}}),
        ("*", {"*": {}}),
        ("tuningTask/*", {"tuningTask": {"*": {}}}),
        ("tuningTask(*)", {"tuningTask": {"*": {}}}),
    ],
)
def test_valid_masks(mask: str, tree: Tree) -> None:
    """Commas, dots, slashes, brackets and both spellings, which mean the JSON name."""
    assert parse_mask(mask, TUNED_MODEL, ON) == tree


@pytest.mark.parametrize("mask", [",", "()", "tuningTask()", "tuningTask(,)"])
def test_mask_without_members_is_refused(mask: str) -> None:
    """A mask that names no member does not mean all of them."""
    with pytest.raises(StatusError, match="invalid argument"):
        parse_mask(mask, TUNED_MODEL, ON)


@pytest.mark.parametrize(
    "mask",
    [
        "tuningTask,tuningTask/startTime",
        "tuningTask/startTime,tuningTask",
        "tuning_task,tuningTask/start_time",
        "tuningTask(startTime),tuning_task",
        "tuningTask/snapshots/step,tuningTask.snapshots,tuningTask",
    ],
)
def test_whole_member_wins_over_its_part(mask: str) -> None:
    """A mask is a union: with a member and a part of it, the answer has the whole member, in any order."""
    assert parse_mask(mask, TUNED_MODEL, ON) == {"tuningTask": {}}


@pytest.mark.parametrize(
    "mask",
    [
        *(
            "name(",
            "name)",
            "tuningTask(snapshots",
            "tuningTask(snapshots))",
            ")name(",
            "()name)",
            "tuningTask(snapshots)state",
        ),
        *("name;state", '"name"', "name state", "na me", "tuningTask/start time", "name\nstate", "tuningTask."),
        *("x" * 10_001, "name," * 2_001, "tuningTask(" * 101 + ")" * 101),
    ],
    ids=lambda mask: mask[:30],
)
def test_invalid_masks_are_refused(mask: str) -> None:
    """Their length does not matter."""
    with pytest.raises(StatusError) as refusal:
        parse_mask(mask, TUNED_MODEL, ON)

    assert refusal.value.status.code is Code.INVALID_ARGUMENT


@pytest.mark.parametrize(
    ("mask", "tree"),
    [
        ("tuned_models/name,next_page_token", {"tunedModels": {"name": {}}, "nextPageToken": {}}),
        (
            "tunedModels(name,tuningTask/snapshots/step)",
            {"tunedModels": {"name": {}, "tuningTask": {"snapshots": {"step": {}}}}},
        ),
        ("tunedModels/*", {"tunedModels": {"*": {}}}),
    ],
)
def test_masks_apply_to_items_of_lists(mask: str, tree: Tree) -> None:
    """The path has the members of the items directly under the list."""
    assert parse_mask(mask, LIST, ON) == tree


def test_masks_in_an_any() -> None:
    """The members of an Any are not known, so any name is valid there."""
    mask = "name,metadata(@type,completedPercent),response/whatever"

    assert parse_mask(mask, OPERATION, ON) == {
        "name": {},
        "metadata": {"@type": {}, "completedPercent": {}},
        "response": {"whatever": {}},
    }


@pytest.mark.parametrize("mask", ["a b", "response/a b", "metadata(na\nme)", "response/x;y"])
def test_masks_have_words(mask: str) -> None:
    """A name with a space is invalid, even in an Any."""
    with pytest.raises(StatusError):
        parse_mask(mask, OPERATION, ON)


@pytest.mark.parametrize(
    ("mask", "path"),
    [
        ("nope", "nope"),
        ("tunedModels(name),nope", "nope"),
        ("tunedModels/nope", "tunedModels.nope"),
        ("tunedModels(name,tuning_task/nope)", "tunedModels.tuning_task.nope"),
        ("tunedModels/name/nope", "tunedModels.name.nope"),
        ("tunedModels/state/nope", "tunedModels.state.nope"),
        ("tunedModels/createTime/seconds", "tunedModels.createTime.seconds"),
        ("tunedModels,tunedModels/nope", "tunedModels.nope"),
        ("a b", "a b"),
    ],
)
def test_unknown_members_are_refused(mask: str, path: str) -> None:
    """The error has the whole mask as its field, and the path in its spelling, with dots."""
    with pytest.raises(StatusError) as refusal:
        parse_mask(mask, LIST, ON)

    status = refusal.value.status
    assert status.message == "Request contains an invalid argument."
    description = f"Error expanding 'fields' parameter. Cannot find matching fields for path '{path}'."
    assert [any_to_json(detail) for detail in status.details] == [
        {
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{"field": mask, "description": description}],
        }
    ]


WHOLE = {"aB": 1, "rows": [{"c": 2, "d": 3}, {"d": 4}], "e": {"f": {"g": 5}}}


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({}, WHOLE),
        ({"*": {}}, WHOLE),
        ({"*": {}, "aB": {}}, WHOLE),
        ({"aB": {}}, {"aB": 1}),
        ({"rows": {"c": {}}}, {"rows": [{"c": 2}, {}]}),
        ({"e": {}, "rows": {"d": {}}}, {"rows": [{"d": 3}, {"d": 4}], "e": {"f": {"g": 5}}}),
        ({"e": {"f": {"g": {}}, "h": {}}}, {"e": {"f": {"g": 5}}}),
        ({"e": {"*": {}}}, {"e": {"f": {"g": 5}}}),
        ({"aB": {"x": {}}}, {"aB": 1}),
        ({"nothing": {}}, {}),
    ],
)
def test_partial(tree: Tree, expected: object) -> None:
    """The answer keeps the members of the tree in the order of the value, also in lists, and adds none."""
    assert partial(WHOLE, tree) == expected


def test_order_of_the_mask_does_not_matter() -> None:
    """The answer has the order of the value."""
    assert list(partial(WHOLE, {"e": {}, "aB": {}})) == ["aB", "e"]
