"""The address of a service: its base URL, and what may be sent there."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests

# A Google API key (of either form), an OAuth access token of Google's, a signed JWT.
_SECRET = re.compile(
    r"AIza[0-9A-Za-z_-]{35,}|AQ\.[0-9A-Za-z_-]{20,}|ya29\.[0-9A-Za-z._-]{20,}|eyJ[\w-]+\.[\w-]+\.[\w-]+"
)


@dataclass(frozen=True)
class Address:
    """A base URL, without a slash at the end. Raises ValueError for one that cannot be one."""

    url: str

    def __post_init__(self) -> None:
        """Refuse what is no base URL, and what looks like one that goes too far."""
        object.__setattr__(self, "url", self.url.strip().rstrip("/"))
        try:
            parts = urlsplit(self.url)
        except ValueError as error:
            raise ValueError(f"{self.url!r} is no base URL: {error}") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"A base URL begins with http:// or https:// and names a host; {self.url!r} does not.")
        if "?" in self.url or "#" in self.url or parts.username is not None:
            raise ValueError(f"A base URL has no query, no fragment and no password; that of {parts.hostname} has.")
        if parts.netloc.endswith(":"):
            raise ValueError(f"A base URL names a port after its colon; {self.url!r} does not.")
        if re.search(r"/v\d+\w*(/tunedModels)?$", parts.path):
            raise ValueError(f"A base URL ends before the API version, which the client adds; {self.url!r} has it.")
        try:
            requests.Request("GET", self.url).prepare()
        except requests.RequestException as error:
            raise ValueError(f"{self.url!r} is no base URL: {error}") from None

    @classmethod
    def parse(cls, text: str, name: str, *, mock_server: bool = False) -> Address:
        """Return the base URL that *text* is, which the argument or variable *name* has.

        A text without a scheme, such as ``127.0.0.1:9480``, is http for this machine, and for every machine if
        *name* is of a mock server. Raises ValueError for any other, with *name* in it.
        """
        text = text.strip()
        try:
            if "://" in text:
                return cls(text)
            if text.isdecimal():
                raise ValueError(f"{text} is a port alone; it must name the host too: 127.0.0.1:{text}.")
            address = cls(f"http://{text}")
            if not (mock_server or address.is_loopback):
                raise ValueError(f"{text!r} has no scheme; write https://{text}, or http://{text} for a mock server.")
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
        return address

    @property
    def host(self) -> str:
        """The name or number of the host."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The port."""
        parts = urlsplit(self.url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    @property
    def is_encrypted(self) -> bool:
        """Whether others on the way cannot read what is sent."""
        return urlsplit(self.url).scheme == "https"

    @property
    def is_loopback(self) -> bool:
        """Whether it is on this machine."""
        return is_loopback_host(self.host)

    def is_same_server(self, url: str) -> bool:
        """Whether *url* is on the same port of the same host; all names of this machine are one host."""
        try:
            other = Address(f"{urlsplit(url).scheme}://{urlsplit(url).netloc}")
        except ValueError:
            return False
        return self.port == other.port and (self.host == other.host or (self.is_loopback and other.is_loopback))

    def check_credential(self, credential: str) -> None:
        """Raise ValueError where *credential* looks real and others could read it on the way."""
        if not self.is_encrypted and not self.is_loopback and looks_real(credential):
            raise ValueError(
                f"The API key or token looks real, and is not sent to {self.url}: that is plain http to another "
                "machine, where anyone on the way can read it. Use https; for a mock server on a network use a key "
                "made up for it, such as test-me."
            )


def is_loopback_host(host: str) -> bool:
    """Whether *host*, a name or a number, is this machine by whatever name server."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def looks_real(credential: str) -> bool:
    """Whether *credential* has the form of a real one, which no mock server is to see."""
    return _SECRET.search(credential) is not None
