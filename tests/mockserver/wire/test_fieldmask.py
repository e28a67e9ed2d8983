"""Tests the field masks of updates."""

from __future__ import annotations

import pytest

from tunedmodels_mockserver.wire.fieldmask import update_paths
from tunedmodels_mockserver.wire.status import StatusError
from tunedmodels_mockserver.wire.surface import surface_of

ON = surface_of("v1beta")
TUNED_MODEL = ON.message("TunedModel")


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
    """Both spellings are read, in order; a star means every member."""
    assert update_paths(mask, TUNED_MODEL, ON, "update_mask") == paths


@pytest.mark.parametrize(
    "path", ["nonsense", "displayName.x", "tuningTask.nonsense", "createTime.seconds", "a..b", ".", "Description"]
)
def test_unknown_update_paths(path: str) -> None:
    """A path that the message does not have is refused by name, whatever the mask also has."""
    with pytest.raises(StatusError) as refusal:
        update_paths(f"description,{path}", TUNED_MODEL, ON, "update_mask")

    expected = f"Invalid value at 'update_mask' (type.googleapis.com/google.protobuf.FieldMask), \"{path}\""
    assert refusal.value.status.message == expected
