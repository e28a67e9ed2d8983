"""An operation polls, waits, reports its progress and is cancelled; without HTTP, on a clock of the test."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest

from tunedmodels import (
    CredentialsError,
    NotFound,
    Operation,
    OperationFailed,
    OperationTimeout,
    Polling,
    RetrySafety,
    TransportError,
    TunedModelsError,
)
from tunedmodels._transport.transport import Time

NAME = "tunedModels/m/operations/o"


def at(step: int, **more: Any) -> dict[str, Any]:
    """Return the operation after so many of four steps."""
    metadata: dict[str, Any] = {"@type": "a type", "totalSteps": 4, "tunedModel": "tunedModels/m"}
    if step:
        snapshots = [{"step": number, "epoch": 1, "meanLoss": 10 - number} for number in range(1, step + 1)]
        metadata |= {"completedSteps": step, "completedPercent": 25 * step, "snapshots": snapshots}
    return {"name": NAME, "metadata": metadata, **more}


END = at(4, done=True, response={"@type": "a type", "name": "tunedModels/m", "state": "ACTIVE"})
CANCELLATION = at(2, done=True, error={"code": 1, "message": "The operation was cancelled."})
FAILURE = at(1, done=True, error={"code": 13, "message": "Broken."})


class Service:
    """Answers each poll with the next of *answers*, and then always with the last. Polls and sleeps move its clock."""

    def __init__(self, *answers: Any, duration: float = 0.0, moves: bool = True) -> None:
        self.answers = list(answers)
        self.duration = duration
        self.moves = moves
        self.now = 1000.0
        self.sleeps: list[float] = []
        self.polls: list[tuple[str, float | None]] = []
        self.cancels: list[str] = []

    def poll(self, name: str, deadline: float | None) -> dict[str, Any]:
        self.polls.append((name, deadline))
        self.now += self.duration
        answer: Any = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.sleeps.append(seconds)
        if self.moves:
            self.now += seconds

    def operation(self, value: Any = None, polling: Polling = Polling(0.25, 2.0, 5.0)) -> Operation:  # noqa: B008 - it is frozen
        time = Time(lambda: self.now, self.sleep)
        return Operation(at(0) if value is None else value, self.poll, self.cancels.append, polling, time)


def test_name_and_metadata_send_no_request() -> None:
    """Name, metadata and repr show the last answer, and send no request."""
    service = Service(END)
    operation = service.operation()

    assert operation.name == NAME
    assert operation.metadata.total_steps == 4
    assert operation.metadata.tuned_model == "tunedModels/m"
    assert operation.metadata.snapshots == ()
    assert operation.metadata.unknown == {}
    assert repr(operation) == f"<Operation {NAME}: 0 of 4 steps>"
    assert service.polls == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (at(2), "2 of 4 steps"),
        (END, "4 of 4 steps, done"),
        ({"name": NAME}, "0 of ? steps"),
        ({"name": NAME, "metadata": "odd"}, "0 of ? steps"),
    ],
    ids=["running", "ended", "no-metadata", "odd-metadata"],
)
def test_repr(value: dict[str, Any], text: str) -> None:
    """The repr has the name and the progress, for every form of the answer."""
    assert repr(Service(END).operation(value)) == f"<Operation {NAME}: {text}>"


@pytest.mark.parametrize("value", [{}, {"name": ""}, {"name": 7}, [], "text"], ids=repr)
def test_answer_without_a_name(value: Any) -> None:
    """An answer without a name is not an operation."""
    with pytest.raises(TransportError, match="something that is not an operation: "):
        Service(END).operation(value)


def test_done_polls_until_the_end() -> None:
    """Each done() polls once until the operation has ended, and then no more."""
    service = Service(at(1), END)
    operation = service.operation()

    assert not operation.done()
    assert operation.metadata.completed_steps == 1
    assert operation.done()
    assert operation.done()
    assert service.polls == [(NAME, None)] * 2


@pytest.mark.parametrize("done", ["true", 1, None], ids=repr)
def test_only_true_is_done(done: Any) -> None:
    """Only JSON's true means that the operation has ended."""
    assert not Service(at(1, done=done)).operation().done()


def test_operation_that_begins_at_its_end() -> None:
    """An operation whose first answer is its end is not polled."""
    service = Service(at(0))
    operation = service.operation(END)

    assert operation.done()
    assert operation.result(timeout=0).name == "tunedModels/m"
    assert operation.exception() is None
    assert not operation.cancelled()
    assert [item.completed_steps for item in operation.progress()] == [4]
    assert service.polls == []
    assert service.sleeps == []


def test_result_waits() -> None:
    """result() polls at once, then with growing pauses, and returns the model. A second result() does not poll."""
    service = Service(*[at(0)] * 7, END)
    operation = service.operation()
    model = operation.result()

    assert (model.name, model.state, model.unknown) == ("tunedModels/m", "ACTIVE", {})
    assert service.sleeps == [0.25, 0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
    assert operation.result() == model
    assert service.polls == [(NAME, None)] * 8


@pytest.mark.parametrize("timeout", [0, -1])
def test_timeout_of_0_polls_once(timeout: float) -> None:
    """A timeout of 0 polls once and does not sleep; it is enough if that poll shows the end."""
    service = Service(at(0))

    with pytest.raises(OperationTimeout) as caught:
        service.operation().result(timeout)

    assert (caught.value.operation, caught.value.timeout) == (NAME, timeout)
    assert service.sleeps == []
    assert len(service.polls) == 1
    assert Service(END).operation().result(timeout).state == "ACTIVE"


def test_last_poll_is_at_the_deadline() -> None:
    """The last sleep ends at the deadline, and one more poll follows."""
    service = Service(*[at(0)] * 3, END)

    assert service.operation().result(timeout=1.5).state == "ACTIVE"
    assert service.sleeps == [0.25, 0.5, 0.75]


@pytest.mark.parametrize("timeout", [0.1, 7.5])
@pytest.mark.parametrize("moves", [True, False], ids=["clock-moves", "clock-stops"])
def test_sleeps_fill_the_timeout(timeout: float, moves: bool) -> None:
    """The sleeps last as long as the timeout, whether or not sleeping moves the clock."""
    service = Service(at(0), moves=moves)

    with pytest.raises(
        OperationTimeout,
        match=rf"^{NAME} has not ended within {timeout:g} seconds; it continues; get it with client\.operations\.get",
    ):
        service.operation().result(timeout)

    assert sum(service.sleeps) == pytest.approx(timeout)


@pytest.mark.parametrize("duration", [0.4, 3.0])
def test_polls_count_for_the_timeout(duration: float) -> None:
    """The duration of polls is part of the timeout, and no poll begins after the deadline."""
    service = Service(at(0), duration=duration)

    with pytest.raises(OperationTimeout):
        service.operation().result(timeout=5)

    assert service.now - 1000 <= 5 + duration
    assert service.polls == [(NAME, 1005.0)] * len(service.polls)


@pytest.mark.parametrize(
    "error",
    [
        TransportError("timed out", retry_safety=RetrySafety.LOST),
        TransportError("no connection", retry_safety=RetrySafety.UNSENT),
        CredentialsError("no time was left to get a token", RetrySafety.UNSENT),
    ],
    ids=["lost", "unsent", "no-token"],
)
def test_poll_that_hangs_beyond_the_deadline(error: TunedModelsError) -> None:
    """A poll without an answer by the deadline is a timeout of the operation."""
    service = Service(error, duration=2.0)

    with pytest.raises(OperationTimeout) as caught:
        service.operation().result(timeout=2)

    assert caught.value.__cause__ is error
    assert len(service.polls) == 1


@pytest.mark.parametrize(
    "error",
    [
        NotFound(404, "NOT_FOUND", "Gone."),
        TransportError("no JSON"),
        CredentialsError("no such file"),
    ],
    ids=["refused", "another-service", "no-credentials"],
)
def test_permanent_error_at_the_deadline(error: TunedModelsError) -> None:
    """If more time would not help, result() raises the error of the poll."""
    service = Service(error, duration=2.0)

    with pytest.raises(type(error)) as caught:
        service.operation().result(timeout=2)

    assert caught.value is error


@pytest.mark.parametrize("timeout", [None, 60.0])
def test_poll_that_fails(timeout: float | None) -> None:
    """A poll that fails within the time raises its error, and the caller can poll again."""
    error = TransportError("timed out", retry_safety=RetrySafety.LOST)
    service = Service(at(1), error, END)
    operation = service.operation()
    with pytest.raises(TransportError, match="timed out"):
        operation.result(timeout)

    assert operation.metadata.completed_steps == 1
    assert operation.result(timeout).state == "ACTIVE"


def test_answer_about_another_operation() -> None:
    """An answer about another operation is a TransportError."""
    service = Service({**END, "name": "tunedModels/other/operations/o"})
    operation = service.operation()

    with pytest.raises(
        TransportError, match=rf"^The client asked for {NAME}, and the service answered with .*tunedModels/other"
    ):
        operation.done()

    assert repr(operation) == f"<Operation {NAME}: 0 of 4 steps>"


@pytest.mark.parametrize(("value", "status"), [(CANCELLATION, "CANCELLED"), (FAILURE, "INTERNAL")], ids=["1", "13"])
def test_end_with_an_error(value: dict[str, Any], status: str) -> None:
    """result() raises the error that exception() returns."""
    operation = Service(at(0), value).operation()
    error = operation.exception()

    assert isinstance(error, OperationFailed)
    assert (error.operation, error.code, error.status) == (NAME, value["error"]["code"], status)
    with pytest.raises(OperationFailed, match=rf"ended with {status}: {value['error']['message']}"):
        operation.result()


@pytest.mark.parametrize("error", [{}, "odd", []], ids=repr)
def test_error_without_words(error: Any) -> None:
    """An error without a code and a message is an error."""
    with pytest.raises(OperationFailed):
        Service(at(1, done=True, error=error)).operation().result()


def test_done_without_response_or_error() -> None:
    """An operation that has ended with neither a response nor an error is a TransportError."""
    operation = Service(at(4, done=True)).operation()

    assert operation.exception() is None
    with pytest.raises(TransportError, match=rf"^{NAME} has ended, but has neither a response nor an error$"):
        operation.result()


@pytest.mark.parametrize("response", [{"name": 7}, {"createTime": "noon"}], ids=repr)
def test_response_that_is_no_model(response: Any) -> None:
    """A response that is not a model is a TransportError."""
    with pytest.raises(TransportError, match="something that is not a TunedModel: "):
        Service(at(4, done=True, response=response)).operation().result()


def test_metadata_in_another_form() -> None:
    """Invalid metadata is an error only when the caller reads it."""
    operation = Service({**END, "metadata": {"totalSteps": "many"}}).operation()

    assert operation.result().name == "tunedModels/m"
    with pytest.raises(
        TransportError, match="not a CreateTunedModelMetadata: totalSteps: 'many' is not a whole number"
    ):
        _ = operation.metadata


def test_metadata_is_of_the_last_poll() -> None:
    """The metadata is read once for each poll."""
    operation = Service(at(3)).operation()
    before = operation.metadata

    assert operation.metadata is before
    operation.done()
    assert operation.metadata.completed_steps == 3


def test_cancel_asks_the_service() -> None:
    """cancel() sends one request and does not wait."""
    service = Service(at(1))

    assert service.operation().cancel() is True
    assert service.cancels == [NAME]
    assert service.sleeps == []


@pytest.mark.parametrize("value", [END, CANCELLATION, FAILURE], ids=["well", "cancelled", "badly"])
def test_cancel_after_the_end(value: dict[str, Any]) -> None:
    """cancel() sends no request for a run that has ended."""
    service = Service(value)
    operation = service.operation()

    assert operation.cancel() is False
    assert operation.cancel() is False
    assert service.cancels == []
    assert len(service.polls) == 1


@pytest.mark.parametrize(
    ("value", "cancelled"), [(at(1), False), (END, False), (FAILURE, False), (CANCELLATION, True)],
    ids=["running", "ended-well", "ended-badly", "cancelled"],
)  # fmt: skip
def test_cancelled(value: dict[str, Any], cancelled: bool) -> None:
    """Only an operation that ended with CANCELLED is cancelled; cancelled() polls once."""
    service = Service(value)

    assert service.operation().cancelled() is cancelled
    assert len(service.polls) == 1


def test_progress_shows_new_steps() -> None:
    """progress() yields once for each poll with more steps, and ends with the operation."""
    service = Service(at(0), at(1), at(1), at(3), at(4), END)
    losses = [(item.completed_percent, item.snapshots[-1].mean_loss) for item in service.operation().progress()]

    assert losses == [(25.0, 9.0), (75.0, 7.0), (100.0, 6.0)]
    assert len(service.sleeps) == 5


def test_progress_of_a_failure() -> None:
    """progress() ends with an operation that fails, and result() raises the error."""
    operation = Service(FAILURE).operation()

    assert [item.completed_steps for item in operation.progress()] == [1]
    with pytest.raises(OperationFailed):
        operation.result()


def test_timeout_of_progress() -> None:
    """The timeout of progress() is for all polls together."""
    service = Service(*[at(step) for step in range(4)])
    progress = service.operation().progress(timeout=1.0)

    assert [next(progress).completed_steps for _ in range(3)] == [1, 2, 3]
    with pytest.raises(OperationTimeout):
        next(progress)
    assert service.sleeps == [0.25, 0.5, 0.25]


def test_progress_is_lazy() -> None:
    """progress() does not poll before its first item, and a second progress() begins with the last answer."""
    service = Service(at(2), END)
    operation = service.operation()
    progress = operation.progress()
    assert service.polls == []

    assert [item.completed_steps for item in progress] == [2, 4]
    assert [item.completed_steps for item in operation.progress()] == [4]


def test_wait_bar_shows_steps_epoch_and_loss() -> None:
    """The bar shows each step with its epoch and loss, and wait_bar() returns the model."""
    screen = io.StringIO()
    service = Service(at(0), at(1), at(3), END)
    model = service.operation().wait_bar(file=screen, mininterval=0, ncols=100)

    assert model.name == "tunedModels/m"
    assert all(text in screen.getvalue() for text in ("tunedModels/m: ", "3/4", "4/4", "epoch=1, loss=6"))
    assert len(service.polls) == 4


def test_wait_bar_takes_options() -> None:
    """wait_bar() passes other options to tqdm."""
    screen = io.StringIO()
    Service(END).operation().wait_bar(file=screen, desc="my tuning", unit="turn")

    assert "my tuning: 100%" in screen.getvalue()
    assert "turn" in screen.getvalue()


@pytest.mark.parametrize(
    ("answers", "kind", "sleeps"),
    [
        pytest.param([at(1)], OperationTimeout, [0.25, 0.5, 0.25], id="time-is-up"),
        pytest.param([at(1), FAILURE], OperationFailed, [0.25], id="ended-badly"),
        pytest.param([{"name": NAME}, NotFound(404, "NOT_FOUND", "Gone.")], NotFound, [0.25], id="look-refused"),
    ],
)
def test_error_of_wait_bar(answers: list[Any], kind: type[Exception], sleeps: list[float]) -> None:
    """wait_bar() raises the error of result(), after the same time, and closes the bar."""
    screen = io.StringIO()
    service = Service(*answers)

    with pytest.raises(kind):
        service.operation().wait_bar(timeout=1.0, file=screen)

    assert service.sleeps == sleeps
    assert screen.getvalue().endswith("\n")


def test_plot_draws_the_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    """plot() draws the loss of each step of the last answer, in new axes."""
    monkeypatch.setenv("MPLBACKEND", "Agg")
    pyplot = pytest.importorskip("matplotlib.pyplot")
    service = Service(END)
    axes = service.operation(at(3)).plot()
    line: Any = axes.get_lines()[0]
    pyplot.close("all")

    assert list(line.get_xdata()) == [1, 2, 3]
    assert list(line.get_ydata()) == [9.0, 8.0, 7.0]
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_title()) == ("step", "mean loss", "tunedModels/m")
    assert service.polls == []


def test_plot_into_axes(monkeypatch: pytest.MonkeyPatch) -> None:
    """plot() draws into the axes of the caller and returns them, so that a caller can compare runs."""
    monkeypatch.setenv("MPLBACKEND", "Agg")
    pyplot = pytest.importorskip("matplotlib.pyplot")
    axes: Any = pyplot.figure().add_subplot()
    pyplot.close("all")

    assert Service(END).operation(at(2)).plot(axes) is axes
    assert Service(END).operation(at(4)).plot(axes) is axes
    lines: list[Any] = list(axes.get_lines())
    assert [len(line.get_xdata()) for line in lines] == [2, 4]


def test_plot_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without matplotlib the error says what to install."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    with pytest.raises(ImportError, match=r"^plot\(\) needs matplotlib: pip install matplotlib$"):
        Service(END).operation(at(3)).plot()
