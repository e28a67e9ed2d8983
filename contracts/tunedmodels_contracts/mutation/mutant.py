"""Defines a mutant, and the group that collects mutants of one kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .request import MutantRequest
from .response import MutantResponse

Send = Callable[[MutantRequest], MutantResponse]
Handler = Callable[[MutantRequest, Send], MutantResponse]


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

    The name of the decorated function is the mutant's name, its docstring the description.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._mutants: list[Mutant] = []

    def __iter__(self) -> Iterator[Mutant]:
        """Return the mutants in the order of their definition."""
        return iter(self._mutants)

    def response(self, change: Callable[[MutantResponse], object]) -> Mutant:
        """Add a mutant that changes each answer in place. It ignores the request and has no memory."""
        return self._add_edit(change, lambda _request, response: change(response))

    def response_to(self, change: Callable[[MutantRequest, MutantResponse], object]) -> Mutant:
        """Add a mutant that changes answers to some requests in place. It has no memory."""
        return self._add_edit(change, change)

    def request(self, change: Callable[[MutantRequest], MutantRequest | MutantResponse]) -> Mutant:
        """Add a mutant that sends a changed request to the server, or answers without the server."""

        def handle(request: MutantRequest, send: Send) -> MutantResponse:
            new_request = change(request)
            return new_request if isinstance(new_request, MutantResponse) else send(new_request)

        return self._add(change, lambda: handle)

    def stateful(self, make: Callable[[], Handler]) -> Mutant:
        """Add a mutant with memory; each handler that *make* returns starts with an empty memory."""
        return self._add(make, make, is_stateful=True)

    def _add_edit(
        self, function: Callable[..., object], change: Callable[[MutantRequest, MutantResponse], object]
    ) -> Mutant:
        def handle(request: MutantRequest, send: Send) -> MutantResponse:
            response = send(request)
            change(request, response)
            return response

        return self._add(function, lambda: handle)

    def _add(
        self, function: Callable[..., object], make: Callable[[], Handler], *, is_stateful: bool = False
    ) -> Mutant:
        name = function.__name__.replace("_", "-")
        mutant = Mutant(name, self._kind, (function.__doc__ or "").strip(), make, is_stateful)
        self._mutants.append(mutant)
        return mutant
