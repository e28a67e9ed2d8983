"""The methods of the collection of operations."""

from __future__ import annotations

from .._messages.tuned_model import TunedModel
from .._transport.transport import Json, Time, Transport
from ..errors import TransportError
from . import resource_names, response_messages
from .operation import Operation
from .pager import Pager
from .polling import Polling


class Operations:
    """The long-running operations that create tuned models.

    The name of an operation is ``tunedModels/{id}/operations/{id}``. Every method raises APIError (the class for the
    status, such as NotFound) if the service answers with an error, TransportError if it does not answer,
    CredentialsError if there are no credentials, and ValueError for an invalid name.
    """

    def __init__(self, transport: Transport, polling: Polling, time: Time) -> None:
        self._transport = transport
        self._polling = polling
        self._time = time

    def get(self, name: str) -> Operation:
        """Return the current state of the operation *name*. Any process that knows the name can call this method."""
        operation = self.from_json(self._fetch(resource_names.operation(name), None))
        if operation.name != name:
            raise TransportError(f"The client asked for {name}, and the service answered with {operation.name}")
        return operation

    def list(
        self, model: str | TunedModel | None = None, page_size: int | None = None, page_token: str = ""
    ) -> Pager[Operation]:
        """Return the operations of *model*, or of all models of the caller, page by page.

        *page_size* is the number of items in one response. By default the service decides.
        """
        # Only v1 lists the operations of all models.
        path = "v1/operations" if model is None else f"v1beta/{resource_names.tuned_model(model)}/operations"

        def fetch(token: str) -> Json:
            return self._transport.call("GET", path, query={"pageSize": page_size, "pageToken": token or None})

        return Pager(
            fetch, lambda page: tuple(map(self.from_json, response_messages.array(page, "operations"))), page_token
        )

    def cancel(self, name: str) -> None:
        """Ask the service to stop a run. The request can come too late, and the operation takes a moment to end."""
        # Only v1 has this method.
        self._transport.call("POST", f"v1/{resource_names.operation(name)}:cancel", {})

    def from_json(self, value: Json) -> Operation:
        """Return the operation in the JSON object *value*. Raise TransportError if *value* is not an operation."""
        return Operation(value, self._fetch, self.cancel, self._polling, self._time)

    def _fetch(self, name: str, deadline: float | None) -> Json:
        return self._transport.call("GET", f"v1beta/{name}", deadline=deadline)
