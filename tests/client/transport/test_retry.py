"""The client retries some failures, with random pauses, for a limited time; sleeping moves the clock of these tests."""

from __future__ import annotations

import gc
import random
import weakref
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunedmodels import (
    APIError,
    CredentialsError,
    NotFound,
    ResourceExhausted,
    Retry,
    RetrySafety,
    TrainingDataError,
    TransportError,
    TunedModelsError,
    Unavailable,
)
from tunedmodels._transport import retry as _retry
from tunedmodels._transport.retry import is_retryable

UNAVAILABLE = Unavailable(503, "UNAVAILABLE", "Not now.")
NO_ANSWER = TransportError("no answer", retry_safety=RetrySafety.LOST)
UNSENT = TransportError("no connection", retry_safety=RetrySafety.UNSENT)


def exhausted(delay: float | None = None) -> ResourceExhausted:
    return ResourceExhausted(429, "RESOURCE_EXHAUSTED", "Too many.", retry_delay=delay)


class Tries:
    """The results of tries; the last one repeats. A try takes *duration* seconds, and sleeping moves the clock."""

    def __init__(self, *results: BaseException | str, duration: float = 0.0, moves: bool = True) -> None:
        self.results = results
        self.duration = duration
        self.moves = moves
        self.now = 0.0
        self.sleeps: list[float] = []
        self.repetitions: list[bool] = []

    def __call__(self, repeated: bool) -> str:
        self.now += self.duration
        self.repetitions.append(repeated)
        result = self.results[min(len(self.repetitions), len(self.results)) - 1]
        if isinstance(result, BaseException):
            raise result
        return result

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        if self.moves:
            self.now += seconds

    def run(self, retry: Retry, *, idempotent: bool = True, until: float = float("inf")) -> str:
        return retry.call(self, idempotent=idempotent, seconds_left=lambda: until - self.now, sleep=self.sleep)


@pytest.fixture
def longest_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the longest pause of each random pause."""
    monkeypatch.setattr(random, "uniform", lambda _least, most: most)


def error_with_status(name: str) -> APIError:
    return APIError(500, name, "No.")


REPEATED = {
    "exhausted": (exhausted(), True, True),
    "unavailable": (UNAVAILABLE, True, False),
    **{name: (error_with_status(name), True, False) for name in ("INTERNAL", "UNKNOWN", "DEADLINE_EXCEEDED")},
    **{
        name: (error_with_status(name), False, False)
        for name in (
            "INVALID_ARGUMENT",
            "FAILED_PRECONDITION",
            "OUT_OF_RANGE",
            "UNAUTHENTICATED",
            "PERMISSION_DENIED",
            "NOT_FOUND",
            "ALREADY_EXISTS",
            "ABORTED",
            "CANCELLED",
            "DATA_LOSS",
            "UNIMPLEMENTED",
            "",
        )
    },
    "unsent": (UNSENT, True, True),
    "lost": (NO_ANSWER, True, False),
    "final": (TransportError("no JSON"), False, False),
    "no token yet": (CredentialsError("no", RetrySafety.UNSENT), True, True),
    "no token ever": (CredentialsError("no"), False, False),
    "data": (TrainingDataError("no"), False, False),
    "mistake": (ValueError("no"), False, False),
    "interrupt": (KeyboardInterrupt(), False, False),
}


@pytest.mark.parametrize(("error", "idempotent", "always"), REPEATED.values(), ids=REPEATED)
def test_retryable_errors(error: BaseException, idempotent: bool, always: bool) -> None:
    """The client retries always if the service did nothing, and otherwise only an idempotent request."""
    assert is_retryable(error, idempotent=True) is idempotent
    assert is_retryable(error, idempotent=False) is always


def test_every_status_is_decided() -> None:
    """The table above has every error class of the service."""
    kinds = {type(error) for error, _, _ in REPEATED.values()} | {
        kind for kind in APIError.__subclasses__() if _status(kind) in REPEATED
    }

    assert set(APIError.__subclasses__()) <= kinds


def _status(kind: type[APIError]) -> str:
    return "".join(f"_{letter}" if letter.isupper() else letter for letter in kind.__name__).upper().strip("_")


@pytest.mark.parametrize("error", [ValueError("bug"), KeyboardInterrupt(), error_with_status("NOT_FOUND")], ids=repr)
def test_other_failures_are_raised_at_once(error: BaseException) -> None:
    """If another try would not help, the client raises the error itself."""
    tries = Tries(error, "done")

    with pytest.raises(type(error)) as caught:
        tries.run(Retry())

    assert caught.value is error
    assert tries.sleeps == []


@pytest.mark.parametrize(
    "error", [ValueError("bug"), KeyboardInterrupt(), error_with_status("NOT_FOUND"), UNSENT], ids=repr
)
def test_traceback_has_only_own_frames(error: BaseException) -> None:
    """The traceback has no frame of the retry library, and of a bug also its place."""
    with pytest.raises(type(error)) as caught:
        Tries(error).run(Retry(timeout=0))

    names = [entry.name for entry in caught.traceback]
    assert names[1:3] == ["run", "call"]
    assert names[3:] == ([] if isinstance(error, TunedModelsError) else ["try_once", "__call__"])
    assert {str(entry.path) for entry in caught.traceback} == {__file__, _retry.__file__}
    assert error.__context__ is None


def test_error_does_not_keep_frames() -> None:
    """The frames of a call are freed with its error, without the garbage collector."""

    class Thing:
        pass

    def fail() -> weakref.ref[Thing]:
        thing = Thing()

        def attempt(_repeated: bool) -> Thing:
            raise NotFound(404, "NOT_FOUND", f"No {thing}.")

        with pytest.raises(NotFound):
            Retry().call(attempt, idempotent=True, seconds_left=lambda: 9.0, sleep=lambda _seconds: None)
        return weakref.ref(thing)

    gc.disable()
    try:
        assert fail()() is None
    finally:
        gc.enable()


def test_lost_answer_is_not_retried_if_not_idempotent() -> None:
    """A lost answer is final for a request that must not be sent twice."""
    tries = Tries(UNSENT, exhausted(), NO_ANSWER, "done")

    with pytest.raises(TransportError, match="no answer"):
        tries.run(Retry(), idempotent=False)

    assert len(tries.repetitions) == 3


@pytest.mark.usefixtures("longest_pauses")
def test_longest_pauses() -> None:
    """The longest pauses double from the first, up to the maximum."""
    tries = Tries(*[UNAVAILABLE] * 8, "done")
    tries.run(Retry(timeout=1000))

    assert tries.sleeps == [1, 2, 4, 8, 16, 30, 30, 30]


def test_pauses_are_random() -> None:
    """Each pause is random between 0 and the longest, so that many clients do not come back together."""
    retry = Retry(timeout=1000, initial=0.5, maximum=3)
    runs = []
    for _ in range(60):
        tries = Tries(*[UNAVAILABLE] * 5, "done")
        tries.run(retry)
        runs.append(tries.sleeps)

    for pauses, longest in zip(zip(*runs, strict=True), [0.5, 1, 2, 3, 3], strict=True):
        assert 0 <= min(pauses) < 0.3 * longest
        assert 0.7 * longest < max(pauses) <= longest


@pytest.mark.usefixtures("longest_pauses")
@pytest.mark.parametrize(
    ("delay", "pause"),
    [(0.5, 1.0), (1.5, 1.5), (45.0, 45.0), (None, 1.0)],
    ids=["shorter", "longer", "beyond-the-most", "none"],
)
def test_service_says_how_long_to_wait(delay: float | None, pause: float) -> None:
    """A pause lasts at least as long as the service asks, also if that is more than the maximum."""
    tries = Tries(exhausted(delay), "done")
    tries.run(Retry(maximum=2))

    assert tries.sleeps == [pause]


@pytest.mark.parametrize("delay", [60.1, 3600.0])
def test_service_asks_for_too_long_a_pause(delay: float) -> None:
    """If the pause would be longer than the timeout, the client raises the error at once."""
    tries = Tries(exhausted(delay), "done")

    with pytest.raises(ResourceExhausted):
        tries.run(Retry(timeout=60))

    assert tries.sleeps == []


@pytest.mark.usefixtures("longest_pauses")
@pytest.mark.parametrize(
    ("duration", "moves", "sleeps"),
    [
        pytest.param(0, True, [1, 2, 4], id="pauses-count"),
        pytest.param(0, False, [1, 2, 4], id="pauses-count-without-a-moving-clock"),
        pytest.param(3, True, [1], id="tries-count"),
        pytest.param(10, True, [], id="one-try-was-too-long"),
    ],
)
def test_no_pause_goes_beyond_the_time(duration: float, moves: bool, sleeps: list[float]) -> None:
    """If the next pause would end after the timeout, the client raises the error of the last try."""
    tries = Tries(NO_ANSWER, NO_ANSWER, NO_ANSWER, UNAVAILABLE, duration=duration, moves=moves)
    last = [NO_ANSWER, NO_ANSWER, NO_ANSWER, UNAVAILABLE][len(sleeps)]

    with pytest.raises(type(last)) as caught:
        tries.run(Retry(timeout=8), until=8)

    assert caught.value is last
    assert tries.sleeps == sleeps


@pytest.mark.usefixtures("longest_pauses")
def test_connect_timeout() -> None:
    """If the client cannot connect, it stops after the connect timeout, although the timeout is longer."""
    tries = Tries(UNSENT)

    with pytest.raises(TransportError):
        tries.run(Retry(connect_timeout=10))

    assert tries.sleeps == [1, 2, 4]


@pytest.mark.usefixtures("longest_pauses")
@pytest.mark.parametrize("until", [120, float("inf")])
def test_connect_timeout_starts_at_the_first_refused_connection(until: float) -> None:
    """Earlier tries that the service answered do not count for the connect timeout."""
    tries = Tries(*[UNAVAILABLE] * 4, *[UNSENT] * 2, UNAVAILABLE, UNSENT, "done")

    assert tries.run(Retry(maximum=4), until=until) == "done"
    assert tries.sleeps == [1, 2, 4, 4, 4, 4, 4, 4]

    unsent = Tries(*[UNAVAILABLE] * 4, UNSENT)
    with pytest.raises(TransportError):
        unsent.run(Retry(maximum=4), until=until)
    assert unsent.sleeps == [1, 2, 4, 4, 4, 4]


@pytest.mark.usefixtures("longest_pauses")
def test_callers_deadline_counts_too() -> None:
    """No pause ends after the caller's deadline, also if Retry allows more time."""
    tries = Tries(UNAVAILABLE)

    with pytest.raises(Unavailable):
        tries.run(Retry(timeout=1000), until=5)

    assert tries.sleeps == [1, 2]


@settings(max_examples=40)
@given(
    st.lists(st.sampled_from([UNAVAILABLE, NO_ANSWER, UNSENT, exhausted(0.3), exhausted(7)]), min_size=1, max_size=6),
    st.floats(0, 20),
    st.floats(0.01, 5),
    st.booleans(),
)
def test_never_more_than_the_time(errors: list[Exception], timeout: float, initial: float, moves: bool) -> None:
    """The pauses together are never longer than the timeout."""
    tries = Tries(*errors, moves=moves)

    with pytest.raises(TunedModelsError) as caught:
        tries.run(Retry(timeout=timeout, initial=initial))

    assert caught.value in errors
    assert sum(tries.sleeps) <= timeout * (1 + 1e-9)


@pytest.mark.parametrize(
    ("results", "repetitions"),
    [
        pytest.param(["done"], [False], id="first-try"),
        pytest.param([UNSENT, "done"], [False, False], id="unsent"),
        pytest.param([exhausted(), "done"], [False, False], id="refused"),
        pytest.param([CredentialsError("no", RetrySafety.UNSENT), "done"], [False, False], id="no-token"),
        pytest.param([NO_ANSWER, "done"], [False, True], id="lost"),
        pytest.param([UNAVAILABLE, "done"], [False, True], id="unavailable"),
        pytest.param([NO_ANSWER, exhausted(), UNSENT, "done"], [False, True, True, True], id="lost-at-first"),
        pytest.param([exhausted(), NO_ANSWER, "done"], [False, False, True], id="lost-later"),
    ],
)
def test_try_knows_whether_it_is_a_repetition(results: Sequence[Any], repetitions: list[bool]) -> None:
    """A try knows whether an earlier one may have had an effect, because then 404 and 409 have another meaning."""
    tries = Tries(*results)
    tries.run(Retry())

    assert tries.repetitions == repetitions


def test_timeout_of_0_tries_once() -> None:
    """A timeout of 0 tries once."""
    tries = Tries(UNAVAILABLE, "done")

    with pytest.raises(Unavailable):
        tries.run(Retry(timeout=0), until=0)

    assert len(tries.repetitions) == 1


@pytest.mark.parametrize("name", ["timeout", "initial", "maximum", "connect_timeout"])
@pytest.mark.parametrize("value", [-0.1, float("inf"), float("nan")])
def test_invalid_duration_is_refused(name: str, value: float) -> None:
    """An invalid duration is a ValueError that names the setting."""
    with pytest.raises(ValueError, match=rf"^{name} must be a number of seconds, 0 or more, got {value}"):
        Retry(**{name: value})
