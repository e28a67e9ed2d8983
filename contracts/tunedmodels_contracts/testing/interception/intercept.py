"""Intercepts calls to the real service in a block, a function or a class of tests."""

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
from .answering import answer_service_calls

if TYPE_CHECKING:
    from tunedmodels_mockserver import Settings

Function = TypeVar("Function", bound=Callable[..., Any])


class intercept:
    """A context manager and decorator that answers calls to the real service with a mock server in this process.

    *settings* are those of the mock server. Use ``with intercept() as world:`` for a block, or ``@intercept()`` for a
    function, which gets a new world for each call. At the end it raises AssertionError for faults that never fired and
    for calls that no canned rule answered, unless another error is already raised. Blocks can be nested: the inner one
    answers. Threads can have a block each. It raises TypeError for a class or a generator function, because their code
    would run outside of the block and call the real service.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        if callable(settings):
            raise TypeError("Write @intercept() with parentheses.")
        self._settings = settings
        self._open: list[tuple[ExitStack, World]] = []

    def __enter__(self) -> World:
        """Start to intercept, and return the world."""
        stack = ExitStack()
        world = stack.enter_context(answer_service_calls(self._settings))
        self._open.append((stack, world))
        return world

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop intercepting. Raises AssertionError for unmet expectations, unless the block raised an error."""
        stack, world = self._open.pop()
        with stack:
            problems = unmet_expectations(world.drop())
            world.close()
        if problems and error is None:
            raise AssertionError("\n".join(problems))

    def __call__(self, function: Function) -> Function:
        """Return *function*, which may be a coroutine function, with a block around each call.

        Raises TypeError for a class or a generator function.
        """
        if inspect.isclass(function):
            raise TypeError(f"{function.__name__} is a class; intercept its functions or use InterceptTestCase.")
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(f"{function.__name__} is a generator; write 'with intercept():' around its yield instead.")
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def call_async(*arguments: Any, **more: Any) -> Any:
                with intercept(self._settings):
                    return await function(*arguments, **more)

            return call_async  # type: ignore[return-value]  # it takes the same arguments as *function*

        @functools.wraps(function)
        def call(*arguments: Any, **more: Any) -> Any:
            with intercept(self._settings):
                return function(*arguments, **more)

        return call  # type: ignore[return-value]


class InterceptTestCase(unittest.TestCase):
    """A test case, or a mix-in for one, that intercepts calls in each test. ``self.world`` is the test's world."""

    world: World

    def setUp(self) -> None:
        """Start to intercept, until the test's clean-up."""
        super().setUp()
        block = intercept()
        self.world = block.__enter__()
        self.addCleanup(block.__exit__, None, None, None)
