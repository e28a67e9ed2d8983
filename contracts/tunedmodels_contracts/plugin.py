"""The pytest plugin. It imports nothing heavy: pytest loads it in every run of everyone who has the package."""

from __future__ import annotations
