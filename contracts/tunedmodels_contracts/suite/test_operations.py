"""These clauses check the operation that creates a tuned model: its progress, its result, its lists and its errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tunedmodels_contracts.clauses.clause import Cost, Level, Need, clause
from tunedmodels_contracts.harness.answer import Answer
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.harness.operation_invariants import LAWS, SHAPE
from tunedmodels_contracts.harness.tuning_runs import BATCH_SIZE, EPOCHS, EXAMPLES, ObservedRun

CREATE = "tunedModels.create"
GET, LIST, ALL = "tunedModels.operations.get", "tunedModels.operations.list", "operations.list"
MODEL = "tunedModels.get"
NOT_FOUND, INVALID = "404 NOT_FOUND", "400 INVALID_ARGUMENT"

_METADATA = ["@type", "totalSteps", "completedSteps", "completedPercent", "snapshots", "tunedModel"]
_TYPES = "type.googleapis.com/google.ai.generativelanguage.v1beta."
_STEPS = -(-len(EXAMPLES) * EPOCHS // BATCH_SIZE)


# -- The laws of a run, over its whole trace -------------------------------------------------------------------


@clause("operations/members-have-their-types", GET, MODEL, cost=Cost.TUNING)
def test_members_have_their_types(finished_run: ObservedRun) -> None:
    """Numbers, texts, times and lists have the right types in every answer about a run. Documented."""
    assert finished_run.breaks(SHAPE) == []


@clause("operations/constant-members", GET, cost=Cost.TUNING)
def test_constant_members(finished_run: ObservedRun) -> None:
    """The name, the metadata type, the number of steps and the model of an operation never change. Observed
    2023 to 2024.
    """
    assert finished_run.breaks("An operation's name, metadata type, total and model never change") == []


@clause("operations/named-after-their-model", GET, MODEL, cost=Cost.TUNING)
def test_named_after_their_model(finished_run: ObservedRun) -> None:
    """An operation and its model name each other. Observed in every answer."""
    assert finished_run.breaks("An operation and its model name each other") == []


@clause("operations/done-is-absorbing", GET, cost=Cost.TUNING)
def test_done_is_absorbing(finished_run: ObservedRun) -> None:
    """An operation that is done stays done. Documented for every operation."""
    assert finished_run.breaks("An operation that is done stays done") == []


@clause("operations/one-result-at-the-end", GET, cost=Cost.TUNING)
def test_one_result_at_the_end(finished_run: ObservedRun) -> None:
    """An operation has exactly one of response and error when it is done, and neither before. Documented."""
    assert finished_run.breaks("An operation has exactly one result when it is done, and none before") == []


@clause("operations/ended-operation-never-changes", GET, cost=Cost.TUNING)
def test_ended_operation_never_changes(finished_run: ObservedRun) -> None:
    """An operation that has ended never changes. Documented: an operation has one result."""
    assert len([look for look in finished_run.trace if look.operation.get("done")]) > 1
    assert finished_run.breaks("An operation that has ended never changes") == []


@clause("operations/ends-in-time", CREATE, GET, cost=Cost.TUNING)
def test_ends_in_time(observed_run: ObservedRun) -> None:
    """A run of fifteen examples ends within the bound of its target. Observed: minutes, mostly."""
    assert observed_run.operation.get("done")
    assert observed_run.breaks("An operation ends within the bound of its target") == []


@clause("operations/zeros-are-absent", GET, MODEL, cost=Cost.TUNING)
def test_zeros_are_absent(finished_run: ObservedRun) -> None:
    """An operation omits done, steps, percent, snapshots and epoch while they are zero or empty. Observed 2023
    to 2024.
    """
    assert finished_run.breaks("What is zero, false or empty is absent") == []


@clause("operations/progress-never-falls", GET, cost=Cost.TUNING)
def test_progress_never_falls(finished_run: ObservedRun) -> None:
    """Steps and percent never fall, and end at all steps and 100 percent. Observed in 2024."""
    assert finished_run.breaks("Progress never falls and ends at all steps") == []


@clause("operations/steps-and-percent-agree", GET, cost=Cost.TUNING)
def test_steps_and_percent_agree(finished_run: ObservedRun) -> None:
    """completedPercent is 100 x completedSteps / totalSteps as a 32-bit float. Observed: 5.263158 for 2 of 38."""
    assert finished_run.breaks("completedPercent is the float32 of the completed steps, and comes with snapshots") == []


@clause("operations/one-snapshot-a-step", GET, MODEL, cost=Cost.TUNING)
def test_one_snapshot_a_step(finished_run: ObservedRun) -> None:
    """There is one snapshot for each completed step, from step 1, without gaps. Observed in whole runs of up to 375
    steps.
    """
    assert finished_run.breaks("There is one snapshot for each completed step, from step 1") == []


@clause("operations/snapshots-append-only", GET, MODEL, cost=Cost.TUNING)
def test_snapshots_append_only(finished_run: ObservedRun) -> None:
    """A snapshot, once shown, never changes and never disappears. Observed in 2024."""
    assert finished_run.breaks("Snapshots are only ever appended") == []


@clause("operations/epoch-law", GET, MODEL, cost=Cost.TUNING)
def test_epoch_law(finished_run: ObservedRun) -> None:
    """The epoch of a step is floor(step x batch size / examples). Observed in eight whole runs."""
    assert finished_run.breaks("A step's epoch is floor(step x batch size / examples)") == []


@clause("operations/states", GET, MODEL, cost=Cost.TUNING)
def test_states(finished_run: ObservedRun) -> None:
    """A model is CREATING until its operation is done, and ACTIVE after a success. Documented, and observed."""
    assert finished_run.breaks("A model is CREATING, then ACTIVE or FAILED, in step with its operation") == []


@clause("operations/times-are-in-order", GET, MODEL, cost=Cost.TUNING)
def test_times_are_in_order(finished_run: ObservedRun) -> None:
    """A model is created, starts, computes its steps one after the other, and completes. Observed in whole runs."""
    law = "A model is created, starts, computes its steps and completes in this order"

    assert finished_run.breaks(law) == []


@clause("operations/metadata-and-model-agree", GET, MODEL, cost=Cost.TUNING)
def test_metadata_and_model_agree(finished_run: ObservedRun) -> None:
    """At the end the model has the same snapshots as the operation. Seen in 2023 and 2024; no pair was kept."""
    assert finished_run.model["tuningTask"]["snapshots"] == finished_run.operation["metadata"]["snapshots"]


@clause("operations/loss-falls", GET, level=Level.OPTIONAL, cost=Cost.TUNING)
def test_loss_falls(finished_run: ObservedRun) -> None:
    """The last losses of the tutorial's run are below its first loss. Seen in every run, and no promise."""
    losses = [snapshot["meanLoss"] for snapshot in finished_run.operation["metadata"]["snapshots"]]

    assert max(losses[-3:]) < losses[0]


@clause("operations/first-loss-repeats", GET, level=Level.OPTIONAL, cost=Cost.TUNING)
def test_first_loss_repeats(finished_run: ObservedRun, scratch_run: ObservedRun) -> None:
    """Two runs with the same data have the same first loss, because the examples are not shuffled. Seen 2023 to
    2024.
    """
    first, second = (run.operation["metadata"]["snapshots"][0] for run in (finished_run, scratch_run))

    assert first["meanLoss"] == second["meanLoss"]


# -- The members of an operation -------------------------------------------------------------------------------


@clause("operations/members-while-running", GET, cost=Cost.TUNING)
def test_members_while_running(finished_run: ObservedRun) -> None:
    """A running operation has a name and metadata, and the metadata has progress after the first step. Observed
    in 2024.
    """
    for observation in finished_run.trace:
        if observation.operation.get("done"):
            break
        assert list(observation.operation) == ["name", "metadata"]
        assert list(observation.operation["metadata"]) in (["@type", "totalSteps", "tunedModel"], _METADATA)


@clause("operations/members-when-finished", GET, cost=Cost.TUNING)
def test_members_when_finished(finished_run: ObservedRun) -> None:
    """A finished operation has name, metadata, done and response, in this order. Documented."""
    assert list(finished_run.operation) == ["name", "metadata", "done", "response"]
    assert finished_run.operation["done"] is True


@clause("operations/metadata-stays", GET, cost=Cost.TUNING)
def test_metadata_stays(finished_run: ObservedRun) -> None:
    """A finished operation keeps its metadata, with 100 percent and all snapshots. Observed in 2024."""
    metadata = finished_run.operation["metadata"]

    assert list(metadata) == _METADATA
    assert metadata["completedPercent"] == 100
    assert metadata["totalSteps"] == metadata["completedSteps"] == len(metadata["snapshots"]) == _STEPS


@clause("operations/last-epoch", GET, cost=Cost.TUNING)
def test_last_epoch(finished_run: ObservedRun) -> None:
    """The epoch of the last step is the number of epochs. Observed in 2024: with 15 examples and batches of 2, step 38
    has epoch 5.
    """
    last = finished_run.operation["metadata"]["snapshots"][-1]

    assert (last["step"], last["epoch"]) == (_STEPS, EPOCHS)


@clause("operations/response-is-a-tuned-model", GET, cost=Cost.TUNING)
def test_response_is_a_tuned_model(finished_run: ObservedRun) -> None:
    """The response is the active model, and its first member says that it is a TunedModel. Documented."""
    response = finished_run.operation["response"]

    assert next(iter(response.items())) == ("@type", f"{_TYPES}TunedModel")
    assert (response["name"], response["state"]) == (finished_run.name, "ACTIVE")


@clause("operations/response-is-the-whole-model", GET, MODEL, level=Level.RECOMMENDED, cost=Cost.TUNING)
def test_response_is_the_whole_model(finished_run: ObservedRun) -> None:
    """The response has every member that the model shows. Inferred: no such answer was kept."""
    response = {member: value for member, value in finished_run.operation["response"].items() if member != "@type"}

    assert list(response.items()) == list(finished_run.model.items())


@clause("operations/the-same-by-v1", GET, cost=Cost.TUNING)
def test_the_same_by_v1(api: Api, finished_run: ObservedRun) -> None:
    """Version v1 shows the same operation, with the metadata type of the version that created it. Observed in 2024."""
    assert api.get(f"v1/{finished_run.operation_name}").ok() == finished_run.operation
    assert finished_run.operation["metadata"]["@type"] == f"{_TYPES}CreateTunedModelMetadata"


@clause("operations/the-same-by-v1alpha", GET, level=Level.RECOMMENDED, cost=Cost.TUNING)
def test_the_same_by_v1alpha(api: Api, finished_run: ObservedRun) -> None:
    """Version v1alpha shows the same operation. Documented; that it is the same is inferred."""
    assert api.get(f"v1alpha/{finished_run.operation_name}").ok() == finished_run.operation


# -- A run that failed -----------------------------------------------------------------------------------------

FAILING = [Need.FAILING_RUN]


@clause("operations/a-failure-is-an-error", GET, cost=Cost.TUNING, needs=FAILING)
def test_a_failure_is_an_error(failed_run: ObservedRun) -> None:
    """A failed run is done and has no response, but an error with a numeric code and a message. Documented."""
    operation = failed_run.operation

    assert operation.get("done") is True
    assert "response" not in operation
    assert 1 < operation["error"]["code"] <= 16  # 1 is the code of a cancelled run
    assert operation["error"]["message"]


@clause("operations/members-when-failed", GET, level=Level.RECOMMENDED, cost=Cost.TUNING, needs=FAILING)
def test_members_when_failed(failed_run: ObservedRun) -> None:
    """A failed operation has name, metadata, done and error, in this order. Inferred from one that succeeded."""
    assert list(failed_run.operation) == ["name", "metadata", "done", "error"]


@clause("operations/a-failed-model", GET, MODEL, cost=Cost.TUNING, needs=FAILING)
def test_a_failed_model(failed_run: ObservedRun) -> None:
    """The model of a failed run is FAILED and can still be read. Documented."""
    assert failed_run.model["name"] == failed_run.name
    assert failed_run.model["state"] == "FAILED"


@clause("operations/a-failure-keeps-its-steps", GET, MODEL, level=Level.RECOMMENDED, cost=Cost.TUNING, needs=FAILING)
def test_a_failure_keeps_its_steps(failed_run: ObservedRun) -> None:
    """A failed run keeps the steps that it completed, fewer than all. Inferred: a finished operation keeps its
    metadata.
    """
    running = [observation.operation for observation in failed_run.trace if not observation.operation.get("done")]
    snapshots = running[-1]["metadata"].get("snapshots", [])
    metadata = failed_run.operation["metadata"]

    assert 0 < len(metadata["snapshots"]) < metadata["totalSteps"]
    assert metadata["snapshots"][: len(snapshots)] == snapshots
    assert failed_run.model["tuningTask"]["snapshots"] == metadata["snapshots"]


@clause("operations/laws-of-a-failure", GET, MODEL, cost=Cost.TUNING, needs=FAILING)
@pytest.mark.parametrize(
    "law",
    [
        "An operation that is done stays done",
        "An operation has exactly one result when it is done, and none before",
        "Snapshots are only ever appended",
        "A model is CREATING, then ACTIVE or FAILED, in step with its operation",
    ],
)
def test_laws_of_a_failure(failed_run: ObservedRun, law: str) -> None:
    """A failed run ends once, with one result; its model agrees with it, and its snapshots stay. Documented."""
    assert failed_run.breaks(law) == []


@clause("operations/all-laws-of-a-failure", GET, MODEL, level=Level.RECOMMENDED, cost=Cost.TUNING, needs=FAILING)
@pytest.mark.parametrize("law", [SHAPE, *LAWS])
def test_all_laws_of_a_failure(failed_run: ObservedRun, law: str) -> None:
    """A failed run obeys the laws of every run. Inferred: no such run was kept."""
    assert failed_run.breaks(law) == []


# -- Lists -----------------------------------------------------------------------------------------------------


@clause("operations/listed-with-their-model", LIST, cost=Cost.TUNING)
@pytest.mark.parametrize("version", ["v1", "v1beta", "v1alpha"])
def test_listed_with_their_model(api: Api, finished_run: ObservedRun, version: str) -> None:
    """A model's list of operations has the operation that created it, as get shows it. Documented."""
    listed = api.list_all(f"{version}/{finished_run.name}/operations")

    assert [operation["name"] for operation in listed] == [finished_run.operation_name]
    assert listed[0] == finished_run.operation


@clause("operations/pages", LIST, cost=Cost.TUNING)
def test_pages(api: Api, finished_run: ObservedRun) -> None:
    """A page of operations is no larger than requested, and the last page has no token. Documented."""
    pages = api.pages(f"v1beta/{finished_run.name}/operations", {"pageSize": 1})

    assert [len(page.get("operations", [])) <= 1 for page in pages] == [True] * len(pages)
    assert not pages[-1].get("nextPageToken")


@clause("operations/all-of-the-caller", ALL)
def test_all_of_the_caller(api: Api) -> None:
    """Version v1 has a list of operations that belongs to no model. Documented."""
    page: dict[str, Any] = api.get("v1/operations").ok()

    assert set(page) <= {"operations", "nextPageToken", "unreachable"}
    assert all(operation["name"] for operation in page.get("operations", []))


@clause("operations/negative-page-size-of-all", ALL, outcome=INVALID, level=Level.RECOMMENDED)
def test_negative_page_size_of_all(api: Api) -> None:
    """The list of operations that belongs to no model refuses a page size below zero. Inferred from the rules for
    Google's APIs.
    """
    api.get("v1/operations", {"pageSize": -1}).assert_error(400, "INVALID_ARGUMENT")


@clause("operations/negative-page-size", LIST, outcome=INVALID, level=Level.RECOMMENDED, cost=Cost.TUNING)
def test_negative_page_size(api: Api, finished_run: ObservedRun) -> None:
    """A model's list of operations refuses a page size below zero. Inferred from the rules for Google's APIs."""
    api.get(f"v1beta/{finished_run.name}/operations", {"pageSize": -1}).assert_error(400, "INVALID_ARGUMENT")


@clause("operations/list-of-a-missing-model", LIST, outcome=NOT_FOUND, level=Level.RECOMMENDED, cost=Cost.FREE)
def test_list_of_a_missing_model(api: Api, new_id: Callable[[], str]) -> None:
    """Listing the operations of a model that does not exist gives 404. Inferred."""
    api.get(f"v1beta/tunedModels/{new_id()}/operations").assert_error(404, "NOT_FOUND")


# -- Errors ----------------------------------------------------------------------------------------------------


@clause("operations/missing", GET, outcome=NOT_FOUND, level=Level.RECOMMENDED, cost=Cost.TUNING)
@pytest.mark.parametrize("version", ["v1", "v1beta"])
def test_missing(api: Api, finished_run: ObservedRun, new_id: Callable[[], str], version: str) -> None:
    """An operation that does not exist is not found, whether or not its model exists. Inferred."""
    api.get(f"{version}/{finished_run.name}/operations/abcdefghijkl").assert_error(404, "NOT_FOUND")
    api.get(f"{version}/tunedModels/{new_id()}/operations/abcdefghijkl").assert_error(404, "NOT_FOUND")


@clause(
    "operations/of-another-user",
    GET,
    LIST,
    outcome="403 PERMISSION_DENIED",
    level=Level.RECOMMENDED,
    cost=Cost.TUNING,
    needs=[Need.SECOND_CALLER],
)
def test_of_another_user(other_api: Api, finished_run: ObservedRun) -> None:
    """A user without access to a model cannot read or list its operations. Inferred."""
    answers: list[Answer] = [
        other_api.get(f"v1beta/{finished_run.operation_name}"),
        other_api.get(f"v1beta/{finished_run.name}/operations"),
    ]

    for answer in answers:
        answer.assert_error(403, "PERMISSION_DENIED")


@clause(
    "operations/tuning-operations-are-not-deleted",
    "operations.delete",
    outcome="501 UNIMPLEMENTED",
    level=Level.OPTIONAL,
    cost=Cost.TUNING,
)
def test_tuning_operations_are_not_deleted(api: Api, finished_run: ObservedRun) -> None:
    """The operation of a tuned model cannot be deleted. Reported with 501 by a client of Google's."""
    api.delete(f"v1/{finished_run.operation_name}").assert_error(501, "UNIMPLEMENTED")

    assert api.get(f"v1/{finished_run.operation_name}").ok() == finished_run.operation


@clause("operations/missing-operation-is-not-deleted", "operations.delete", outcome=NOT_FOUND, level=Level.RECOMMENDED)
def test_missing_operation_is_not_deleted(api: Api) -> None:
    """An operation that does not exist cannot be deleted. Inferred."""
    api.delete("v1/operations/abcdefghijkl").assert_error(404, "NOT_FOUND")
