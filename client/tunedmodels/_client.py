"""The class Client, the entry point of the package. It selects the server and the credentials."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

import google.auth.credentials
import requests

from ._resources.models import Models
from ._resources.operations import Operations
from ._resources.polling import Polling
from ._resources.tuned_models import TunedModels
from ._transport import deadline_session, environment
from ._transport.address import Address
from ._transport.credentials import Caller, api_key_credentials, emulator_credentials
from ._transport.real_credentials import looks_real
from ._transport.retry import Retry
from ._transport.transport import Time, Transport

BASE_URL = "https://generativelanguage.googleapis.com"


class Client:
    """A client of the Gemini API's model tuning, or of a mock server of it.

    The client takes arguments that are missing from the environment:

    * *base_url*: ``TUNEDMODELS_EMULATOR_HOST`` (``host:port``), else ``GOOGLE_GEMINI_BASE_URL``, else Google. For this
      machine ``host:port`` is enough in all three.
    * *credentials* (any of google-auth) or *api_key*: if ``TUNEDMODELS_EMULATOR_HOST`` names the server, the client
      takes a key of the environment that begins with ``test-``, else credentials of that server itself
      (``GOOGLE_APPLICATION_CREDENTIALS`` or ``GCE_METADATA_HOST``, if the server is their token endpoint), else none.
      For other servers it takes ``GOOGLE_API_KEY`` or ``GEMINI_API_KEY``, except a key that looks real if the server is
      on this machine. Else, for https to another machine, it takes the credentials that ``google.auth.default()`` finds
      at the first call.
    * *quota_project*, the project that is billed: the project of the credentials, else ``GOOGLE_CLOUD_QUOTA_PROJECT``.
      With a key there is none.

    *session* is a ``requests.Session`` of the caller, for proxies, certificates or adapters. The caller closes it.
    *timeout* is the time in seconds for one try of a request, from the connection to the last byte, or to each chunk of
    a stream. *retry* says when to try again (None: never). *polling* sets the pauses between polls of an operation.
    *sleep* and *clock* (both in seconds) are the functions for waiting; a test can pass its own.

    Raise ValueError if both credentials and an API key are given, if the key or the base URL is invalid, and if the
    client would send a key that looks real by plain http to another machine. Clients are independent: a program can use
    several, with different callers or servers. Threads can share a client. A client is a context manager that closes
    itself.
    """

    def __init__(
        self,
        base_url: str | None = None,
        *,
        credentials: google.auth.credentials.Credentials | None = None,
        api_key: str | None = None,
        quota_project: str | None = None,
        session: requests.Session | None = None,
        timeout: float = 60.0,
        retry: Retry | None = Retry(),  # noqa: B008 - it is frozen
        polling: Polling = Polling(),  # noqa: B008 - it is frozen
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if credentials is not None and api_key is not None:
            raise ValueError("Give credentials or api_key, not both.")
        if base_url is not None and not base_url.strip():
            raise ValueError("base_url is empty; leave it out, or name a server.")
        _check_types(credentials=credentials, retry=retry, polling=polling, timeout=timeout)
        emulator = environment.emulator_host() if base_url is None else None
        if emulator is not None:
            address = Address.parse(emulator, environment.EMULATOR_HOST, mock_server=True)
        elif base_url is not None:
            address = Address.parse(base_url, "base_url")
        else:
            address = Address.parse(environment.base_url() or BASE_URL, environment.BASE_URL)
        if credentials is None:
            key = environment.api_key(mock_only=emulator is not None) if api_key is None else api_key
            mock = emulator is not None or address.is_loopback or not address.is_encrypted
            if key is not None and not (address.is_loopback and api_key is None and looks_real(key)):
                credentials = api_key_credentials(key)
            elif mock:
                credentials = emulator_credentials(address)
        self._session = session or deadline_session.new_session()
        self._owns_session = session is None
        client_time = Time(clock, sleep)
        caller = Caller(address, credentials, quota_project, self._session)
        transport = Transport(address, caller, self._session, timeout, retry, client_time)
        self._address = address
        #: The operations that create tuned models: get, list, cancel.
        self.operations: Operations = Operations(transport, polling, client_time)
        #: The tuned models: create, get, list, update, delete, transfer_ownership, generate_content and its stream,
        #: permissions.
        self.tuned_models: TunedModels = TunedModels(transport, self.operations)
        #: The base models: get, list, tunable.
        self.models: Models = Models(transport)

    @property
    def base_url(self) -> str:
        """The URL of the server, without a slash at the end."""
        return self._address.url

    def close(self) -> None:
        """Close the connections. A session of the caller stays open."""
        if self._owns_session:
            self._session.close()

    def __enter__(self) -> Client:
        """Return the client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def __repr__(self) -> str:
        """Show the URL of the server, without the credentials."""
        return f"<Client of {self.base_url}>"


def _check_types(**arguments: object) -> None:
    kinds = {
        "credentials": (google.auth.credentials.Credentials, type(None)),
        "retry": (Retry, type(None)),
        "polling": (Polling,),
        "timeout": (int, float),
    }
    for name, value in arguments.items():
        if not isinstance(value, kinds[name]):
            expected = " or ".join("None" if kind is type(None) else kind.__name__ for kind in kinds[name])
            raise TypeError(f"{name} must be {expected}, got {type(value).__name__}")
