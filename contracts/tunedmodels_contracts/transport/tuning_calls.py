"""Recognizes requests that create or delete a tuned model, and finds the name of the model."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

import requests

_COLLECTION = "tunedModels"
_CREDENTIAL_HEADERS = ("Authorization", "X-Goog-Api-Key")
_CREDENTIALS = frozenset({"key", "$key", "access_token", "oauth_token", "$access_token", "$oauth_token"})


def is_create(request: requests.PreparedRequest) -> bool:
    """Return whether *request* may start a tuning run. A request without credentials cannot."""
    method = str(request.headers.get("X-HTTP-Method-Override") or request.method or "").upper()
    url = urlsplit(request.url or "")
    has_credentials = any(request.headers.get(header) for header in _CREDENTIAL_HEADERS)
    has_credentials = has_credentials or any(name.lower() in _CREDENTIALS for name, _ in parse_qsl(url.query))
    return method == "POST" and has_credentials and unquote(url.path).rstrip("/").endswith(f"/{_COLLECTION}")


def deleted_model(request: requests.PreparedRequest) -> str:
    """Return the name of the tuned model that *request* deletes, or an empty text for any other request."""
    match = re.search(rf"/({_COLLECTION}/[^/:]+)\Z", unquote(urlsplit(request.url or "").path))
    return match[1] if match and request.method == "DELETE" else ""


def requested_name(request: requests.PreparedRequest) -> str:
    """Return the model name in a create call, or an empty text if the service chooses the name."""
    model_id = parse_qs(urlsplit(request.url or "").query).get("tunedModelId", [""])[0]
    return f"{_COLLECTION}/{model_id}" if model_id else ""


def requested_display_name(request: requests.PreparedRequest) -> str:
    """Return the display name of the model in a create call."""
    value = _json(request.body)
    return str(value.get("displayName") or value.get("display_name") or "") if isinstance(value, dict) else ""


def created_name(response: requests.Response) -> str:
    """Return the name of the created model from the answer to a create call, or an empty text if there is none."""
    value = _json(response.content) if response.ok else None
    metadata = value.get("metadata") if isinstance(value, dict) else None
    name = metadata.get("tunedModel") if isinstance(metadata, dict) else None
    return name if isinstance(name, str) else ""


def _json(text: Any) -> Any:
    try:
        return json.loads(text or b"null")
    except (TypeError, ValueError):
        return None
