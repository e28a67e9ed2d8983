"""The environment variables that the mock server's command reads and writes."""

from __future__ import annotations

import os
from ipaddress import ip_address
from urllib.parse import urlsplit

DEFAULT_PORT = 9480

PREFIX = "TUNEDMODELS_MOCKSERVER"
"""What the variables for the options of ``serve`` begin with: ``TUNEDMODELS_MOCKSERVER_PORT``."""

EMULATOR_HOST = "TUNEDMODELS_EMULATOR_HOST"
"""Where a mock server listens: ``host:port``, with or without a scheme."""

EXEC_MARK = "TUNEDMODELS_EXEC"
"""By what ``exec`` knows the processes that its command leaves behind."""


NO_PROXY = ("NO_PROXY", "no_proxy")
"""The hosts that are asked without a proxy; some clients read the first spelling, some the second."""

OTHER_KEY = "GEMINI_API_KEY"
"""The second variable in which google-genai looks for a key.

It is removed where ``client_variables`` sets the first one: google-genai warns if both are set, and a real
key may be in it.
"""


def emulator_url() -> str:
    """Return the URL of the mock server that the environment names, else of one on this machine's usual port.

    ``TUNEDMODELS_MOCKSERVER_PORT`` changes the usual port, so that in a container every command finds its server.
    """
    port = os.environ.get(f"{PREFIX}_PORT", "")
    usual = port if port.isascii() and port.isdecimal() and int(port) else DEFAULT_PORT
    return with_scheme(os.environ.get(EMULATOR_HOST) or f"127.0.0.1:{usual}")


def with_scheme(host: str) -> str:
    """Return *host*, a URL or ``host:port``, as a URL without a slash at its end."""
    return (host if "://" in host else f"http://{host}").rstrip("/")


def is_loopback(host: str) -> bool:
    """Return whether *host*, a name or an address, is this machine's loopback."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def client_variables(url: str, api_key: str) -> dict[str, str]:
    """Return the variables that point clients, google-genai and ours among them, at the mock server at *url*.

    If it is on this machine, ``NO_PROXY`` and ``no_proxy`` get its host after what they have in our own environment:
    a proxy cannot reach another machine's loopback.
    """
    # Every client that reads a key at all knows this variable, and google-genai prefers it to OTHER_KEY.
    variables = {"GOOGLE_GEMINI_BASE_URL": url, "GOOGLE_API_KEY": api_key, EMULATOR_HOST: url}
    host = urlsplit(url).hostname or ""
    if is_loopback(host):
        upper, lower = (os.environ.get(name, "") for name in NO_PROXY)
        variables |= dict(
            zip(NO_PROXY, (_with_host(upper or lower, host), _with_host(lower or upper, host)), strict=True)
        )
    return variables


def _with_host(hosts: str, host: str) -> str:
    """Return the value *hosts* of ``NO_PROXY`` with *host* in it."""
    names = [name.strip() for name in hosts.split(",") if name.strip()]
    return hosts if host in names or "*" in names else ",".join([*names, host])


def option_variables() -> list[str]:
    """Return the names of the variables that are there to set options, known or not."""
    return sorted(name for name in os.environ if name.startswith(f"{PREFIX}_"))
