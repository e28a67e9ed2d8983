"""What all tests share: how Hypothesis searches, and processes that hear Ctrl-C."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# Machines differ in speed, so no example has a time limit; a run that others have to pass looks at the same
# examples each time. TUNEDMODELS_EXPLORE=1 looks at new ones.
settings.register_profile(
    "tests",
    deadline=None,
    derandomize=not os.environ.get("TUNEDMODELS_EXPLORE"),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("tests")


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let the processes that the test starts hear SIGINT, also if our parent ignores it, as nohup or a script does."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
