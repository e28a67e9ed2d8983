"""A long-running operation. It polls once, or until the operation ends."""

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

    It keeps the response of the last poll. ``done``, ``result``, ``exception``, ``cancelled``, ``progress`` and
    ``wait_bar`` poll again, until the operation has ended. If a poll fails, the method raises APIError, TransportError
    or CredentialsError. The operation itself continues, and the caller can poll again.

    Another process needs only its name: ``client.operations.get(name)``.
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
            raise TransportError(f"The service answered with something that is not an operation: {value!r:.200}")
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
        """The progress of the run at the last poll. Raise TransportError if the response has another form."""
        value = self._value
        cached = self._metadata_cache
        if cached is None or cached[0] is not value:  # a run with many steps takes time to parse
            self._metadata_cache = cached = (
                value,
                response_messages.message(CreateTunedModelMetadata, _unpack_any(value.get("metadata"))),
            )
        return cached[1]

    def done(self) -> bool:
        """Poll, and return whether the operation has ended, with or without an error."""
        return self._refresh(None)

    def result(self, timeout: float | None = None) -> TunedModel:
        """Wait until the operation ends, and return the tuned model.

        *timeout* is in seconds. None waits without a limit, 0 polls once. Raise OperationTimeout after *timeout*. Raise
        OperationFailed if the operation ended with an error or was cancelled.
        """
        error = self.exception(timeout)
        if error is not None:
            raise error
        if "response" not in self._value:
            raise TransportError(f"{self.name} has ended, but has neither a response nor an error")
        return response_messages.message(TunedModel, _unpack_any(self._value["response"]))

    def exception(self, timeout: float | None = None) -> OperationFailed | None:
        """Wait until the operation ends, and return its error, or None if it succeeded.

        *timeout* is the same as in ``result``. Raise OperationTimeout after *timeout*.
        """
        for _ in self._poll(timeout):
            pass
        return self._error()

    def cancel(self) -> bool:
        """Ask the service to stop the run. Return False, and send no request, if the run has already ended.

        The request can come too late, and the operation takes a moment to end. The service keeps the model.
        """
        if self.done():
            return False
        self._cancel(self.name)
        return True

    def cancelled(self) -> bool:
        """Poll, and return whether the operation was cancelled."""
        error = self._error() if self.done() else None
        return error is not None and error.status == "CANCELLED"

    def progress(self, timeout: float | None = None) -> Iterator[CreateTunedModelMetadata]:
        """Yield the metadata when there are new steps, until the operation ends, with or without an error.

        If a poll shows several new steps, they come as one item. Each item has snapshots. *timeout* is in seconds and
        counts for the whole iteration; None has no limit. Raise OperationTimeout after *timeout*.
        """
        count = 0
        for _ in self._poll(timeout):
            metadata = self.metadata
            if len(metadata.snapshots) > count:
                count = len(metadata.snapshots)
                yield metadata

    def wait_bar(self, timeout: float | None = None, **options: Any) -> TunedModel:
        """Show a progress bar in a terminal or a notebook until the operation ends, and return the tuned model.

        To run code at each step, iterate over ``progress`` instead.

        The bar shows steps, epoch, loss and the time left. *options* are the options of ``tqdm``. *timeout* and the
        errors are the same as in ``result``.
        """
        from .progress_bar import show_progress_bar

        show_progress_bar(self.metadata, self.progress(timeout), **options)
        return self.result()  # the operation has ended, so this does not wait

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the loss of each step at the last poll into *axes*, or into new axes, and return the axes.

        Raise ImportError if matplotlib is not installed.
        """
        from .loss_plot import plot

        return plot(self.metadata.snapshots, self.metadata.tuned_model, axes)

    def to_json(self) -> Json:
        """Return the operation as the JSON object of the last poll."""
        return copy.deepcopy(self._value)

    def __repr__(self) -> str:
        """Show the name of the operation and its progress at the last poll."""
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
                raise TransportError(f"The client asked for {self.name}, and the service answered with {value!r:.200}")
            with self._lock:
                if not self._is_done:  # another thread may have received the end during the wait
                    self._value = value
        return self._is_done

    def _poll(self, timeout: float | None) -> Iterator[None]:
        """Poll until the operation has ended. Yield after each poll; the first poll is immediate."""
        started = self._time.clock()
        slept = 0.0

        def elapsed() -> float:
            # The sleep time counts too, because a test can pass a sleep function that returns at once.
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
    """Return the members of a google.protobuf.Any without ``@type``."""
    return {name: item for name, item in _mapping(payload).items() if name != "@type"}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
