"""Defines the caller and the API key that apply if a request or an operator names none."""

from __future__ import annotations

DEVELOPER = "developer@example.com"
"""The caller of a request whose credentials name no caller."""

API_KEY = "tunedmodels-api-key"
"""The API key that the server accepts by default."""
