"""Names and values of the environment variables that the mock server's command reads and writes."""

from __future__ import annotations

import os
from ipaddress import ip_address
from urllib.parse import urlsplit

DEFAULT_PORT = 9480

PREFIX = "TUNEDMODELS_MOCKSERVER"
"""The prefix of the variables for the options of ``serve``, such as ``TUNEDMODELS_MOCKSERVER_PORT``."""

EMULATOR_HOST = "TUNEDMODELS_EMULATOR_HOST"
"""The variable with the address of the mock server: ``host:port``, with or without a scheme."""

NO_PROXY = ("NO_PROXY", "no_proxy")
"""The variables with the hosts that clients reach without a proxy. Some clients read the first one, some the second."""

OTHER_KEY = "GEMINI_API_KEY"
"""The second variable from which google-genai reads a key.

Remove it when you set the variables of ``client_variables``: google-genai warns if both are set, and it may hold a
real key.
"""


def emulator_url() -> str:
    """Return the URL of the mock server from the environment. The default is the usual port of this machine.

    ``TUNEDMODELS_MOCKSERVER_PORT`` changes the usual port. With it every command in a container finds its server.
    """
    port = os.environ.get(f"{PREFIX}_PORT", "")
    usual = port if port.isascii() and port.isdecimal() and int(port) else DEFAULT_PORT
    return with_scheme(os.environ.get(EMULATOR_HOST) or f"127.0.0.1:{usual}")


def with_scheme(host: str) -> str:
    """Return *host*, a URL or ``host:port``, as a URL without a slash at the end."""
    return (host if "://" in host else f"http://{host}").rstrip("/")


def is_loopback(host: str) -> bool:
    """Return whether *host*, a name or an address, is a loopback address of this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def client_variables(url: str, api_key: str) -> dict[str, str]:
    """Return the variables that point clients, such as google-genai and ours, at the mock server at *url*.

    If the mock server is on this machine, ``NO_PROXY`` and ``no_proxy`` keep their values and get its host at the end:
    a proxy cannot reach the loopback address of another machine.
    """
    # Every client that reads a key from the environment knows this variable. google-genai prefers it to OTHER_KEY.
    variables = {"GOOGLE_GEMINI_BASE_URL": url, "GOOGLE_API_KEY": api_key, EMULATOR_HOST: url}
    host = urlsplit(url).hostname or ""
    if is_loopback(host):
        upper, lower = (os.environ.get(name, "") for name in NO_PROXY)
        variables |= dict(
            zip(NO_PROXY, (_with_host(upper or lower, host), _with_host(lower or upper, host)), strict=True)
        )
    return variables


def _with_host(hosts: str, host: str) -> str:
    """Return *hosts*, a value of ``NO_PROXY``, with *host* added if it is missing."""
    names = [name.strip() for name in hosts.split(",") if name.strip()]
    return hosts if host in names or "*" in names else ",".join([*names, host])


def option_variables() -> list[str]:
    """Return the names of all set variables with our prefix, known or unknown."""
    return sorted(name for name in os.environ if name.startswith(f"{PREFIX}_"))
