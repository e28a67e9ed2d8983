"""Offers addresses, OAuth scopes and environment variables, as the client connects with them.

Import from here if a tool must accept the same addresses as the client, or look for credentials in the same variables.
"""

from __future__ import annotations

from ._transport.address import Address, is_loopback_host
from ._transport.credentials import SCOPES, token_endpoint
from ._transport.environment import API_KEYS, CREDENTIALS_FILE, api_key, credentials_file

__all__ = [
    "API_KEYS",
    "CREDENTIALS_FILE",
    "SCOPES",
    "Address",
    "api_key",
    "credentials_file",
    "is_loopback_host",
    "token_endpoint",
]
