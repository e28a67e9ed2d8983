"""The pauses between two polls, as numbers."""

from __future__ import annotations

from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedmodels import Polling


@pytest.mark.parametrize(
    ("polling", "pauses"),
    [
        pytest.param(Polling(), [0.25, 0.375, 0.5625, 0.84375, 1.265625], id="default"),
        pytest.param(Polling(0), [0, 0, 0, 0], id="no-pause"),
        pytest.param(Polling(2, multiplier=1), [2, 2, 2, 2], id="steady"),
        pytest.param(Polling(1, multiplier=3, maximum=7), [1, 3, 7, 7], id="until-the-most"),
        pytest.param(Polling(10), [5, 5, 5], id="first-beyond-the-most"),
        pytest.param(Polling(1, multiplier=1e300, maximum=4), [1, 4, 4], id="steep"),
    ],
)
def test_pauses(polling: Polling, pauses: list[float]) -> None:
    """Each pause is a multiple of the pause before, up to the maximum."""
    assert list(islice(polling.pauses(), len(pauses))) == pauses


@given(st.floats(0, 100), st.floats(1, 100), st.floats(0, 100))
def test_pauses_never_shrink(initial: float, multiplier: float, maximum: float) -> None:
    """No pause is shorter than the one before, none is longer than the maximum, and there is no last one."""
    pauses = list(islice(Polling(initial, multiplier, maximum).pauses(), 200))

    assert len(pauses) == 200
    assert all(before <= after for before, after in pairwise(pauses))
    assert max(pauses) <= maximum


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("initial", -0.1),
        ("initial", float("inf")),
        ("initial", float("nan")),
        ("multiplier", 0.9),
        ("multiplier", float("nan")),
        ("maximum", -1),
        ("maximum", float("inf")),
    ],
)
def test_invalid_duration_is_refused(name: str, value: float) -> None:
    """An invalid duration is a ValueError that names the setting."""
    with pytest.raises(ValueError, match=rf"^{name} must be a number, [01] or more, got {value}"):
        Polling(**{name: value})
