"""Builds the error for a call that a quota refuses, with its details about the quota.

The error of 2025 for generation, with its details, was observed. Those for other methods and for concurrent runs are
invented.
"""

from __future__ import annotations

from ...wire.surface import camel
from ..effects import Error, QuotaViolation
from ..errors import SERVICE
from .fault import FaultQuery, Quota

MESSAGE = (
    "You exceeded your current quota, please check your plan and billing details. For more information on this error, "
    "head to: https://ai.google.dev/gemini-api/docs/rate-limits."
)
_MINUTE = 60.0  # seconds


def quota_error(quota: Quota, query: FaultQuery, model: str, retry_after: int | None) -> Error:
    """Return the error for *query*. *model* is the id of the base model of the call, empty if there is none.

    *retry_after* is the time in seconds after which the quota lets the next call pass, None if that is unknown.
    """
    if quota.limit is None:
        violation = QuotaViolation(
            f"{SERVICE}/concurrent_tuned_model_runs", "ConcurrentTunedModelRunsPerProject", quota.concurrent or 0, ""
        )
    elif query.method.endswith("enerateContent"):
        violation = QuotaViolation(quota_id=_id("Generate", quota), quota_value=quota.limit, model=model)
    else:
        name = camel(query.method.rpartition(".")[2])
        name = name[:1].upper() + name[1:]
        violation = QuotaViolation(f"{SERVICE}/requests", _id(name, quota), quota.limit, model)
    return Error("RESOURCE_EXHAUSTED", MESSAGE, retry_after, quota_failure=violation)


def _id(name: str, quota: Quota) -> str:
    span = "PerMinute" if quota.per == _MINUTE else f"Per{quota.per:g}Seconds"
    return f"{name}Requests{span}PerProjectPerModel-FreeTier"
