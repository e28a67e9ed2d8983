"""Defaults: who calls, and by which key, where nobody says."""

from __future__ import annotations

DEVELOPER = "developer@example.com"
"""Whoever names nobody."""

API_KEY = "tunedmodels-api-key"
"""The API key that every fake knows."""
