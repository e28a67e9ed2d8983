"""Parses the base URL of a service, and decides which credentials may be sent there."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests

from .real_credentials import looks_real


@dataclass(frozen=True)
class Address:
    """A base URL, without a slash at the end. Raise ValueError if *url* cannot be one."""

    url: str

    def __post_init__(self) -> None:
        """Raise ValueError if the URL is invalid, or contains more than a base URL, such as the API version."""
        object.__setattr__(self, "url", self.url.strip().rstrip("/"))
        try:
            parts = urlsplit(self.url)
        except ValueError as error:
            raise ValueError(f"{self.url!r} is not a base URL: {error}") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"A base URL begins with http:// or https:// and names a host; {self.url!r} does not.")
        if "?" in self.url or "#" in self.url or parts.username is not None:
            raise ValueError(
                f"A base URL has no query, no fragment and no password; the URL of {parts.hostname} has one."
            )
        if parts.netloc.endswith(":"):
            raise ValueError(f"A base URL names a port after its colon; {self.url!r} does not.")
        if re.search(r"/v\d+\w*(/tunedModels)?$", parts.path):
            raise ValueError(f"A base URL ends before the API version, which the client adds; {self.url!r} has it.")
        try:
            requests.Request("GET", self.url).prepare()
        except requests.RequestException as error:
            raise ValueError(f"{self.url!r} is not a base URL: {error}") from None

    @classmethod
    def parse(cls, text: str, name: str, *, mock_server: bool = False) -> Address:
        """Return the address for *text*, the value of the argument or variable *name*.

        A text without a scheme, such as ``127.0.0.1:9480``, means http if the host is this machine, or if
        *mock_server* is true. Raise ValueError, with *name* in the message, for any other text.
        """
        text = text.strip()
        try:
            if "://" in text:
                return cls(text)
            if text.isdecimal():
                raise ValueError(f"{text} is only a port; add the host: 127.0.0.1:{text}.")
            address = cls(f"http://{text}")
            if not (mock_server or address.is_loopback):
                raise ValueError(f"{text!r} has no scheme; write https://{text}, or http://{text} for a mock server.")
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
        return address

    @property
    def host(self) -> str:
        """The name or the IP address of the host."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The port. The default is 443 for https and 80 for http."""
        parts = urlsplit(self.url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    @property
    def is_encrypted(self) -> bool:
        """Whether the connection is encrypted, so that others on the network cannot read it."""
        return urlsplit(self.url).scheme == "https"

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine."""
        return is_loopback_host(self.host)

    def is_same_server(self, url: str) -> bool:
        """Return whether *url* has the same host and port. All names of this machine count as one host."""
        try:
            other = Address(f"{urlsplit(url).scheme}://{urlsplit(url).netloc}")
        except ValueError:
            return False
        return self.port == other.port and (self.host == other.host or (self.is_loopback and other.is_loopback))

    def check_credential(self, credential: str) -> None:
        """Raise ValueError if *credential* looks real and others on the network could read it."""
        if not self.is_encrypted and not self.is_loopback and looks_real(credential):
            raise ValueError(
                f"The API key or token looks real, so the client does not send it to {self.url}: over plain http, "
                "others on the network can read it. Use https. For a mock server on another machine, use a key that is "
                "made up, such as test-me."
            )


def is_loopback_host(host: str) -> bool:
    """Return whether *host*, a name or an IP address, is this machine, whatever a name server says."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
