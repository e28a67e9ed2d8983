"""The methods of the collection of base models."""

from __future__ import annotations

from .._messages.model import Model
from .._transport.transport import Json, Transport
from . import resource_names, response_messages
from .pager import Pager


class Models:
    """The base models of the service. Every method raises the errors that the methods of TunedModels raise."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self, name: str) -> Model:
        """Return the base model *name*, which is ``models/{id}`` or the id alone."""
        return response_messages.message(
            Model, self._transport.call("GET", f"v1beta/{resource_names.base_model(name)}")
        )

    def list(self, page_size: int | None = None, page_token: str = "") -> Pager[Model]:
        """Return the base models, page by page. *page_size* is the number of items in one response."""

        def page(token: str) -> Json:
            query = {"pageSize": page_size, "pageToken": token or None}
            return self._transport.call("GET", "v1beta/models", query=query)

        return Pager(page, lambda answer: response_messages.messages(Model, answer, "models"), page_token)

    def tunable(self) -> tuple[Model, ...]:
        """Return the base models that can be tuned. Since May 2025 the Gemini API has none."""
        return tuple(model for model in self.list(page_size=1000) if model.is_tunable)
