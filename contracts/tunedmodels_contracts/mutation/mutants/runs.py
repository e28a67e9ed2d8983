"""Mutants that spoil tuning runs. They change operations, progress, results, or the models of runs."""

from __future__ import annotations

from typing import Any

from ..messages import Json, change_messages, values_of
from ..mutant import Memory, MutantGroup, Send
from ..request import MutantRequest
from ..response import MutantResponse
from .statuses import GENERATE, generated_answer, hyperparameters, started_operation

GROUP = MutantGroup("runs")

_CREATE, _POLL = "POST tunedModels", "GET tunedModels/*/operations/*"
_CANCEL = "POST tunedModels/*/operations/*:cancel"
_METADATA, _SNAPSHOT = "CreateTunedModelMetadata", "TuningSnapshot"
_PRECONDITION = "Precondition check failed."


def _is_failed(operation: Json) -> bool:
    """Whether the run failed. The error of a cancelled run has code 1."""
    return bool(operation.get("error", {}).get("code", 1) != 1)


def _drop_progress(operation: Json) -> None:
    for name in ("completedSteps", "completedPercent", "snapshots"):
        operation["metadata"].pop(name, None)


def _set_steps(metadata: Json, steps: int) -> None:
    metadata["completedSteps"], metadata["snapshots"] = steps, metadata["snapshots"][:steps]
    metadata["completedPercent"] = 100 * steps / metadata["totalSteps"]


def _is_every(number: int, memory: Memory, key: str = "count") -> bool:
    """Count the calls in *memory*, and return whether the count is a multiple of *number*."""
    memory[key] = memory.get(key, 0) + 1
    return bool(memory[key] % number == 0)


# -- Progress --------------------------------------------------------------------------------------------------


@GROUP.stateful_message(_METADATA)
def percent_falls(memory: Memory, value: Json) -> None:
    """In each third poll the percentage is less than before."""
    if "completedPercent" in value:
        memory["before"], before = value["completedPercent"], memory.get("before", 0)
        if _is_every(3, memory):
            value["completedPercent"] = before / 2


@GROUP.stateful_message(_METADATA)
def steps_fall(memory: Memory, value: Json) -> None:
    """In each third poll the run has fewer steps than before, with the percentage and snapshots of these steps."""
    if value.get("completedSteps", 0) > 1 and _is_every(3, memory):
        _set_steps(value, value["completedSteps"] // 2)


@GROUP.message(_METADATA)
def percent_is_a_fraction(value: Json) -> None:
    """The percentage goes from 0 to 1."""
    if "completedPercent" in value:
        value["completedPercent"] /= 100


@GROUP.message(_METADATA)
def percent_is_whole(value: Json) -> None:
    """The percentage is a whole number."""
    if "completedPercent" in value:
        value["completedPercent"] = int(value["completedPercent"])


@GROUP.message(_METADATA)
def last_step_missing(value: Json) -> None:
    """A run ends one step before its last."""
    if value.get("completedSteps") == value["totalSteps"]:
        _set_steps(value, value["totalSteps"] - 1)


@GROUP.message(_METADATA)
def total_grows(value: Json) -> None:
    """The total number of steps is the number of completed steps."""
    value["totalSteps"] = value.get("completedSteps", value["totalSteps"])


@GROUP.message(f"{_METADATA} TuningTask")
def snapshot_lost(value: Json) -> None:
    """The third step has no snapshot."""
    if "snapshots" in value:
        value["snapshots"] = value["snapshots"][:2] + value["snapshots"][3:]


@GROUP.message(f"{_METADATA} TuningTask")
def last_snapshots_alone(value: Json) -> None:
    """Only the last ten steps have snapshots."""
    if "snapshots" in value:
        value["snapshots"] = value["snapshots"][-10:]


@GROUP.message(f"{_METADATA} TuningTask")
def newest_snapshot_first(value: Json) -> None:
    """The snapshot of the last step comes first."""
    value.get("snapshots", []).reverse()


@GROUP.message(f"{_METADATA} TuningTask")
def losses_rewritten(value: Json) -> None:
    """The losses of earlier steps change with each step."""
    for snapshot in value.get("snapshots", []):
        snapshot["meanLoss"] = round(snapshot.get("meanLoss", 0) + len(value["snapshots"]), 3)


@GROUP.message(_SNAPSHOT)
def losses_rise(value: Json) -> None:
    """The loss grows with each step."""
    value["meanLoss"] = value.get("step", 0) / 4


@GROUP.message("TuningTask", "GET tunedModels/*", "GET tunedModels")
def losses_differ_in_the_model(value: Json) -> None:
    """A model shows other losses than its operation."""
    for snapshot in value.get("snapshots", []):
        snapshot["meanLoss"] = round(snapshot.get("meanLoss", 0) + 1, 3)


@GROUP.message(_SNAPSHOT)
def steps_from_zero(value: Json) -> None:
    """Steps are counted from zero, and zero is left out."""
    value["step"] -= 1
    if not value["step"]:
        del value["step"]


@GROUP.message(_SNAPSHOT)
def epochs_from_one(value: Json) -> None:
    """Epochs are counted from one."""
    first = {"step": value.pop("step", 0), "epoch": value.pop("epoch", 0) + 1}
    rest = dict(value)
    value.clear()
    value.update(first | rest)


@GROUP.message(_SNAPSHOT)
def last_epoch_not_reached(value: Json) -> None:
    """The last step belongs to the epoch before the last."""
    if value.get("epoch") == 5:
        value["epoch"] = 4


@GROUP.stateful
def steps_rounded_down(_: Memory, request: MutantRequest, send: Send) -> MutantResponse:
    """The total number of steps does not include the last batch if it is not full."""
    response = send(request)
    sent = hyperparameters(request) if request.matches(_CREATE) else {}
    if sent and response.status == 200:
        rows = request.json["tuningTask"]["trainingData"]["examples"]["examples"]
        steps = len(rows) * sent.get("epochCount", 5) // sent.get("batchSize", 4)
        change_messages(request, response, lambda value: value.update(totalSteps=steps), _METADATA)
    return response


# -- Operations ------------------------------------------------------------------------------------------------


@GROUP.stateful_message("Operation", _POLL)
def done_goes_back(memory: Memory, value: Json) -> None:
    """In each second poll an operation that was done runs again."""
    if value.get("done") and _is_every(2, memory, value["name"]):
        del value["done"]
        value.pop("response", None)


@GROUP.stateful_message("Operation")
def end_moves_on(memory: Memory, value: Json) -> None:
    """The response of an operation changes with each poll."""
    if "response" in value:
        _is_every(2, memory)
        value["response"]["updateTime"] = f"2031-02-03T04:05:{memory['count'] % 60:02}.000000Z"


@GROUP.message("Operation")
def result_before_the_end(value: Json) -> None:
    """A running operation has a response."""
    if not value.get("done"):
        value["response"] = {"name": "tunedModels/none"}


@GROUP.message("Operation")
def result_and_error(value: Json) -> None:
    """An operation with a response also has an error of code 0."""
    if "response" in value:
        value["error"] = {"code": 0}


@GROUP.message("Operation", "GET tunedModels/*/operations", "GET operations")
def state_in_place_of_done(value: Json) -> None:
    """An operation in a list has state: DONE in place of done: true."""
    if value.pop("done", None):
        value["state"] = "DONE"


@GROUP.message("Operation")
def never_done(value: Json) -> None:
    """An operation never ends."""
    for name in ("done", "response", "error"):
        value.pop(name, None)


@GROUP.message("Operation")
def done_first(value: Json) -> None:
    """The member done comes before the metadata."""
    if value.get("done"):
        value["metadata"] = value.pop("metadata")


@GROUP.message("Operation")
def progress_lost_at_the_end(value: Json) -> None:
    """An operation that is done shows no progress."""
    if value.get("done"):
        _drop_progress(value)


@GROUP.message("Operation")
def response_of_the_beginning(value: Json) -> None:
    """The model in the response of an operation is still in creation."""
    if "response" in value:
        value["response"]["state"] = "CREATING"


@GROUP.message("Operation", _CREATE)
def done_at_once(value: Json) -> None:
    """The answer to a create request is done."""
    value.update(done=True, response={"name": value["metadata"]["tunedModel"]})


@GROUP.response_to
def metadata_of_the_polling_version(request: MutantRequest, response: MutantResponse) -> None:
    """The type of the metadata has the version of the poll, not that of the create request."""
    response.text = response.text.replace("generativelanguage.v1beta.", f"generativelanguage.{request.version}.")


@GROUP.response
def metadata_of_v1(response: MutantResponse) -> None:
    """The type of the metadata always has version v1."""
    response.text = response.text.replace("generativelanguage.v1beta.", "generativelanguage.v1.")


@GROUP.message(_METADATA, _POLL)
def other_model_named(value: Json) -> None:
    """An operation names the model of another run."""
    value["tunedModel"] = "tunedModels/other"


@GROUP.response_to
def nameless_operations(request: MutantRequest, response: MutantResponse) -> None:
    """The list of all operations has an operation without a name."""
    if request.matches("GET operations") and response.status == 200:
        response.json = {"operations": [{"name": ""}]}


# -- Models of runs --------------------------------------------------------------------------------------------


@GROUP.message("TunedModel")
def always_in_creation(value: Json) -> None:
    """A model is always in creation."""
    value["state"] = "CREATING"


@GROUP.message("TunedModel")
def active_at_once(value: Json) -> None:
    """A model is active from the beginning."""
    value["state"] = "ACTIVE"


@GROUP.message("TunedModel")
def update_time_stands_still(value: Json) -> None:
    """The update time of a model is its create time."""
    if "createTime" in value:
        value["updateTime"] = value["createTime"]


def _move_update_time(value: Json) -> None:
    if "updateTime" in value:
        value["updateTime"] = f"{int(value['updateTime'][:4]) + 1}{value['updateTime'][4:]}"


@GROUP.message("TunedModel")
def update_time_of_the_next_year(value: Json) -> None:
    """The update time of a model is a year too late."""
    _move_update_time(value)


@GROUP.stateful
def any_patch_is_an_update(memory: Memory, request: MutantRequest, send: Send) -> MutantResponse:
    """A patch of the description changes the update time."""
    response = send(request)
    if request.matches("PATCH tunedModels/*") and response.status == 200:
        memory[request.model] = True

    def move(value: Json) -> None:
        if value.get("name") in memory:
            _move_update_time(value)

    change_messages(request, response, move, "TunedModel")
    return response


@GROUP.message("TuningTask")
def end_before_start(value: Json) -> None:
    """The complete time of a run is before its start time."""
    if {"startTime", "completeTime"} <= set(value):
        value["startTime"], value["completeTime"] = value["completeTime"], value["startTime"]


# -- Cancelled runs --------------------------------------------------------------------------------------------


@GROUP.message("Operation")
def cancelled_by_http_status(value: Json) -> None:
    """The error of a cancelled run has the HTTP status 499 as its code."""
    if "error" in value:
        value["error"]["code"] = 499


@GROUP.stateful
def cancel_changes_the_end(memory: Memory, request: MutantRequest, send: Send) -> MutantResponse:
    """A cancel request after the end of a run changes its result."""
    response = send(request)
    if request.matches(_CANCEL) and response.status == 200:
        memory[request.path.removesuffix(":cancel")] = True

    def change(value: Json) -> None:
        if value["name"] in memory and value.pop("response", None):
            value["error"] = {"code": 1, "message": "Cancelled."}

    change_messages(request, response, change, "Operation")
    return response


def _remember_models(memory: Memory, request: MutantRequest, response: MutantResponse, *, cancelled: bool) -> None:
    """Remember the models of the cancelled runs in an answer, or of the failed runs."""
    for value in values_of(request, response, "Operation"):
        if value.get("error", {}).get("code") == 1 if cancelled else _is_failed(value):
            memory[value["metadata"]["tunedModel"]] = True


@GROUP.stateful
def cancelled_models_unusable(memory: Memory, request: MutantRequest, send: Send) -> MutantResponse:
    """The model of a cancelled run is not listed, cannot generate, and cannot be shared."""
    if request.model in memory and request.matches("POST tunedModels/*/permissions", *GENERATE):
        return MutantResponse.from_error(400, "FAILED_PRECONDITION")
    response = send(request)
    _remember_models(memory, request, response, cancelled=True)

    def drop(page: Json) -> None:
        page["tunedModels"] = [model for model in page.get("tunedModels", []) if model.get("name") not in memory]

    if memory:
        change_messages(request, response, drop, "ListTunedModelsResponse")
    return response


@GROUP.stateful
def cancelled_models_stay_in_creation(memory: Memory, request: MutantRequest, send: Send) -> MutantResponse:
    """The model of a cancelled run stays in creation."""
    response = send(request)
    _remember_models(memory, request, response, cancelled=True)

    def change(value: Json) -> None:
        if value.get("name") in memory:
            value["state"] = "CREATING"

    change_messages(request, response, change, "TunedModel")
    return response


# -- Failed runs -----------------------------------------------------------------------------------------------


@GROUP.message("Operation")
def failures_by_http_status(value: Json) -> None:
    """The error of a failed run has the HTTP status 500 as its code."""
    if _is_failed(value):
        value["error"]["code"] = 500


@GROUP.message("Operation")
def failures_are_results(value: Json) -> None:
    """A failed run has a response in place of an error."""
    if _is_failed(value):
        value["response"] = {"name": value["metadata"]["tunedModel"], "state": "FAILED"}
        del value["error"]


@GROUP.message("Operation")
def failures_without_done(value: Json) -> None:
    """A failed run is not done."""
    if _is_failed(value):
        value.pop("done")


@GROUP.message("Operation")
def failures_first(value: Json) -> None:
    """The error of a failed run is its first member."""
    if _is_failed(value):
        members: dict[str, Any] = {"error": value["error"], **value}
        value.clear()
        value.update(members)


@GROUP.message("Operation")
def failures_lose_their_steps(value: Json) -> None:
    """The operation of a failed run shows no progress, but its model does."""
    if _is_failed(value):
        _drop_progress(value)


@GROUP.message("TunedModel")
def failed_models_are_active(value: Json) -> None:
    """The model of a failed run is ACTIVE."""
    if value.get("state") == "FAILED":
        value["state"] = "ACTIVE"


def _after_failure(
    memory: Memory, request: MutantRequest, send: Send, name: str, answer: MutantResponse, *patterns: str
) -> MutantResponse:
    """Return *answer* if the run of the model *name* failed and the request matches; remember the failed runs."""
    if name in memory and request.matches(*patterns):
        return answer
    response = send(request)
    _remember_models(memory, request, response, cancelled=False)
    return response


@GROUP.stateful
def ids_of_failed_models_are_free(memory: Memory, request: MutantRequest, send: Send) -> MutantResponse:
    """A create request can use the id of a model whose run failed."""
    name = f"tunedModels/{request.query.get('tunedModelId')}"
    return _after_failure(memory, request, send, name, started_operation(name), _CREATE)


@GROUP.stateful
def failed_models_answer(memory: Memory, request: MutantRequest, send: Send) -> MutantResponse:
    """The model of a failed run can generate."""
    return _after_failure(memory, request, send, request.model, generated_answer(request), *GENERATE)


@GROUP.stateful
def failed_models_stay(memory: Memory, request: MutantRequest, send: Send) -> MutantResponse:
    """The model of a failed run cannot be deleted."""
    error = MutantResponse.from_error(400, "FAILED_PRECONDITION", _PRECONDITION)
    return _after_failure(memory, request, send, request.model, error, "DELETE tunedModels/*")


@GROUP.stateful
def failures_spread(memory: Memory, request: MutantRequest, send: Send) -> MutantResponse:
    """After a failed run no other run with the same display name can start."""
    if request.matches(_CREATE) and str(request.json.get("displayName")) in memory:
        return MutantResponse.from_error(400, "FAILED_PRECONDITION", _PRECONDITION)
    response = send(request)
    for value in values_of(request, response, "TunedModel"):
        if value.get("state") == "FAILED":
            memory[value["displayName"]] = True
    return response
