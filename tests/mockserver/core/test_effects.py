"""Tests the effects of faults on an answer."""

from __future__ import annotations

from typing import Any

import pytest

from tunedmodels_mockserver.core.effects import WORDINGS, Effect, Error, QuotaViolation
from tunedmodels_mockserver.core.strict_input import BadInput, convert
from tunedmodels_mockserver.wire.status import Code


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"error": {}}, "error"),
        ({"page": {"status": 503}}, "page"),
        ({"latency": {"seconds": 1, "jitter": 2}}, "latency"),
        ({"reset": True}, "reset"),
        ({"truncate": {"bytes": 0}}, "truncate"),
        ({"stall": {"seconds": 1, "after": 10}}, "stall"),
    ],
)
def test_an_effect_is_the_one_member_that_is_set(value: dict[str, Any], kind: str) -> None:
    """Its kind is that member's name."""
    assert convert(value, Effect).kind == kind


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({}, "got none"),
        ({"reset": True, "malformed": True}, "got reset and malformed"),
        ({"reset": False}, "Invalid enum value False"),
        ({"rest": True}, "There is no member 'rest'; the nearest is reset."),
        ({"error": {"code": "UNAVAILABEL"}}, "there is no code 'UNAVAILABEL'; the nearest is UNAVAILABLE"),
        ({"latency": {"seconds": 61}}, "<= 60.0 - at `$.latency.seconds`"),
        ({"latency": {"seconds": 40, "jitter": 40}}, "together must be at most 60"),
        ({"truncate": {}}, "set either bytes or fraction"),
        ({"truncate": {"bytes": 1, "fraction": 0.5}}, "set either bytes or fraction"),
        ({"slow": {"bytes": 0, "pause": 1}}, ">= 1 - at `$.slow.bytes`"),
        ({"stall": {"seconds": 601}}, "<= 600.0"),
        ({"page": {"status": 200}}, ">= 400"),
    ],
)
def test_invalid_effect_is_refused(value: dict[str, Any], sentence: str) -> None:
    """The sentence names the member and the valid values."""
    with pytest.raises(BadInput) as caught:
        convert(value, Effect)

    assert sentence in str(caught.value)


def test_every_error_code_has_a_wording() -> None:
    """An error without a message has the wording of its code."""
    assert set(WORDINGS) == {code.name for code in Code if code}


def test_details_have_the_observed_order() -> None:
    """QuotaFailure, Help, RetryInfo, as in 2025, and the given message."""
    status = Error("RESOURCE_EXHAUSTED", "Slow down.", 24, quota_failure=QuotaViolation()).status()

    assert (status.code, status.message) == (Code.RESOURCE_EXHAUSTED, "Slow down.")
    assert [detail.type for detail in status.details] == [
        "google.rpc.QuotaFailure",
        "google.rpc.Help",
        "google.rpc.RetryInfo",
    ]
    assert status.details[-1].value == {"retry_delay": "24s"}


@pytest.mark.parametrize(("seconds", "text"), [(0, "0s"), (1.5, "1.500s"), (0.0004, "0s"), (3600, "3600s")])
def test_a_delay_is_written_as_a_duration(seconds: float, text: str) -> None:
    """Whole seconds have no fraction, others three digits."""
    (detail,) = Error(retry_delay=seconds).status().details

    assert detail.value == {"retry_delay": text}


def test_a_reason_comes_as_error_info() -> None:
    """The detail has the reason."""
    (detail,) = Error("PERMISSION_DENIED", reason="SERVICE_DISABLED").status().details

    assert detail.value["reason"] == "SERVICE_DISABLED"
