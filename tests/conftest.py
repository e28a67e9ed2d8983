"""What all tests share: how Hypothesis searches."""

from __future__ import annotations

import os

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
