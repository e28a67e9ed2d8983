"""Intercept: the real service answered by a fake, for a block, a function or a class of tests."""

from __future__ import annotations

import functools
import inspect
import unittest
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from ..checks import unmet_expectations
from ..world import World
from .answering import answering

if TYPE_CHECKING:
    from tunedmodels_mockserver import Settings

Function = TypeVar("Function", bound=Callable[..., Any])


class intercept:
    """Answer what this process asks the real service for, by a fake with *settings* of its own.

    ``with intercept() as world:`` for a block; ``@intercept()`` for a function, whose every call has a new world.
    It ends with an AssertionError for faults that never fired and calls that no canned rule answered, unless there is
    another error already. Blocks may be nested, the inner one answers; threads may have one each. Raises TypeError for
    a class or a generator's function, whose code would run outside of the block and ask the real service.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        if callable(settings):
            raise TypeError("intercept is called first: write @intercept() with its parentheses.")
        self._settings = settings
        self._open: list[tuple[ExitStack, World]] = []

    def __enter__(self) -> World:
        """Begin, and return the world."""
        stack = ExitStack()
        world = stack.enter_context(answering(self._settings))
        self._open.append((stack, world))
        return world

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End; raise AssertionError for what is unfinished."""
        stack, world = self._open.pop()
        with stack:
            said = unmet_expectations(world.drop())
            world.close()
        if said and error is None:
            raise AssertionError("\n".join(said))

    def __call__(self, function: Function) -> Function:
        """Return *function* intercepted, a coroutine's function too. Raises TypeError for what cannot be."""
        if inspect.isclass(function):
            raise TypeError(f"{function.__name__} is a class; intercept its functions or use InterceptTestCase.")
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(f"{function.__name__} is a generator; write 'with intercept():' around its yield instead.")
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def later(*arguments: Any, **more: Any) -> Any:
                with intercept(self._settings):
                    return await function(*arguments, **more)

            return later  # type: ignore[return-value]  # it is called as the function is

        @functools.wraps(function)
        def now(*arguments: Any, **more: Any) -> Any:
            with intercept(self._settings):
                return function(*arguments, **more)

        return now  # type: ignore[return-value]


class InterceptTestCase(unittest.TestCase):
    """A test case, or a mix-in for one, whose every test is intercepted; ``self.world`` is its world."""

    world: World

    def setUp(self) -> None:
        """Begin."""
        super().setUp()
        block = intercept()
        self.world = block.__enter__()
        self.addCleanup(block.__exit__, None, None, None)
