"""A long-running operation: one look, or looking until it ends."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from .._messages.metadata import CreateTunedModelMetadata
from .._messages.tuned_model import TunedModel
from .._transport.error_responses import from_operation
from .._transport.transport import Json, Time
from ..errors import CredentialsError, OperationFailed, OperationTimeout, RetrySafety, TransportError
from . import response_messages
from .polling import Polling

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Operation:
    """The tuning of a model, which takes minutes to hours at the service.

    It knows what its last look showed. ``done``, ``result``, ``exception``, ``cancelled``, ``progress`` and
    ``wait_bar`` look again; once it has ended nothing more is asked. A look that fails raises what the request
    raises: APIError, TransportError or CredentialsError; the operation itself goes on then, and can be asked again.

    Its name is all that another process needs: ``client.operations.get(name)``.
    """

    def __init__(
        self,
        value: Json,
        fetch: Callable[[str, float | None], Json],
        cancel: Callable[[str], None],
        polling: Polling,
        time: Time,
    ) -> None:
        name = _mapping(value).get("name")
        if not isinstance(name, str) or not name:
            raise TransportError(f"The service answered with something that is no operation: {value!r:.200}")
        self._name = name
        self._fetch = fetch
        self._cancel = cancel
        self._polling = polling
        self._time = time
        self._value = value
        self._lock = threading.Lock()
        self._metadata_cache: tuple[Json, CreateTunedModelMetadata] | None = None

    @property
    def name(self) -> str:
        """The name of the operation, ``tunedModels/{id}/operations/{id}``."""
        return self._name

    @property
    def metadata(self) -> CreateTunedModelMetadata:
        """How far the run was at the last look. It raises TransportError where the service said it in no such form."""
        value = self._value
        cached = self._metadata_cache
        if cached is None or cached[0] is not value:  # a run of many steps takes a while to read
            self._metadata_cache = cached = (
                value,
                response_messages.message(CreateTunedModelMetadata, _unpack_any(value.get("metadata"))),
            )
        return cached[1]

    def done(self) -> bool:
        """Look, and say whether the operation has ended, well or badly."""
        return self._refresh(None)

    def result(self, timeout: float | None = None) -> TunedModel:
        """Wait until the operation ends, and return the tuned model.

        *timeout* is in seconds; None waits for as long as it takes, 0 looks once. Raises OperationTimeout when the
        time is up, and OperationFailed when the operation ended with an error or was cancelled.
        """
        error = self.exception(timeout)
        if error is not None:
            raise error
        if "response" not in self._value:
            raise TransportError(f"{self.name} is done, and has neither a response nor an error")
        return response_messages.message(TunedModel, _unpack_any(self._value["response"]))

    def exception(self, timeout: float | None = None) -> OperationFailed | None:
        """Wait until the operation ends, and return its error, or None where it ended well.

        *timeout* is as that of ``result``. Raises OperationTimeout when the time is up.
        """
        for _ in self._poll(timeout):
            pass
        return self._error()

    def cancel(self) -> bool:
        """Ask the service to stop the run, and say whether it was asked: a run that has ended is not.

        It may come too late, and the operation still takes a moment to end. The model stays.
        """
        if self.done():
            return False
        self._cancel(self.name)
        return True

    def cancelled(self) -> bool:
        """Look, and say whether the operation has ended because it was cancelled."""
        error = self._error() if self.done() else None
        return error is not None and error.status == "CANCELLED"

    def progress(self, timeout: float | None = None) -> Iterator[CreateTunedModelMetadata]:
        """Yield the metadata each time that a new step shows, until the operation ends, well or badly.

        Several steps that show at once are one item, so each item has snapshots. *timeout* is in seconds for all
        of it, None is for as long as it takes. Raises OperationTimeout when the time is up.
        """
        count = 0
        for _ in self._poll(timeout):
            metadata = self.metadata
            if len(metadata.snapshots) > count:
                count = len(metadata.snapshots)
                yield metadata

    def wait_bar(self, timeout: float | None = None, **options: Any) -> TunedModel:
        """Show a progress bar, in a terminal or a notebook, until the operation ends, and return the tuned model.

        To do something on the way, iterate over ``progress`` instead.

        The bar has steps, epoch, loss and the time left; *options* are those of ``tqdm``. *timeout* and what is
        raised are as in ``result``.
        """
        from .progress_bar import show_progress_bar

        show_progress_bar(self.metadata, self.progress(timeout), **options)
        return self.result()  # it has ended, so nothing is waited for

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the loss of each step as of the last look, into *axes* or axes of its own, and return these.

        Raises ImportError where matplotlib is not installed.
        """
        from .loss_plot import plot

        return plot(self.metadata.snapshots, self.metadata.tuned_model, axes)

    def to_json(self) -> Json:
        """Return the operation as the JSON object that the last look showed."""
        return copy.deepcopy(self._value)

    def __repr__(self) -> str:
        """Say which operation it is, and how far it was at the last look."""
        metadata = _mapping(self._value.get("metadata"))
        steps = f"{metadata.get('completedSteps', 0)} of {metadata.get('totalSteps', '?')} steps"
        return f"<Operation {self.name}: {steps}{', done' if self._is_done else ''}>"

    @property
    def _is_done(self) -> bool:
        return self._value.get("done") is True

    def _error(self) -> OperationFailed | None:
        error = self._value.get("error")
        return None if error is None else from_operation(self.name, error)

    def _refresh(self, deadline: float | None) -> bool:
        if not self._is_done:
            value = self._fetch(self.name, deadline)
            if value.get("name") != self.name:
                raise TransportError(f"Asked for {self.name}, the service answered {value!r:.200}")
            with self._lock:
                if not self._is_done:  # another thread may have seen the end while this one waited
                    self._value = value
        return self._is_done

    def _poll(self, timeout: float | None) -> Iterator[None]:
        """Look until the operation has ended; yield after each look, the first at once."""
        started = self._time.clock()
        slept = 0.0

        def elapsed() -> float:
            # What was slept counts too: a test may hand in a sleep that takes no time.
            return max(self._time.clock() - started, slept)

        for pause in self._polling.pauses():
            try:
                is_done = self._refresh(None if timeout is None else started + timeout)
            except (TransportError, CredentialsError) as error:
                if timeout is None or elapsed() < timeout or error.retry_safety is RetrySafety.FINAL:
                    raise
                raise OperationTimeout(self.name, timeout) from error
            yield
            if is_done:
                return
            if timeout is not None:
                seconds_left = timeout - elapsed()
                if seconds_left <= 0:
                    raise OperationTimeout(self.name, timeout)
                pause = min(pause, seconds_left)
            self._time.sleep(pause)
            slept += pause


def _unpack_any(payload: Any) -> dict[str, Any]:
    """Return the members of a google.protobuf.Any without its type."""
    return {name: item for name, item in _mapping(payload).items() if name != "@type"}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
