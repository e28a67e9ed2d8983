"""A spoiled target: a mutant between a session and what it sends by."""

from __future__ import annotations

from typing import Any

import requests
from requests.adapters import BaseAdapter

from .mutant import Mutant, Spoiler
from .request import Ask
from .response import Reply


class Spoiled(BaseAdapter):
    """Sends by *adapter* what *spoiler* lets through; ``spoiled`` counts the requests that were not left alone."""

    def __init__(self, adapter: BaseAdapter, spoiler: Spoiler) -> None:
        super().__init__()
        self._adapter = adapter
        self._spoiler = spoiler
        self.spoiled = 0

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
        answered: list[tuple[Ask, Reply]] = []

        def send(ask: Ask) -> Reply:
            sent = request if ask is asked else ask.prepared(request)
            response = self._adapter.send(
                sent, stream=stream, timeout=timeout, verify=verify, cert=cert, proxies=proxies
            )
            reply = Reply.of(response)
            answered.append((ask, Reply(reply.status, [*reply.headers], reply.text)))
            return reply

        asked = Ask.of(request)
        reply = self._spoiler(asked, send)
        self.spoiled += answered != [(asked, reply)]
        # What was read cannot be read again by whoever listens, so an answer that was left alone is a new one too.
        return reply.response(request)

    def close(self) -> None:
        """Close the connections."""
        self._adapter.close()


def spoil(session: requests.Session, mutant: Mutant) -> list[Spoiled]:
    """Let *mutant* spoil all that *session* is answered, from now on; what it is told is remembered over all hosts."""
    spoiler = mutant.make()
    spoiled = {prefix: Spoiled(adapter, spoiler) for prefix, adapter in session.adapters.items()}
    for prefix, adapter in spoiled.items():
        session.mount(prefix, adapter)
    return list(spoiled.values())
