"""The base class of adapters that stand between a session and the wire."""

from __future__ import annotations

from typing import Any

import requests
from requests.adapters import BaseAdapter, HTTPAdapter


class ForwardingAdapter(BaseAdapter):
    """Forwards each request to *adapter*, by default one that uses the network."""

    def __init__(self, adapter: BaseAdapter | None = None) -> None:
        super().__init__()
        self.adapter = adapter or HTTPAdapter()

    def send(self, request: requests.PreparedRequest, *settings: Any, **more: Any) -> requests.Response:
        """Send *request* with the adapter and return the answer."""
        return self.adapter.send(request, *settings, **more)

    def close(self) -> None:
        """Close the adapter that gets the requests."""
        self.adapter.close()
