"""Answers requests from recordings, without a network."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import requests
import responses
from requests.adapters import HTTPAdapter
from responses.registries import FirstMatchRegistry

from .errors import UnrecordedRequest, UnusedExchanges
from .matcher import ExchangeRegistry, describe_request, to_sent_request
from .recording import Recording


class Replay(HTTPAdapter):
    """An adapter that answers from *recordings*.

    Mount it, or use ``session()``, which has no other adapter and therefore no network. Requests match by method, URL
    and body; headers and credentials are not compared. Repeated requests get their answers in the order of the
    recording. The last answer is repeated only if it is an operation that is done. A variable or a scrubbed secret of
    the recording matches any value that the client sends, and the answers then contain the sent value.

    As a context manager it also keeps all other sessions of requests off the network. On exit it fails if a request was
    not recorded, even if the test caught that error, or if a recorded request was not sent.
    """

    def __init__(self, *recordings: Recording) -> None:
        super().__init__()
        self._registry = ExchangeRegistry(recordings)
        self._guard = responses.RequestsMock(registry=_NoNetwork)

    def session(self) -> requests.Session:
        """Return a session that gets its answers from this replay. Use it for plain requests or for a Client."""
        session = requests.Session()
        session.trust_env = False  # ignore proxies and .netrc files of this machine
        session.mount("https://", self)
        session.mount("http://", self)
        return session

    def send(self, request: requests.PreparedRequest, *_settings: Any, **_more: Any) -> requests.Response:
        """Answer *request*. Raises UnrecordedRequest if no exchange is left for it."""
        answer, _ = self._registry.find(request)
        response = self.build_response(request, answer.get_response(request))
        response.reason = answer.reason
        return response

    def unused(self) -> list[str]:
        """Return a sentence for each recorded exchange that was not requested yet."""
        return self._registry.unused()

    def __enter__(self) -> Replay:
        """Keep all other sessions off the network."""
        self._guard.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Raise an error for unrecorded requests or unused exchanges, unless the test has already failed."""
        self._guard.stop(allow_assert=False)
        no_network = self._guard.get_registry()
        network_requests = no_network.requests if isinstance(no_network, _NoNetwork) else []
        self._guard.reset()
        if error is not None:
            return
        for sentence in (*self._registry.unrecorded, *network_requests):
            raise UnrecordedRequest(sentence)
        if unused := self.unused():
            raise UnusedExchanges("\n".join(["These recorded requests were not sent:", *unused]))


class _NoNetwork(FirstMatchRegistry):
    """Refuses every request."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[str] = []

    def find(self, request: requests.PreparedRequest) -> Any:
        self.requests.append(
            f"{describe_request(to_sent_request(request))} was not sent to the replay: use its session()"
        )
        raise UnrecordedRequest(self.requests[-1])
