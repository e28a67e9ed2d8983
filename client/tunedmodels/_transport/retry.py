"""Retrying: what is done when a request fails in a way that another try may mend."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import tenacity

from ..errors import APIError, CredentialsError, ResourceExhausted, RetrySafety, TransportError, TunedModelsError

T = TypeVar("T")

# What the service answers when another try may do. The first is certain to have done nothing.
_NOT_EXECUTED = (ResourceExhausted,)
_TRANSIENT = ("UNAVAILABLE", "INTERNAL", "UNKNOWN", "DEADLINE_EXCEEDED")


@dataclass(frozen=True)
class Retry:
    """How long and how often a request that failed is tried again. Times are in seconds.

    What is tried again: a connection that could not be made and a refusal for quota (429) always; a connection
    that broke, an answer that was cut off or did not come, and the statuses 500, 502, 503 and 504 only where the
    same request twice does what it does once. So no second tuning job is started: ``create`` is such a request
    only with a ``tuned_model_id``.

    The pause after try *n* is chance between 0 and ``initial * 2 ** (n - 1)``, at most *maximum*; where the
    service says how long to wait (RetryInfo, Retry-After), at least that. When the pause would go beyond *timeout*
    from the first try on, the error of the last try is raised at once. A connection that cannot be made is given up
    after *connecting* already: a server that is starting answers by then, one that is not there never does.
    """

    timeout: float = 120.0
    initial: float = 1.0
    maximum: float = 30.0
    connecting: float = 10.0

    def __post_init__(self) -> None:
        """Refuse what is no span of time."""
        for name in ("timeout", "initial", "maximum", "connecting"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ValueError(f"{name} must be a number of seconds, 0 or more, got {getattr(self, name)!r}")
        if not self.initial or not self.maximum:
            raise ValueError(
                "initial and maximum must be above 0: without pauses a server that fails is asked for ever"
            )

    def call(
        self,
        attempt: Callable[[bool], T],
        *,
        idempotent: bool,
        seconds_left: Callable[[], float],
        sleep: Callable[[float], object],
    ) -> T:
        """Return what *attempt* returns in the end; it is told whether an earlier try may have done what is asked.

        *seconds_left* says how many seconds remain for the call, *sleep* waits.
        """
        may_be_done = False
        whole = seconds_left()

        def try_once() -> T | BaseException:
            nonlocal may_be_done
            try:
                return attempt(may_be_done)
            except BaseException as error:
                # What may be repeated in any case has certainly not been done.
                may_be_done = may_be_done or not is_retryable(error, idempotent=False)
                # Returned and not raised, so that tenacity has no part in its traceback.
                return error

        def pause(state: tenacity.RetryCallState) -> float:
            return max(_server_delay(state), backoff(state))

        def is_too_late(state: tenacity.RetryCallState) -> bool:
            # What was slept counts too: a test may hand in a sleep that takes no time.
            elapsed = max(whole - seconds_left() if math.isfinite(whole) else 0.0, state.idle_for)
            most = min(self.timeout, self.connecting) if _is_unsent(state) else self.timeout
            return elapsed + state.upcoming_sleep > most or state.upcoming_sleep > seconds_left()

        backoff = tenacity.wait_random_exponential(multiplier=self.initial, max=self.maximum)
        tries = tenacity.Retrying(
            sleep=sleep,  # type: ignore[arg-type]  # what it returns is nobody's matter
            wait=pause,
            stop=is_too_late,
            retry=tenacity.retry_if_result(lambda outcome: is_retryable(outcome, idempotent=idempotent)),
            retry_error_callback=_outcome,
        )
        outcome: T | BaseException = tries(try_once)
        if not isinstance(outcome, BaseException):
            return outcome
        try:
            # Where in the try an error of this package was made helps nobody; what is beneath it is its cause.
            raise outcome.with_traceback(None) if isinstance(outcome, TunedModelsError) else outcome
        finally:
            del outcome  # its traceback has this frame


def is_retryable(error: object, *, idempotent: bool) -> bool:
    """Whether another try may mend *error*; *idempotent* is whether the request twice does what it does once."""
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
