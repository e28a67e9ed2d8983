"""Settings of Hypothesis, and a fixture for tests whose processes must receive Ctrl-C."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# Machines differ in speed, so no example has a time limit. Every run has the same examples, so that it passes on all
# machines or on none; with TUNEDMODELS_EXPLORE=1 it has new ones.
settings.register_profile(
    "tests",
    deadline=None,
    derandomize=not os.environ.get("TUNEDMODELS_EXPLORE"),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("tests")


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Make the processes of the test receive SIGINT, also if the parent of pytest ignores it, as nohup does."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
