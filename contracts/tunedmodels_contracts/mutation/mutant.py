"""Defines a mutant, and the group that collects mutants of one kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from .messages import Json, change_messages
from .request import MutantRequest
from .response import MutantResponse

Send = Callable[[MutantRequest], MutantResponse]
Handler = Callable[[MutantRequest, Send], MutantResponse]
Memory = dict[str, Any]


@dataclass(frozen=True)
class Mutant:
    """A server with one error: its *name*, the *kind* of rule that it breaks, and a *description* of the error.

    *new_handler* returns a handler with its own memory. The handler gets each request and a function that sends a
    request to the server. The handler treats each request independently, unless the mutant *is_stateful*.
    """

    name: str
    kind: str
    description: str
    new_handler: Callable[[], Handler]
    is_stateful: bool = False


class MutantGroup:
    """The mutants of one kind.

    The name of the decorated function is the mutant's name, its docstring the description. Mutants that do not come
    from a function are added with ``add``, ``add_response`` and ``add_request``.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._mutants: list[Mutant] = []

    def __iter__(self) -> Iterator[Mutant]:
        """Return the mutants in the order of their definition."""
        return iter(self._mutants)

    def response(self, change: Callable[[MutantResponse], object]) -> Mutant:
        """Add a mutant that changes each answer in place. It ignores the request and has no memory."""
        return self.add_response(*_name(change), lambda _request, response: change(response))

    def response_to(self, change: Callable[[MutantRequest, MutantResponse], object]) -> Mutant:
        """Add a mutant that changes answers to some requests in place. It has no memory."""
        return self.add_response(*_name(change), change)

    def message(self, names: str, *requests: str) -> Callable[[Callable[[Json], object]], Mutant]:
        """Add a mutant that changes the messages with one of *names* in place. It has no memory.

        *names* are separated by spaces. If there are *requests*, the mutant changes only the answers to them.
        """

        def add(change: Callable[[Json], object]) -> Mutant:
            def change_answer(request: MutantRequest, response: MutantResponse) -> None:
                if not requests or request.matches(*requests):
                    change_messages(request, response, change, *names.split())

            return self.add_response(*_name(change), change_answer)

        return add

    def stateful_message(self, names: str, *requests: str) -> Callable[[Callable[[Memory, Json], object]], Mutant]:
        """Add a mutant like ``message`` with a memory like ``stateful``."""

        def add(change: Callable[[Memory, Json], object]) -> Mutant:
            def handle(memory: Memory, request: MutantRequest, send: Send) -> MutantResponse:
                response = send(request)
                if not requests or request.matches(*requests):
                    change_messages(request, response, partial(change, memory), *names.split())
                return response

            return self.add(*_name(change), lambda: partial(handle, {}), is_stateful=True)

        return add

    def request(self, change: Callable[[MutantRequest], MutantRequest | MutantResponse]) -> Mutant:
        """Add a mutant that sends a changed request to the server, or answers without the server."""
        return self.add_request(*_name(change), change)

    def stateful(self, handle: Callable[[Memory, MutantRequest, Send], MutantResponse]) -> Mutant:
        """Add a mutant with a memory, which is empty for each new handler."""
        return self.add(*_name(handle), lambda: partial(handle, {}), is_stateful=True)

    def add_response(
        self, name: str, description: str, change: Callable[[MutantRequest, MutantResponse], object]
    ) -> Mutant:
        """Add a mutant that changes answers in place."""

        def handle(request: MutantRequest, send: Send) -> MutantResponse:
            response = send(request)
            change(request, response)
            return response

        return self.add(name, description, lambda: handle)

    def add_request(
        self, name: str, description: str, change: Callable[[MutantRequest], MutantRequest | MutantResponse]
    ) -> Mutant:
        """Add a mutant that sends a changed request to the server, or answers without the server."""

        def handle(request: MutantRequest, send: Send) -> MutantResponse:
            new_request = change(request)
            return new_request if isinstance(new_request, MutantResponse) else send(new_request)

        return self.add(name, description, lambda: handle)

    def add(
        self, name: str, description: str, new_handler: Callable[[], Handler], *, is_stateful: bool = False
    ) -> Mutant:
        """Add a mutant with its own handlers."""
        mutant = Mutant(name, self._kind, description, new_handler, is_stateful)
        self._mutants.append(mutant)
        return mutant


def _name(function: Callable[..., object]) -> tuple[str, str]:
    return function.__name__.replace("_", "-"), (function.__doc__ or "").strip()
