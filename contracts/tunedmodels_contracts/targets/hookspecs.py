"""Declares the pytest hook by which plugins get the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .target import Target


@pytest.hookspec
def pytest_tunedmodels_target(target: Target) -> None:
    """Receive the target of the session before any clause uses it, for example to mount adapters on its session."""
