"""Field masks: of updates, and of answers."""

from __future__ import annotations

import pytest

from tunedmodels_mockserver.wire.fieldmask import (
    Tree,
    check_response_tree,
    partial,
    response_tree,
    update_paths,
)
from tunedmodels_mockserver.wire.protojson.writing import plain_any
from tunedmodels_mockserver.wire.status import Code, StatusError
from tunedmodels_mockserver.wire.surface import surface

ON = surface("v1beta")
TUNED_MODEL = ON.message("TunedModel")
LIST = ON.message("ListTunedModelsResponse")
OPERATION = ON.message("google.longrunning.Operation")


@pytest.mark.parametrize(
    ("mask", "paths"),
    [
        ("description", ["description"]),
        ("display_name,description", ["display_name", "description"]),
        ("description,displayName", ["description", "display_name"]),
        (" topK , top_p ", ["top_k", "top_p"]),
        ("tuningTask.hyperparameters.epochCount", ["tuning_task.hyperparameters.epoch_count"]),
        ("tuning_task.snapshots", ["tuning_task.snapshots"]),
        ("createTime,", ["create_time"]),
        (",", []),
        ("*", [field.name for field in TUNED_MODEL.fields]),
    ],
)
def test_update_paths(mask: str, paths: list[str]) -> None:
    """Both spellings, in the order given; a star is every member."""
    assert update_paths(mask, TUNED_MODEL, ON, "update_mask") == paths


@pytest.mark.parametrize(
    "path", ["nonsense", "displayName.x", "tuningTask.nonsense", "createTime.seconds", "a..b", ".", "Description"]
)
def test_unknown_update_paths(path: str) -> None:
    """A path that the message has not is refused by name, whatever stands beside it."""
    with pytest.raises(StatusError) as refusal:
        update_paths(f"description,{path}", TUNED_MODEL, ON, "update_mask")

    expected = f"Invalid value at 'update_mask' (type.googleapis.com/google.protobuf.FieldMask), \"{path}\""
    assert refusal.value.status.message == expected


@pytest.mark.parametrize(
    ("mask", "tree"),
    [
        ("", {}),
        ("a", {"a": {}}),
        ("a,b", {"a": {}, "b": {}}),
        ("a.b,a.c", {"a": {"b": {}, "c": {}}}),
        ("a/b/c", {"a": {"b": {"c": {}}}}),
        ("a(b,c)", {"a": {"b": {}, "c": {}}}),
        ("a(b(c),d/e),f", {"a": {"b": {"c": {}}, "d": {"e": {}}}, "f": {}}),
        (" a , b ", {"a": {}, "b": {}}),
        ("metadata/@type", {"metadata": {"@type": {}}}),
        ("*", {"*": {}}),
    ],
)
def test_response_trees(mask: str, tree: Tree) -> None:
    """Commas, dots, slashes and brackets, as in the system parameter ``fields``."""
    assert response_tree(mask) == tree


@pytest.mark.parametrize("mask", ["a(", "a)", "a(b", "a(b))", ")a(", "a;b", 'a"', "x" * 10_001, "a(" * 101 + ")" * 101])
def test_response_masks_that_are_none(mask: str) -> None:
    """What cannot be read as a mask is refused, however long."""
    with pytest.raises(StatusError) as refusal:
        response_tree(mask)

    assert refusal.value.status.code is Code.INVALID_ARGUMENT


@pytest.mark.parametrize(
    "mask",
    [
        "tunedModels",
        "tuned_models/name,next_page_token",
        "tunedModels(name,tuningTask/snapshots/step)",
        "tunedModels.tuning_task.hyperparameters.epochCount",
        "*",
        "tunedModels/*",
    ],
)
def test_response_masks_that_fit(mask: str) -> None:
    """Members that the answer can have, in both spellings, through lists too."""
    check_response_tree(response_tree(mask), LIST, ON, mask)


def test_response_mask_within_an_any() -> None:
    """What an Any may hold is not known beforehand, so anything is allowed there."""
    mask = "name,metadata(@type,completedPercent),response/whatever"

    check_response_tree(response_tree(mask), OPERATION, ON, mask)


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
    ],
)
def test_response_masks_that_do_not_fit(mask: str, path: str) -> None:
    """The refusal names the whole mask as the field, and in its text the path from the root, with dots."""
    with pytest.raises(StatusError) as refusal:
        check_response_tree(response_tree(mask), LIST, ON, mask)

    status = refusal.value.status
    assert status.message == "Request contains an invalid argument."
    assert [plain_any(detail) for detail in status.details] == [
        {
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [
                {
                    "field": mask,
                    "description": "Error expanding 'fields' parameter. "
                    f"Cannot find matching fields for path '{path}'.",
                }
            ],
        }
    ]


@pytest.mark.parametrize(
    ("mask", "kept"),
    [
        ("", {"aB": 1, "rows": [{"c": 2, "d": 3}, {"d": 4}], "e": {"f": {"g": 5}}}),
        ("*", {"aB": 1, "rows": [{"c": 2, "d": 3}, {"d": 4}], "e": {"f": {"g": 5}}}),
        ("aB", {"aB": 1}),
        ("a_b", {"aB": 1}),
        ("rows/c", {"rows": [{"c": 2}, {}]}),
        ("rows(d),e", {"rows": [{"d": 3}, {"d": 4}], "e": {"f": {"g": 5}}}),
        ("e/f/g,e/h", {"e": {"f": {"g": 5}}}),
        ("e/*", {"e": {"f": {"g": 5}}}),
        ("aB/x", {"aB": 1}),
        ("nothing", {}),
    ],
)
def test_partial(mask: str, kept: object) -> None:
    """What the mask names is kept in its order, lists gone through; what is not there is not made up."""
    whole = {"aB": 1, "rows": [{"c": 2, "d": 3}, {"d": 4}], "e": {"f": {"g": 5}}}

    assert partial(whole, response_tree(mask)) == kept
