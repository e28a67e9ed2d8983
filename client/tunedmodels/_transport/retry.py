"""Retries requests. It decides which failed requests are sent again, and when."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from ..errors import APIError, CredentialsError, ResourceExhausted, RetrySafety, TransportError, TunedModelsError

if TYPE_CHECKING:  # the first request imports it, because an import of the client should be fast
    import tenacity

T = TypeVar("T")

# Errors of the service after which another try may succeed. After the first, the service has certainly done nothing.
_NOT_EXECUTED = (ResourceExhausted,)
_TRANSIENT = ("UNAVAILABLE", "INTERNAL", "UNKNOWN", "DEADLINE_EXCEEDED")


@dataclass(frozen=True)
class Retry:
    """The rules for another try of a request that failed. Times are in seconds.

    The client always tries again if it cannot connect, or if the service refuses for quota (429). After a broken
    connection, an answer that is cut off or missing, or a status 408, 500, 502, 503 or 504, it tries again only if the
    request is idempotent. So it never starts a second tuning job: ``create`` is idempotent only with a
    ``tuned_model_id``.

    The pause after try *n* is random, between 0 and ``initial * 2 ** (n - 1)``, and at most *maximum*. If the service
    says how long to wait (RetryInfo, Retry-After), the pause is at least that long. If the pause would end later than
    *timeout* after the first try, the client raises the error of the last try at once. If it cannot connect, it stops
    *connect_timeout* after the first of these tries in a row: a server that is starting answers by then, and a missing
    one never answers.
    """

    timeout: float = 120.0
    initial: float = 1.0
    maximum: float = 30.0
    connect_timeout: float = 10.0

    def __post_init__(self) -> None:
        """Raise ValueError if a time is negative, infinite or NaN, or if *initial* or *maximum* is 0."""
        for name in ("timeout", "initial", "maximum", "connect_timeout"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ValueError(f"{name} must be a number of seconds, 0 or more, got {getattr(self, name)!r}")
        if not self.initial or not self.maximum:
            raise ValueError("initial and maximum must be above 0: without pauses, the client would retry too fast")

    def call(
        self,
        attempt: Callable[[bool], T],
        *,
        idempotent: bool,
        seconds_left: Callable[[], float],
        sleep: Callable[[float], object],
    ) -> T:
        """Call *attempt*, again if it fails and the rules allow it, and return its result.

        The argument of *attempt* says whether the service may have executed an earlier try. *idempotent* says whether
        sending the request twice has the same effect as sending it once. *seconds_left* returns the seconds that
        remain for all tries. *sleep* waits for a number of seconds. Raise the error of the last try.
        """
        import tenacity

        may_have_executed = False
        initial_seconds_left = seconds_left()
        connect_start = 0.0  # the time of the first try after the last one that could connect

        def try_once() -> T | BaseException:
            nonlocal may_have_executed
            try:
                return attempt(may_have_executed)
            except BaseException as error:
                # If even a request that is not idempotent may be sent again, the service has not executed it.
                may_have_executed = may_have_executed or not is_retryable(error, idempotent=False)
                # Return the error instead of raising it, to keep tenacity out of its traceback.
                return error

        def pause(state: tenacity.RetryCallState) -> float:
            return max(_server_delay(state), backoff(state))

        def is_too_late(state: tenacity.RetryCallState) -> bool:
            nonlocal connect_start
            # Count the pauses too: a test may pass a *sleep* that takes no time.
            clocked = initial_seconds_left - seconds_left() if math.isfinite(initial_seconds_left) else 0.0
            next_try = max(clocked, state.idle_for) + state.upcoming_sleep
            if next_try > self.timeout or state.upcoming_sleep > seconds_left():
                return True
            if _is_unsent(state):
                return next_try - connect_start > self.connect_timeout
            connect_start = next_try
            return False

        backoff = tenacity.wait_random_exponential(multiplier=self.initial, max=self.maximum)
        tries = tenacity.Retrying(
            sleep=sleep,  # type: ignore[arg-type]  # its return value is not used
            wait=pause,
            stop=is_too_late,
            retry=tenacity.retry_if_result(lambda outcome: is_retryable(outcome, idempotent=idempotent)),
            retry_error_callback=_outcome,
        )
        outcome: T | BaseException = tries(try_once)
        if not isinstance(outcome, BaseException):
            return outcome
        try:
            # The traceback of an error of this package does not help; its ``__cause__`` has the one that does.
            raise outcome.with_traceback(None) if isinstance(outcome, TunedModelsError) else outcome
        finally:
            del outcome  # its traceback refers to this frame, so this breaks a reference cycle


def is_retryable(error: object, *, idempotent: bool) -> bool:
    """Return whether another try is safe and may succeed after *error*.

    *idempotent* says whether sending the request twice has the same effect as sending it once.
    """
    if isinstance(error, _NOT_EXECUTED):
        return True
    if isinstance(error, APIError):
        return idempotent and error.status in _TRANSIENT
    if not isinstance(error, (TransportError, CredentialsError)):
        return False
    return error.retry_safety is RetrySafety.UNSENT or (idempotent and error.retry_safety is RetrySafety.LOST)


def _outcome(state: tenacity.RetryCallState) -> object:
    return state.outcome.result() if state.outcome else None


def _is_unsent(state: tenacity.RetryCallState) -> bool:
    error = _outcome(state)
    return isinstance(error, (TransportError, CredentialsError)) and error.retry_safety is RetrySafety.UNSENT


def _server_delay(state: tenacity.RetryCallState) -> float:
    error = _outcome(state)
    return (error.retry_delay or 0.0) if isinstance(error, APIError) else 0.0
