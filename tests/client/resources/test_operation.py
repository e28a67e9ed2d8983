"""An operation: looking, waiting, following, cancelling; without HTTP, on a clock of the test's own."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
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

Look = Callable[[str, float | None], dict[str, Any]]


def at(step: int, **more: Any) -> dict[str, Any]:
    """The operation after so many of four steps."""
    metadata: dict[str, Any] = {"@type": "a type", "totalSteps": 4, "tunedModel": "tunedModels/m"}
    if step:
        snapshots = [{"step": number, "epoch": 1, "meanLoss": 10 - number} for number in range(1, step + 1)]
        metadata |= {"completedSteps": step, "completedPercent": 25 * step, "snapshots": snapshots}
    return {"name": NAME, "metadata": metadata, **more}


ENDED = at(4, done=True, response={"@type": "a type", "name": "tunedModels/m", "state": "ACTIVE"})
CANCELLED = at(2, done=True, error={"code": 1, "message": "The operation was cancelled."})
BROKEN = at(1, done=True, error={"code": 13, "message": "Broken."})


class Service:
    """What looks show, one after the other, the last from then on. Sleeping moves its clock, and looks that last."""

    def __init__(self, *shows: Any, lasting: float = 0.0, moves: bool = True) -> None:
        self.shows = list(shows)
        self.lasting = lasting
        self.moves = moves
        self.now = 1000.0
        self.sleeps: list[float] = []
        self.looks: list[tuple[str, float | None]] = []
        self.stopped: list[str] = []

    def look(self, name: str, deadline: float | None) -> dict[str, Any]:
        self.looks.append((name, deadline))
        self.now += self.lasting
        shown = self.shows.pop(0) if len(self.shows) > 1 else self.shows[0]
        if isinstance(shown, Exception):
            raise shown
        value: dict[str, Any] = shown
        return value

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.sleeps.append(seconds)
        if self.moves:
            self.now += seconds

    def operation(self, value: Any = None, polling: Polling = Polling(0.25, 2.0, 5.0)) -> Operation:  # noqa: B008 - it is frozen
        time = Time(lambda: self.now, self.sleep)
        return Operation(at(0) if value is None else value, self.look, self.stopped.append, polling, time)


def test_name_and_metadata_send_no_request() -> None:
    """Name, metadata and repr show the last answer, and send no request."""
    service = Service(ENDED)
    operation = service.operation()

    assert operation.name == NAME
    assert operation.metadata.total_steps == 4
    assert operation.metadata.tuned_model == "tunedModels/m"
    assert operation.metadata.snapshots == ()
    assert operation.metadata.unknown == {}
    assert repr(operation) == f"<Operation {NAME}: 0 of 4 steps>"
    assert service.looks == []


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (at(2), "2 of 4 steps"),
        (ENDED, "4 of 4 steps, done"),
        ({"name": NAME}, "0 of ? steps"),
        ({"name": NAME, "metadata": "odd"}, "0 of ? steps"),
    ],
    ids=["running", "ended", "no-metadata", "odd-metadata"],
)
def test_repr(value: dict[str, Any], said: str) -> None:
    """It says the name and how far it is, whatever the answer looked like."""
    assert repr(Service(ENDED).operation(value)) == f"<Operation {NAME}: {said}>"


@pytest.mark.parametrize("value", [{}, {"name": ""}, {"name": 7}, [], "text"], ids=repr)
def test_answer_without_a_name(value: Any) -> None:
    """An answer without a name is not an operation."""
    with pytest.raises(TransportError, match="something that is not an operation: "):
        Service(ENDED).operation(value)


def test_done_looks_until_it_has_ended() -> None:
    """Each done() asks the service once, until it has said yes; then it is known."""
    service = Service(at(1), ENDED)
    operation = service.operation()

    assert not operation.done()
    assert operation.metadata.completed_steps == 1
    assert operation.done()
    assert operation.done()
    assert service.looks == [(NAME, None)] * 2


@pytest.mark.parametrize("done", ["true", 1, None], ids=repr)
def test_only_true_is_done(done: Any) -> None:
    """Only JSON's true means that the operation has ended."""
    assert not Service(at(1, done=done)).operation().done()


def test_ended_when_it_was_made() -> None:
    """An operation that arrives at its end is never asked for."""
    service = Service(at(0))
    operation = service.operation(ENDED)

    assert operation.done()
    assert operation.result(timeout=0).name == "tunedModels/m"
    assert operation.exception() is None
    assert not operation.cancelled()
    assert [item.completed_steps for item in operation.progress()] == [4]
    assert service.looks == []
    assert service.sleeps == []


def test_result_waits() -> None:
    """result() looks at once, then at growing distances, and returns the model."""
    service = Service(*[at(0)] * 7, ENDED)
    model = service.operation().result()

    assert (model.name, model.state, model.unknown) == ("tunedModels/m", "ACTIVE", {})
    assert service.sleeps == [0.25, 0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
    assert service.looks == [(NAME, None)] * 8


def test_polling_is_the_callers() -> None:
    """The pauses are those of the setting."""
    service = Service(*[at(0)] * 3, ENDED)
    service.operation(polling=Polling(3, multiplier=1)).result()

    assert service.sleeps == [3, 3, 3]


def test_result_again() -> None:
    """What has ended is not asked for again."""
    service = Service(ENDED)
    operation = service.operation()

    assert operation.result() == operation.result()
    assert len(service.looks) == 1


@pytest.mark.parametrize("timeout", [0, -1])
def test_no_time_looks_once(timeout: float) -> None:
    """A timeout of 0 looks once and does not sleep."""
    service = Service(at(0))

    with pytest.raises(OperationTimeout) as caught:
        service.operation().result(timeout)

    assert (caught.value.operation, caught.value.timeout) == (NAME, timeout)
    assert service.sleeps == []
    assert len(service.looks) == 1


def test_timeout_of_0_polls_once() -> None:
    """A timeout of 0 is enough if one poll shows the end."""
    assert Service(ENDED).operation().result(timeout=0).state == "ACTIVE"


def test_last_look_is_at_the_deadline() -> None:
    """The last sleep ends when the time is up, and one more look decides."""
    service = Service(*[at(0)] * 3, ENDED)

    assert service.operation().result(timeout=1.5).state == "ACTIVE"
    assert service.sleeps == [0.25, 0.5, 0.75]


@pytest.mark.parametrize("timeout", [0.1, 1.0, 7.5, 100.0])
@pytest.mark.parametrize("moves", [True, False], ids=["clock-goes", "clock-stands"])
def test_timeout_to_the_second(timeout: float, moves: bool) -> None:
    """It sleeps for the time that it was given and no longer, whether or not sleeping moves the clock."""
    service = Service(at(0), moves=moves)

    with pytest.raises(
        OperationTimeout,
        match=rf"^{NAME} has not ended within {timeout:g} seconds; it continues; get it with client\.operations\.get",
    ):
        service.operation().result(timeout)

    assert sum(service.sleeps) == pytest.approx(timeout)


@pytest.mark.parametrize("lasting", [0.4, 3.0])
def test_looks_count(lasting: float) -> None:
    """The time that looks take is part of the time; none begins after it, but for the one at its end."""
    service = Service(at(0), lasting=lasting)

    with pytest.raises(OperationTimeout):
        service.operation().result(timeout=5)

    assert service.now - 1000 <= 5 + lasting
    assert service.looks == [(NAME, 1005.0)] * len(service.looks)


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
    service = Service(error, lasting=2.0)

    with pytest.raises(OperationTimeout) as caught:
        service.operation().result(timeout=2)

    assert caught.value.__cause__ is error
    assert len(service.looks) == 1


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
    """An error that more time would not mend is raised, instead of a timeout."""
    service = Service(error, lasting=2.0)

    with pytest.raises(type(error)) as caught:
        service.operation().result(timeout=2)

    assert caught.value is error


@pytest.mark.parametrize("timeout", [None, 60.0])
def test_poll_that_fails(timeout: float | None) -> None:
    """A poll that fails within the time raises its error, and the caller can poll again."""
    error = TransportError("timed out", retry_safety=RetrySafety.LOST)
    service = Service(at(1), error, ENDED)
    operation = service.operation()
    with pytest.raises(TransportError, match="timed out"):
        operation.result(timeout)

    assert operation.metadata.completed_steps == 1
    assert operation.result(timeout).state == "ACTIVE"


def test_another_operation_is_no_answer() -> None:
    """An answer about another operation is not taken for this one's."""
    service = Service({**ENDED, "name": "tunedModels/other/operations/o"})
    operation = service.operation()

    with pytest.raises(
        TransportError, match=rf"^The client asked for {NAME}, and the service answered with .*tunedModels/other"
    ):
        operation.done()

    assert repr(operation) == f"<Operation {NAME}: 0 of 4 steps>"


@pytest.mark.parametrize(("value", "status"), [(CANCELLED, "CANCELLED"), (BROKEN, "INTERNAL")], ids=["1", "13"])
def test_end_with_an_error(value: dict[str, Any], status: str) -> None:
    """result() raises the error that exception() returns."""
    operation = Service(at(0), value).operation()
    error = operation.exception()

    assert isinstance(error, OperationFailed)
    assert (error.operation, error.code, error.status) == (NAME, value["error"]["code"], status)
    with pytest.raises(OperationFailed, match=rf"ended with {status}: {value['error']['message']}"):
        operation.result()


def test_exception_waits_no_longer_than_result() -> None:
    """exception() has the same timeout."""
    service = Service(at(0))

    with pytest.raises(OperationTimeout):
        service.operation().exception(timeout=3)

    assert sum(service.sleeps) == 3


def test_exception_of_a_good_end() -> None:
    """There is none where the operation ended well."""
    assert Service(ENDED).operation().exception() is None


@pytest.mark.parametrize("error", [{}, "odd", []], ids=repr)
def test_error_without_words(error: Any) -> None:
    """An error that says nothing is an error still."""
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
    """A response in another form is no answer of this API."""
    with pytest.raises(TransportError, match="something that is not a TunedModel: "):
        Service(at(4, done=True, response=response)).operation().result()


def test_metadata_in_another_form() -> None:
    """Metadata that cannot be read is said when it is read, and hinders nothing else."""
    operation = Service({**ENDED, "metadata": {"totalSteps": "many"}}).operation()

    assert operation.result().name == "tunedModels/m"
    with pytest.raises(
        TransportError, match="not a CreateTunedModelMetadata: totalSteps: 'many' is not a whole number"
    ):
        _ = operation.metadata


def test_metadata_that_is_missing() -> None:
    """Without metadata it is that of a run of which nothing is known."""
    assert Service(ENDED).operation({"name": NAME}).metadata.total_steps == 0


def test_metadata_is_of_the_last_look() -> None:
    """It is read once a look, and anew after the next."""
    operation = Service(at(3)).operation()
    before = operation.metadata

    assert operation.metadata is before
    operation.done()
    assert operation.metadata.completed_steps == 3


def test_cancel_asks_the_service() -> None:
    """cancel() asks once and does not wait."""
    service = Service(at(1))

    assert service.operation().cancel() is True
    assert service.stopped == [NAME]
    assert service.sleeps == []


@pytest.mark.parametrize("value", [ENDED, CANCELLED, BROKEN], ids=["well", "cancelled", "badly"])
def test_cancel_after_the_end(value: dict[str, Any]) -> None:
    """For a run that has ended, no cancel request is sent."""
    service = Service(value)
    operation = service.operation()

    assert operation.cancel() is False
    assert operation.cancel() is False
    assert service.stopped == []
    assert len(service.looks) == 1


@pytest.mark.parametrize(
    ("value", "cancelled"), [(at(1), False), (ENDED, False), (BROKEN, False), (CANCELLED, True)],
    ids=["running", "ended-well", "ended-badly", "cancelled"],
)  # fmt: skip
def test_cancelled(value: dict[str, Any], cancelled: bool) -> None:
    """Only an operation that has ended because it was cancelled is; it looks once."""
    service = Service(value)

    assert service.operation().cancelled() is cancelled
    assert len(service.looks) == 1


def test_progress_shows_new_steps() -> None:
    """progress() yields once for each look that shows more steps, and ends with the operation."""
    service = Service(at(0), at(1), at(1), at(3), at(4), ENDED)
    seen = [(item.completed_percent, item.snapshots[-1].mean_loss) for item in service.operation().progress()]

    assert seen == [(25.0, 9.0), (75.0, 7.0), (100.0, 6.0)]
    assert len(service.sleeps) == 5


def test_progress_of_a_failure() -> None:
    """An operation that fails ends the progress; result() says why."""
    operation = Service(BROKEN).operation()

    assert [item.completed_steps for item in operation.progress()] == [1]
    with pytest.raises(OperationFailed):
        operation.result()


def test_progress_in_time() -> None:
    """A timeout holds for the whole of it."""
    service = Service(*[at(step) for step in range(4)])
    progress = service.operation().progress(timeout=1.0)

    assert [next(progress).completed_steps for _ in range(3)] == [1, 2, 3]
    with pytest.raises(OperationTimeout):
        next(progress)
    assert service.sleeps == [0.25, 0.5, 0.25]


def test_progress_is_lazy() -> None:
    """Nothing is asked before the first item is."""
    service = Service(ENDED)
    service.operation().progress()

    assert service.looks == []


def test_progress_again() -> None:
    """Who follows later sees what the first saw last."""
    operation = Service(at(2), ENDED).operation()
    list(operation.progress())

    assert [item.completed_steps for item in operation.progress()] == [4]


def test_wait_bar_shows_steps_epoch_and_loss() -> None:
    """The bar goes to the last step, with what the step says, and the model comes back."""
    screen = io.StringIO()
    service = Service(at(0), at(1), at(3), ENDED)
    model = service.operation().wait_bar(file=screen, mininterval=0, ncols=100)

    shown = screen.getvalue()
    assert model.name == "tunedModels/m"
    assert "tunedModels/m: " in shown
    assert "3/4" in shown
    assert "4/4" in shown
    assert "epoch=1, loss=6" in shown
    assert len(service.looks) == 4


def test_wait_bar_takes_options() -> None:
    """What tqdm takes goes to tqdm."""
    screen = io.StringIO()
    Service(ENDED).operation().wait_bar(file=screen, desc="my tuning", unit="turn")

    assert "my tuning: 100%" in screen.getvalue()
    assert "turn" in screen.getvalue()


@pytest.mark.parametrize(
    ("shows", "kind", "sleeps"),
    [
        pytest.param([at(1)], OperationTimeout, [0.25, 0.5, 0.25], id="time-is-up"),
        pytest.param([at(1), BROKEN], OperationFailed, [0.25], id="ended-badly"),
        pytest.param([{"name": NAME}, NotFound(404, "NOT_FOUND", "Gone.")], NotFound, [0.25], id="look-refused"),
    ],
)
def test_wait_bar_that_ends_badly(shows: list[Any], kind: type[Exception], sleeps: list[float]) -> None:
    """It raises what result() raises, after the same time, and the bar is closed."""
    screen = io.StringIO()
    service = Service(*shows)

    with pytest.raises(kind):
        service.operation().wait_bar(timeout=1.0, file=screen)

    assert service.sleeps == sleeps
    assert screen.getvalue().endswith("\n")


def test_plot_draws_the_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loss of each step as of the last look, in axes of its own."""
    monkeypatch.setenv("MPLBACKEND", "Agg")
    pyplot = pytest.importorskip("matplotlib.pyplot")
    service = Service(ENDED)
    axes = service.operation(at(3)).plot()
    line: Any = axes.get_lines()[0]
    pyplot.close("all")

    assert list(line.get_xdata()) == [1, 2, 3]
    assert list(line.get_ydata()) == [9.0, 8.0, 7.0]
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_title()) == ("step", "mean loss", "tunedModels/m")
    assert service.looks == []


def test_plot_into_axes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Axes that are given are drawn into and come back, so that runs can be compared."""
    monkeypatch.setenv("MPLBACKEND", "Agg")
    pyplot = pytest.importorskip("matplotlib.pyplot")
    axes: Any = pyplot.figure().add_subplot()
    pyplot.close("all")

    assert Service(ENDED).operation(at(2)).plot(axes) is axes
    assert Service(ENDED).operation(at(4)).plot(axes) is axes
    lines: list[Any] = list(axes.get_lines())
    assert [len(line.get_xdata()) for line in lines] == [2, 4]


def test_plot_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence says what to install."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    with pytest.raises(ImportError, match=r"^plot\(\) needs matplotlib: pip install matplotlib$"):
        Service(ENDED).operation(at(3)).plot()


def test_errors_of_waiting_have_the_root() -> None:
    """One except clause is enough around create and result."""
    assert issubclass(OperationTimeout, TunedModelsError)
    assert issubclass(OperationTimeout, TimeoutError)
    assert issubclass(OperationFailed, TunedModelsError)
