"""Operations: looking, waiting, following, cancelling, on a clock of the test's own."""

from __future__ import annotations

from typing import Any

import pytest
import responses

from tunedmodels import (
    Client,
    NotFound,
    Operation,
    OperationFailed,
    OperationTimeout,
    TransportError,
    TunedModelsError,
)

URL = "https://service.test"
NAME = "tunedModels/m/operations/o"
LOOK = f"{URL}/v1beta/{NAME}"


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.sleeps: list[float] = []

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.sleeps.append(seconds)
        self.now += seconds

    def clock(self) -> float:
        return self.now


def at(step: int, **more: Any) -> dict[str, Any]:
    """The operation after so many of four steps."""
    metadata: dict[str, Any] = {"totalSteps": 4, "tunedModel": "tunedModels/m"}
    if step:
        snapshots = [{"step": number, "meanLoss": 10 - number} for number in range(1, step + 1)]
        metadata |= {"completedSteps": step, "completedPercent": 25 * step, "snapshots": snapshots}
    return {"name": NAME, "metadata": metadata, **more}


RESPONSE = {"done": True, "response": {"name": "tunedModels/m", "state": "ACTIVE"}}


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def operation(answers: responses.RequestsMock, time: Time) -> Operation:
    """An operation that was just created."""
    client = Client(URL, api_key="key", sleep=time.sleep, clock=time.clock)
    answers.post(f"{URL}/v1beta/tunedModels", json=at(0))
    operation = client.tuned_models.create(base_model="m", training_data=[("1", "2")])
    answers.calls.reset()
    return operation


def test_what_is_known_needs_no_look(operation: Operation, answers: responses.RequestsMock) -> None:
    """Name, metadata and repr say what the last answer said, and ask nothing."""
    assert operation.name == NAME
    assert operation.metadata.total_steps == 4
    assert operation.metadata.tuned_model == "tunedModels/m"
    assert operation.metadata.snapshots == ()
    assert repr(operation) == f"<Operation {NAME}: 0 of 4 steps>"
    assert len(answers.calls) == 0


def test_done_looks(operation: Operation, answers: responses.RequestsMock) -> None:
    """Each done() asks the service once, until it has said yes."""
    answers.get(LOOK, json=at(1))
    assert not operation.done()
    assert operation.metadata.completed_steps == 1

    answers.get(LOOK, json=at(4, **RESPONSE))
    assert operation.done()
    assert operation.done()
    assert len(answers.calls) == 2


def test_result_waits(operation: Operation, answers: responses.RequestsMock, time: Time) -> None:
    """result() looks at once, then at growing distances, and returns the model."""
    for _ in range(6):
        answers.get(LOOK, json=at(0))
    answers.get(LOOK, json=at(4, **RESPONSE))

    assert operation.result().name == "tunedModels/m"
    assert time.sleeps == [0.25, 0.5, 1.0, 2.0, 5.0, 5.0]


def test_result_again(operation: Operation, answers: responses.RequestsMock, time: Time) -> None:
    """What has ended is not asked for again."""
    answers.get(LOOK, json=at(4, **RESPONSE))

    assert operation.result() == operation.result()
    assert len(answers.calls) == 1
    assert time.sleeps == []


def test_result_in_no_time(operation: Operation, answers: responses.RequestsMock, time: Time) -> None:
    """A timeout of 0 looks once and does not sleep."""
    answers.get(LOOK, json=at(0))

    with pytest.raises(OperationTimeout) as caught:
        operation.result(timeout=0)

    assert (caught.value.operation, caught.value.timeout) == (NAME, 0)
    assert time.sleeps == []
    assert len(answers.calls) == 1


def test_result_looks_at_the_last_moment(operation: Operation, answers: responses.RequestsMock, time: Time) -> None:
    """The last sleep ends when the time is up, and one more look decides."""
    for _ in range(3):
        answers.get(LOOK, json=at(0))
    answers.get(LOOK, json=at(4, **RESPONSE))

    assert operation.result(timeout=1.5).state == "ACTIVE"
    assert time.sleeps == [0.25, 0.5, 0.75]


def test_result_after_a_timeout(operation: Operation, answers: responses.RequestsMock) -> None:
    """The operation goes on, so waiting once more may succeed."""
    answers.get(LOOK, json=at(0))
    with pytest.raises(OperationTimeout, match="has not ended within 0 seconds"):
        operation.result(timeout=0)

    answers.get(LOOK, json=at(4, **RESPONSE))
    assert operation.result(timeout=0).state == "ACTIVE"


@pytest.mark.parametrize(("code", "status"), [(1, "CANCELLED"), (13, "INTERNAL")])
def test_result_of_a_failure(operation: Operation, answers: responses.RequestsMock, code: int, status: str) -> None:
    """An operation that ended with an error raises it."""
    answers.get(LOOK, json=at(2, done=True, error={"code": code, "message": "Stopped."}))

    with pytest.raises(OperationFailed, match="Stopped") as caught:
        operation.result()

    assert (caught.value.operation, caught.value.status) == (NAME, status)


def test_result_that_is_none(operation: Operation, answers: responses.RequestsMock) -> None:
    """Done with neither response nor error is no answer of this API."""
    answers.get(LOOK, json=at(4, done=True))

    with pytest.raises(TransportError, match="neither a response nor an error"):
        operation.result()


def test_look_that_fails(operation: Operation, answers: responses.RequestsMock) -> None:
    """A refused look raises its error, and the operation can be looked at again."""
    answers.get(LOOK, status=404)
    with pytest.raises(NotFound):
        operation.result()

    answers.get(LOOK, json=at(4, **RESPONSE))
    assert operation.result().state == "ACTIVE"


def test_progress_shows_new_steps(operation: Operation, answers: responses.RequestsMock, time: Time) -> None:
    """progress() yields once for each look that shows more steps, and ends with the operation."""
    for value in (at(0), at(1), at(1), at(3), at(4), at(4, **RESPONSE)):
        answers.get(LOOK, json=value)
    seen = [(item.completed_percent, item.snapshots[-1].mean_loss) for item in operation.progress()]

    assert seen == [(25.0, 9.0), (75.0, 7.0), (100.0, 6.0)]
    assert len(time.sleeps) == 5


def test_progress_of_a_failure(operation: Operation, answers: responses.RequestsMock) -> None:
    """An operation that fails ends the progress; result() says why."""
    answers.get(LOOK, json=at(1, done=True, error={"code": 13, "message": "Broken."}))

    assert [item.completed_steps for item in operation.progress()] == [1]
    with pytest.raises(OperationFailed):
        operation.result()


def test_progress_in_time(operation: Operation, answers: responses.RequestsMock, time: Time) -> None:
    """A timeout holds for the whole of it."""
    for step in range(4):
        answers.get(LOOK, json=at(step))
    progress = operation.progress(timeout=1.0)

    assert [next(progress).completed_steps for _ in range(3)] == [1, 2, 3]
    with pytest.raises(OperationTimeout):
        next(progress)
    assert time.sleeps == [0.25, 0.5, 0.25]


def test_progress_is_lazy(operation: Operation, answers: responses.RequestsMock) -> None:
    """Nothing is asked before the first item is."""
    operation.progress()

    assert len(answers.calls) == 0


def test_cancel(operation: Operation, answers: responses.RequestsMock) -> None:
    """cancel() posts to v1, which alone has it, and does not wait."""
    answers.post(f"{URL}/v1/{NAME}:cancel", json={})
    operation.cancel()

    assert [call.request.url for call in answers.calls] == [f"{URL}/v1/{NAME}:cancel"]


def test_errors_of_waiting_have_the_root() -> None:
    """One except clause is enough around create and result."""
    assert issubclass(OperationTimeout, TunedModelsError)
    assert issubclass(OperationFailed, TunedModelsError)
