"""These clauses check masks, by which a request selects members of the answer."""

from __future__ import annotations

from typing import Any

import pytest

from tunedmodels_contracts.clauses.clause import Cost, Level, clause
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.harness.tuning_runs import ObservedRun
from tunedmodels_contracts.targets.target import Target

MODEL, GET = "models.get", "tunedModels.get"


@clause("partial/spellings", MODEL)
@pytest.mark.parametrize("name", ["fields", "$fields"])
def test_spellings(api: Api, target: Target, name: str) -> None:
    """``fields`` selects the members of the answer. Documented."""
    model = api.get(f"v1beta/{target.base_model}").ok()
    part = api.get(f"v1beta/{target.base_model}", {name: "name,version"}).ok()

    assert part == {"name": model["name"], "version": model["version"]}


@clause("partial/by-a-header", MODEL)
def test_by_a_header(api: Api, target: Target) -> None:
    """The header X-Goog-FieldMask selects the members of the answer, too. Documented."""
    part = api.get(f"v1beta/{target.base_model}", headers={"X-Goog-FieldMask": "name"}).ok()

    assert part == {"name": target.base_model}


@clause("partial/of-a-member", GET, cost=Cost.TUNING)
@pytest.mark.parametrize("mask", ["tuningTask/completeTime", "tuningTask(completeTime)"])
def test_of_a_member(api: Api, finished_run: ObservedRun, mask: str) -> None:
    """A slash or parentheses in a mask select members of a member. Documented."""
    part = api.get(f"v1beta/{finished_run.name}", {"fields": mask}).ok()

    assert part == {"tuningTask": {"completeTime": finished_run.model["tuningTask"]["completeTime"]}}


@clause("partial/of-the-entries-of-a-list", GET, cost=Cost.TUNING)
def test_of_the_entries_of_a_list(api: Api, finished_run: ObservedRun) -> None:
    """A mask applies to each entry of a list. Documented."""
    part: dict[str, Any] = api.get(f"v1beta/{finished_run.name}", {"fields": "name,tuningTask(snapshots(step))"}).ok()
    steps = [{"step": snapshot["step"]} for snapshot in finished_run.model["tuningTask"]["snapshots"]]

    assert part == {"name": finished_run.name, "tuningTask": {"snapshots": steps}}


@clause("partial/unknown-paths", MODEL, outcome="400 INVALID_ARGUMENT", level=Level.RECOMMENDED, cost=Cost.FREE)
@pytest.mark.parametrize(("mask", "path"), [("x", "x"), ("name,x", "x")])
def test_unknown_paths(api: Api, target: Target, mask: str, path: str) -> None:
    """A mask with an unknown path is refused, and the error names the whole mask. Observed on sibling APIs."""
    error = api.get(f"v1beta/{target.base_model}", {"fields": mask}).assert_error(400, "INVALID_ARGUMENT")
    (detail,) = error.details

    assert error.message == "Request contains an invalid argument."
    assert detail["@type"] == "type.googleapis.com/google.rpc.BadRequest"
    assert detail["fieldViolations"] == [
        {
            "field": mask,
            "description": f"Error expanding 'fields' parameter. Cannot find matching fields for path '{path}'.",
        }
    ]
