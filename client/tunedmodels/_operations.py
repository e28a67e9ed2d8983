"""Long-running operations: one look, or looking until it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, repeat

from ._models import CreateTunedModelMetadata, TunedModel
from ._transport import Json, Transport
from .errors import OperationFailed, OperationTimeout, TransportError

# Seconds between two looks: often at first, for short runs, then at the pace at which the service has news.
_DELAYS = (0.25, 0.5, 1.0, 2.0)
_LAST_DELAY = 5.0


@dataclass(frozen=True)
class Wait:
    """How waiting is done: a function that sleeps, and a clock that never goes back; both in seconds."""

    sleep: Callable[[float], object]
    clock: Callable[[], float]


class Operation:
    """The tuning of a model, which takes minutes to hours at the service.

    It knows what its last look showed. ``done``, ``result`` and ``progress`` look again; once it has ended nothing
    more is asked. A look that fails raises what the request raises: APIError or TransportError.
    """

    def __init__(self, transport: Transport, wait: Wait, value: Json) -> None:
        self._transport = transport
        self._wait = wait
        self._name: str = value.get("name", "")
        self._value = value

    @property
    def name(self) -> str:
        """The name of the operation, ``tunedModels/{id}/operations/{id}``."""
        return self._name

    @property
    def metadata(self) -> CreateTunedModelMetadata:
        """How far the run was at the last look."""
        return CreateTunedModelMetadata.from_json(self._value.get("metadata", {}))

    def done(self) -> bool:
        """Look, and say whether the operation has ended, well or badly."""
        if not self._ended:
            self._value = self._transport.call("GET", f"v1beta/{self.name}")
        return self._ended

    def result(self, timeout: float | None = None) -> TunedModel:
        """Wait until the operation ends, and return the tuned model.

        *timeout* is in seconds; None waits for as long as it takes, 0 looks once. Raises OperationTimeout when the
        time is up, and OperationFailed when the operation ended with an error or was cancelled.
        """
        for _ in self._looks(timeout):
            pass
        if "error" in self._value:
            raise OperationFailed(self.name, self._value["error"])
        if "response" not in self._value:
            raise TransportError(f"{self.name} is done, and has neither a response nor an error")
        return TunedModel.from_json(self._value["response"])

    def progress(self, timeout: float | None = None) -> Iterator[CreateTunedModelMetadata]:
        """Yield the metadata each time that a new step shows, until the operation ends, well or badly.

        Several steps that show at once are one item, so each item has snapshots. *timeout* is in seconds for all
        of it, None is for as long as it takes. Raises OperationTimeout when the time is up.
        """
        shown = 0
        for _ in self._looks(timeout):
            metadata = self.metadata
            if len(metadata.snapshots) > shown:
                shown = len(metadata.snapshots)
                yield metadata

    def cancel(self) -> None:
        """Ask the service to stop the run. It may come too late, and the operation still takes a moment to end."""
        # v1 alone has this method; an operation can be read under v1beta too.
        self._transport.call("POST", f"v1/{self.name}:cancel", {})

    def __repr__(self) -> str:
        """Say which operation it is, and how far it was at the last look."""
        metadata = self.metadata
        return f"<Operation {self.name}: {metadata.completed_steps} of {metadata.total_steps} steps>"

    @property
    def _ended(self) -> bool:
        return bool(self._value.get("done"))

    def _looks(self, timeout: float | None) -> Iterator[None]:
        """Look until the operation has ended; yield after each look, the first at once."""
        deadline = None if timeout is None else self._wait.clock() + timeout
        for delay in chain(_DELAYS, repeat(_LAST_DELAY)):
            ended = self.done()
            yield
            if ended:
                return
            if timeout is not None and deadline is not None:
                left = deadline - self._wait.clock()
                if left <= 0:
                    raise OperationTimeout(self.name, timeout)
                delay = min(delay, left)
            self._wait.sleep(delay)
