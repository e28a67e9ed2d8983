"""Puts a mutant between a session and its adapters."""

from __future__ import annotations

from typing import Any

import requests
from requests.adapters import BaseAdapter

from .mutant import Handler, Mutant
from .request import MutantRequest
from .response import MutantResponse


class MutantAdapter(BaseAdapter):
    """Sends requests through *handler*, which can change them and the answers of *adapter*.

    ``changed_answers`` counts the requests for which the mutant changed the request or the answer.
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
        """Return the mutant's version of the answer to *request*."""
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
        # A body can be read only once, so an unchanged answer is also rebuilt for the next reader.
        return result.to_requests(request)

    def close(self) -> None:
        """Close the connections."""
        self._adapter.close()


def install(session: requests.Session, mutant: Mutant) -> list[MutantAdapter]:
    """Apply *mutant* to all later answers of *session*. A stateful mutant shares its memory over all hosts."""
    handler = mutant.new_handler()
    adapters = {prefix: MutantAdapter(adapter, handler) for prefix, adapter in session.adapters.items()}
    for prefix, adapter in adapters.items():
        session.mount(prefix, adapter)
    return list(adapters.values())
