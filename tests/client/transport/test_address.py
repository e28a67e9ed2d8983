"""Base URLs, and the credentials that a client may send to them."""

from __future__ import annotations

import pytest

from tunedmodels._transport.address import Address

# Made up, in the forms that Google's own have.
KEY = "AIza" + "x" * 35
TOKEN = "ya29." + "a0Af_-" * 8


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://service.test", "https://service.test"),
        ("https://service.test/", "https://service.test"),
        ("https://service.test/behind/a/proxy//", "https://service.test/behind/a/proxy"),
        (" http://127.0.0.1:9480\n", "http://127.0.0.1:9480"),
        ("http://[::1]:9480", "http://[::1]:9480"),
        ("https://service.test/v1beta/below", "https://service.test/v1beta/below"),
    ],
)
def test_base_url(text: str, url: str) -> None:
    """A base URL has no white space around it and no slashes at its end."""
    assert Address(text).url == url


@pytest.mark.parametrize(
    ("url", "match"),
    [
        ("", "begins with http:// or https://"),
        ("127.0.0.1:9480", "begins with http:// or https://"),
        ("ftp://service.test", "begins with http:// or https://"),
        ("https://", "names a host"),
        ("/v1beta", "begins with http:// or https://"),
        ("https://service.test?key=x", "has no query"),
        ("https://service.test/#a", "no fragment"),
        ("https://user:word@service.test", "no password; the URL of service.test has one"),
        ("https://service.test/v1beta", "ends before the API version"),
        ("http://service.test:99999", "is not a base URL"),
        ("http://service.test:port", "is not a base URL"),
        ("http://[::1", "IPv6"),
    ],
)
def test_invalid_base_url(url: str, match: str) -> None:
    """An invalid base URL is a ValueError that says why, without a password."""
    with pytest.raises(ValueError, match=match) as caught:
        Address(url)

    assert "word@" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("127.0.0.1:9480", "http://127.0.0.1:9480"),
        (" localhost:9480/\n", "http://localhost:9480"),
        ("localhost", "http://localhost"),
        ("[::1]:9480", "http://[::1]:9480"),
        ("127.0.0.1:9480/behind/a/proxy", "http://127.0.0.1:9480/behind/a/proxy"),
        ("https://127.0.0.1:9480", "https://127.0.0.1:9480"),
        ("https://service.test", "https://service.test"),
    ],
)
@pytest.mark.parametrize("mock_server", [False, True])
def test_this_machine_needs_no_scheme(text: str, url: str, mock_server: bool) -> None:
    """host:port is enough for this machine."""
    assert Address.parse(text, "base_url", mock_server=mock_server).url == url


def test_another_machine_without_a_scheme() -> None:
    """The variable of a mock server needs no scheme; elsewhere the caller must choose one."""
    assert Address.parse("mock:9480", "NAME", mock_server=True).url == "http://mock:9480"

    with pytest.raises(ValueError, match="has no scheme") as caught:
        Address.parse("mock:9480", "NAME")
    assert str(caught.value) == (
        "NAME: 'mock:9480' has no scheme; write https://mock:9480, or http://mock:9480 for a mock server."
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("9480", "NAME: 9480 is only a port; add the host: 127.0.0.1:9480."),
        ("ftp://service.test", "NAME: A base URL begins with http:// or https:// and names a host; "),
        ("/v1beta", "NAME: A base URL begins with http:// or https:// and names a host; "),
        ("127.0.0.1:port", "NAME: 'http://127.0.0.1:port' is not a base URL"),
        ("https://user:word@service.test", "NAME: A base URL has no query, no fragment and no password"),
        ("user:word@127.0.0.1", "NAME: A base URL has no query, no fragment and no password"),
    ],
)
@pytest.mark.parametrize("mock_server", [False, True])
def test_error_names_its_source(text: str, message: str, mock_server: bool) -> None:
    """The error names the argument or the variable, without a password."""
    with pytest.raises(ValueError, match=r"^NAME: ") as caught:
        Address.parse(text, "NAME", mock_server=mock_server)

    assert str(caught.value).startswith(message)
    assert "word@" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "host", "port", "encrypted"),
    [
        ("https://Service.test", "service.test", 443, True),
        ("HTTP://service.test", "service.test", 80, False),
        ("http://127.0.0.1:9480/x", "127.0.0.1", 9480, False),
        ("https://[::1]:8443", "::1", 8443, True),
    ],
)
def test_parts(url: str, host: str, port: int, encrypted: bool) -> None:
    """An address has host, port (by default that of the scheme) and whether it is encrypted."""
    address = Address(url)

    assert (address.host, address.port, address.is_encrypted) == (host, port, encrypted)


def test_loopback() -> None:
    """All names of this machine are loopback, and no similar names of other machines."""
    loopback = ["127.0.0.1", "127.9.9.9:1", "[::1]", "localhost:9480", "a.localhost"]
    others = ["mock:9480", "192.168.1.5", "0.0.0.0", "127.0.0.1.evil.test", "localhost.evil.test", "notlocalhost"]
    others.append("[2001:db8::1]")

    assert [host for host in [*loopback, *others] if Address(f"http://{host}").is_loopback] == loopback


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("http://127.0.0.1:9480/token", True),
        ("http://localhost:9480", True),
        ("http://[::1]:9480", True),
        ("http://127.0.0.1:9481/token", False),
        ("http://mock:9480/token", False),
        ("https://oauth2.googleapis.com/token", False),
        ("https://127.0.0.1", False),
        ("127.0.0.1:9480", False),
        ("", False),
        ("http://[::1", False),
        ("http://user@127.0.0.1:9480", False),
    ],
)
def test_same_server(url: str, same: bool) -> None:
    """Port and host decide; all names of this machine are the same host."""
    assert Address("http://127.0.0.1:9480").is_same_server(url) is same


def test_same_server_elsewhere() -> None:
    """Another machine has only its own name."""
    address = Address("http://mock:9480")

    assert address.is_same_server("http://MOCK:9480/token")
    assert not address.is_same_server("http://127.0.0.1:9480/token")
    assert Address("https://service.test").is_same_server("https://service.test:443/token")


@pytest.mark.parametrize("url", ["http://mock:9480", "http://127.0.0.1.evil.test"])
@pytest.mark.parametrize("credential", [KEY, f"Bearer {TOKEN}"], ids=["key", "header"])
def test_secret_by_plain_http(url: str, credential: str) -> None:
    """A credential that looks real does not go to another machine unencrypted, and is not in the message."""
    with pytest.raises(ValueError, match="over plain http, others on the network can read it") as caught:
        Address(url).check_credential(credential)

    assert url in str(caught.value)
    assert credential not in str(caught.value)


@pytest.mark.parametrize("url", ["https://mock:9480", "http://127.0.0.1:9480", "http://[::1]", "http://a.localhost"])
def test_secret_by_a_safe_connection(url: str) -> None:
    """A real credential may be sent to this machine, or encrypted."""
    assert Address(url).check_credential(KEY) is None  # type: ignore[func-returns-value]  # it does not raise
