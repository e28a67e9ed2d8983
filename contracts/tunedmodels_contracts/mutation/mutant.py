"""A mutant: one way to be wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .request import MutantRequest
from .response import MutantResponse

Send = Callable[[MutantRequest], MutantResponse]
Handler = Callable[[MutantRequest, Send], MutantResponse]


@dataclass(frozen=True)
class Mutant:
    """A server that does one thing wrong: its *name*, the *kind* of rule that it breaks, and a *description* of it.

    *new_handler* returns a handler with a memory of its own: it is given each request and
    the way to the server behind it.
    What a handler does to one request depends on no other, unless it *is_stateful*.
    """

    name: str
    kind: str
    description: str
    new_handler: Callable[[], Handler]
    is_stateful: bool = False


class MutantGroup:
    """The mutants of one kind. What is put on it is called after the function, and described by its docstring."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._mutants: list[Mutant] = []

    def __iter__(self) -> Iterator[Mutant]:
        """Return the mutants in the order in which they were put there."""
        return iter(self._mutants)

    def response(self, change: Callable[[MutantResponse], object]) -> Mutant:
        """Put a mutant there that changes each answer in place, whatever was asked, and remembers nothing."""
        return self._add_edit(change, lambda _request, response: change(response))

    def response_to(self, change: Callable[[MutantRequest, MutantResponse], object]) -> Mutant:
        """Put a mutant there that changes answers to some requests in place, and remembers nothing."""
        return self._add_edit(change, change)

    def request(self, change: Callable[[MutantRequest], MutantRequest | MutantResponse]) -> Mutant:
        """Put a mutant there that hears something else than what was asked, or answers by itself."""

        def handle(request: MutantRequest, send: Send) -> MutantResponse:
            new_request = change(request)
            return new_request if isinstance(new_request, MutantResponse) else send(new_request)

        return self._add(change, lambda: handle)

    def stateful(self, make: Callable[[], Handler]) -> Mutant:
        """Put a mutant there that remembers; *new_handler* begins with nothing."""
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
