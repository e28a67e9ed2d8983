"""A mutant: one way to be wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .request import Ask
from .response import Reply

Send = Callable[[Ask], Reply]
Spoiler = Callable[[Ask, Send], Reply]


@dataclass(frozen=True)
class Mutant:
    """A server that does one thing wrong: its *name*, the *kind* of rule that it breaks, and what it *spoils*.

    *make* returns a spoiler with a memory of its own: it is given each request and the way to the server behind it.
    What a spoiler does to one request depends on no other, unless it *remembers*.
    """

    name: str
    kind: str
    spoils: str
    make: Callable[[], Spoiler]
    remembers: bool = False


class Shelf:
    """The mutants of one kind. What is put on it is called after the function, and described by its docstring."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._mutants: list[Mutant] = []

    def __iter__(self) -> Iterator[Mutant]:
        """Return the mutants in the order in which they were put there."""
        return iter(self._mutants)

    def answer(self, change: Callable[[Reply], object]) -> Mutant:
        """Put a mutant there that changes each answer in place, whatever was asked, and remembers nothing."""
        return self._changing(change, lambda _ask, reply: change(reply))

    def answer_to(self, change: Callable[[Ask, Reply], object]) -> Mutant:
        """Put a mutant there that changes answers to some requests in place, and remembers nothing."""
        return self._changing(change, change)

    def question(self, change: Callable[[Ask], Ask | Reply]) -> Mutant:
        """Put a mutant there that hears something else than what was asked, or answers by itself."""

        def spoil(ask: Ask, send: Send) -> Reply:
            heard = change(ask)
            return heard if isinstance(heard, Reply) else send(heard)

        return self._put(change, lambda: spoil)

    def memory(self, make: Callable[[], Spoiler]) -> Mutant:
        """Put a mutant there that remembers; *make* begins with nothing."""
        return self._put(make, make, remembers=True)

    def _changing(self, what: Callable[..., object], change: Callable[[Ask, Reply], object]) -> Mutant:
        def spoil(ask: Ask, send: Send) -> Reply:
            reply = send(ask)
            change(ask, reply)
            return reply

        return self._put(what, lambda: spoil)

    def _put(self, what: Callable[..., object], make: Callable[[], Spoiler], *, remembers: bool = False) -> Mutant:
        name = what.__name__.replace("_", "-")
        mutant = Mutant(name, self._kind, (what.__doc__ or "").strip(), make, remembers)
        self._mutants.append(mutant)
        return mutant
