"""Arms faults as tests do, for type checkers; no test runs it."""

from __future__ import annotations

from typing import Any

from tunedmodels_contracts.testing.world import World


def arm(world: World, fault: dict[str, Any]) -> None:
    """Arm faults in every way; type checkers refuse unknown members."""
    fault_id: str = world.faults.arm(method="tunedModels.list", error="UNAVAILABLE", times=None)
    world.faults.arm(error=503, from_="2026-01-01T00:00:00Z", required=False)
    world.faults.arm(latency=0.5, times=3, probability=0.5)
    world.faults.arm(quota={"limit": 15, "per": 60})
    world.faults.arm({"method": "tunedModels.list"}, reset=True)
    world.faults.arm(fault)
    world.faults.arm(methd="tunedModels.list", reset=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    world.faults.arm(times="3", reset=True)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    world.faults.arm("UNAVAILABLE")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    world.faults.clear(fault_id)
