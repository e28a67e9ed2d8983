"""A spoiled target: a mutant between a session and what it sends by."""

from __future__ import annotations

from typing import Any

import requests
from requests.adapters import BaseAdapter

from .mutant import Handler, Mutant
from .request import MutantRequest
from .response import MutantResponse


class MutantAdapter(BaseAdapter):
    """Sends by *adapter* what *handler* lets through.

    ``changed_answers`` counts the requests that were not left alone.
    """

    def __init__(self, adapter: BaseAdapter, handler: Handler) -> None:
        super().__init__()
        self._adapter = adapter
        self._handler = handler
        self.changed_answers = 0

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """Return what the mutant makes of the answer to *request*."""
        forwarded: list[tuple[MutantRequest, MutantResponse]] = []

        def send(mutant_request: MutantRequest) -> MutantResponse:
            prepared = request if mutant_request is original else mutant_request.to_prepared(request)
            response = self._adapter.send(
                prepared, stream=stream, timeout=timeout, verify=verify, cert=cert, proxies=proxies
            )
            mutant_response = MutantResponse.from_requests(response)
            copy = MutantResponse(mutant_response.status, [*mutant_response.headers], mutant_response.text)
            forwarded.append((mutant_request, copy))
            return mutant_response

        original = MutantRequest.from_prepared(request)
        result = self._handler(original, send)
        self.changed_answers += forwarded != [(original, result)]
        # What was read cannot be read again by whoever listens, so an answer that was left alone is a new one too.
        return result.to_requests(request)

    def close(self) -> None:
        """Close the connections."""
        self._adapter.close()


def install(session: requests.Session, mutant: Mutant) -> list[MutantAdapter]:
    """Let *mutant* spoil all that *session* is answered, from now on; what it is told is remembered over all hosts."""
    handler = mutant.new_handler()
    adapters = {prefix: MutantAdapter(adapter, handler) for prefix, adapter in session.adapters.items()}
    for prefix, adapter in adapters.items():
        session.mount(prefix, adapter)
    return list(adapters.values())
