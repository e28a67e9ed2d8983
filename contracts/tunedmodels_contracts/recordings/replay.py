"""Answers requests from recordings, and from nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
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

    Mount it, or take ``session()``, which has no other adapter and so no network. Requests match by method, URL
    and body, not by headers, nor by who asks. The same request gets its answers in the order of the recording; the
    last one again only if it is an operation that is done. What a recording names as a variable, and what was
    scrubbed in it, stands for whatever is sent there, and what was sent stands in the answers.

    As a context manager it also keeps all other sessions of requests off the network, and fails in the end where
    a request was not recorded, even if its error was caught, or a recorded one was not sent.
    """

    def __init__(self, *recordings: Recording) -> None:
        super().__init__()
        self._registry = ExchangeRegistry(recordings)
        self._guard = responses.RequestsMock(registry=_NoNetwork)

    def session(self) -> requests.Session:
        """Return a session that gets its answers here, for bare requests and for a Client alike."""
        session = requests.Session()
        session.trust_env = False  # neither a proxy nor a .netrc of this machine has a say
        session.mount("https://", self)
        session.mount("http://", self)
        return session

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002  # requests reads the body itself where it is not streamed
        timeout: Any = None,  # noqa: ARG002
        verify: bool | str = True,  # noqa: ARG002
        cert: Any = None,  # noqa: ARG002
        proxies: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> requests.Response:
        """Answer *request*. Raises UnrecordedRequest."""
        answer, _ = self._registry.find(request)
        response = self.build_response(request, answer.get_response(request))
        response.reason = answer.reason
        return response

    def unused(self) -> list[str]:
        """Return a sentence for each recorded exchange that was not asked for yet."""
        return self._registry.unused()

    def __enter__(self) -> Replay:
        """Keep everything else off the network."""
        self._guard.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say what was missing, and what was too much, unless the test has failed by now anyway."""
        self._guard.stop(allow_assert=False)
        no_network = self._guard.get_registry()
        past = no_network.requests if isinstance(no_network, _NoNetwork) else []
        self._guard.reset()
        if error is not None:
            return
        for sentence in (*self._registry.unrecorded, *past):
            raise UnrecordedRequest(sentence)
        if unused := self.unused():
            raise UnusedExchanges("\n".join(["Recorded, and never asked for:", *unused]))


class _NoNetwork(FirstMatchRegistry):
    """Lets nothing through."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[str] = []

    def find(self, request: requests.PreparedRequest) -> Any:
        self.requests.append(
            f"{describe_request(to_sent_request(request))} was sent past the replay: use its session()"
        )
        raise UnrecordedRequest(self.requests[-1])
