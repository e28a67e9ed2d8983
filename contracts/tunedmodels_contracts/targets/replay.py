"""Opens the target replay, which answers the recorded clauses from their recordings, without a network."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import requests
from google.auth import api_key
from google.oauth2.credentials import Credentials

from ..clauses.clause import Need
from ..harness.api import Api
from ..harness.clock import TargetClock
from ..recordings import Recording, RecordingError, Replay, UnrecordedRequest, UnusedExchanges, load
from ..service import HOST
from ..transport.forwarding import ForwardingAdapter
from ..transport.tuning_calls import deleted_model
from .probe import TUTORIALS_MODEL, probe
from .scopes import Scope, ScopeTracker, recording_name
from .target import Target, TargetError

PUBLISHED = Path(__file__).parent.parent / "recordings" / "published"

_TARGET = "runs/target"
_CREATE = ("POST", "/v1beta/tunedModels")


class ReplayAdapter(ForwardingAdapter):
    """An adapter that answers the requests of each scope in *scopes* from the scope's own recording.

    It calls *skip* with the reason for a scope without a recording. A scope must send only what its recording has.
    With ``on_scope_end`` and ``finish``, it must also send all of it.
    """

    def __init__(
        self, recordings: Mapping[str, Recording], scopes: ScopeTracker, skip: Callable[[str], NoReturn]
    ) -> None:
        super().__init__(Replay())
        self._recordings = recordings
        self._scopes = scopes
        self._skip = skip
        self._replays: dict[Scope, Replay] = {}
        self._skipped: set[Scope] = set()

    def send(self, request: requests.PreparedRequest, *how: Any, **more: Any) -> requests.Response:
        """Answer *request* from the recording of the current scope. Raises UnrecordedRequest if the recording does not
        have it.
        """
        scope = self._scopes.current
        if scope is None:
            path = urlsplit(request.url or "").path
            raise UnrecordedRequest(f"{request.method} {path} was sent outside of a test or shared fixture")
        replay = self._replays.get(scope)
        recording = self._recordings.get(recording_name(scope.name))
        if recording is None:
            return self._unrecorded(scope, request)
        if replay is None:
            replay = self._replays[scope] = Replay(recording)
        try:
            return replay.send(request, *how, **more)
        except UnrecordedRequest:
            # A published page shows what its author created, but not the delete call afterwards.
            if recording.provenance.kind == "published" and deleted_model(request):
                return _missing(request)
            raise

    def on_scope_end(self) -> None:
        """Raise UnusedExchanges if the current scope has not sent all that its recording has."""
        scope = self._scopes.current
        if scope in self._replays:
            self._end(scope)

    def finish(self) -> None:
        """Raise UnusedExchanges if a shared run that did not fail has not sent all that its recording has."""
        for scope in self._replays:
            if scope.is_shared and scope not in self._scopes.failed:
                self._end(scope)

    def _end(self, scope: Scope | None) -> None:
        unused = self._replays[scope].unused() if scope else []
        if unused:
            raise UnusedExchanges("\n".join(["The recording has requests that were not sent:", *unused]))

    def _unrecorded(self, scope: Scope, request: requests.PreparedRequest) -> requests.Response:
        if scope not in self._skipped:
            self._skipped.add(scope)
            self._skip(f"there is no recording of {scope.name}")
        # A skipped test has created nothing, but its fixtures still send delete calls.
        return _missing(request)


@contextmanager
def replay(folder: Path, *, skip: Callable[[str], NoReturn], pause: float = 1.0) -> Iterator[Target]:
    """Open the recordings in *folder*. Waiting takes no time, and meanwhile no code in this process can use the
    network.

    *skip* is called with the reason for a scope that has no recording. *pause* is the time in seconds between two
    polls. Raises TargetError if there are no recordings, if one is invalid, or if they are of two servers.
    """
    recordings = _load_all(folder)
    base_url = _base_url(recordings, folder)
    scopes = ScopeTracker(_session_id(recordings))
    adapter = ReplayAdapter(recordings, scopes, skip)
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    caller = Credentials(token="replayed-caller")
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    with Replay(), session:
        base_model = TUTORIALS_MODEL
        if recording_name(_TARGET) in recordings:
            with scopes.open_scope(_TARGET):
                base_model = probe(Api(session, base_url, caller), scopes.new_id()).base_model
        yield Target(
            kind="replay",
            session=session,
            base_url=base_url,
            caller=caller,
            other=Credentials(token="replayed-other"),
            key=api_key.Credentials("replayed-key"),
            base_model=base_model,
            clock=TargetClock(lambda: now, sleep),
            bound=float("inf"),  # the recording session checked the time
            pause=pause,
            capabilities=frozenset(Need) - {Need.FAILING_RUN},  # a recorded clause had what it needs
            scopes=scopes,
            on_scope_end=adapter.on_scope_end,
            prior_operations=_prior_operations(recordings),
        )
        adapter.finish()


def _load_all(folder: Path) -> dict[str, Recording]:
    try:
        recordings = {recording.name: recording for recording in map(load, sorted(folder.glob("*.yaml")))}
    except (RecordingError, OSError) as error:
        raise TargetError(f"--tunedmodels-recordings: {error}") from None
    if not recordings:
        raise TargetError(f"--tunedmodels-recordings: {folder} has no recordings; name another folder")
    return recordings


def _base_url(recordings: Mapping[str, Recording], folder: Path) -> str:
    urls = [urlsplit(exchange.request.url) for recording in recordings.values() for exchange in recording.exchanges]
    servers = sorted({f"{url.scheme}://{url.netloc}" for url in urls})
    if len(servers) > 1:
        raise TargetError(
            f"--tunedmodels-recordings: {folder} has recordings of {' and '.join(servers)}; keep only one server's"
        )
    return servers[0] if servers else f"https://{HOST}"


def _prior_operations(recordings: Mapping[str, Recording]) -> dict[str, str]:
    """Return the operation in each published recording of a create call, by the clause. Later recordings continue these
    operations.
    """
    operations: dict[str, str] = {}
    for recording in recordings.values():
        if recording.provenance.kind == "published":
            for exchange in recording.exchanges:
                answer = exchange.response
                if answer.status == 200 and (exchange.request.method, urlsplit(exchange.request.url).path) == _CREATE:
                    operations[recording.name.replace(".", "/")] = json.loads(answer.body)["name"]
    return operations


def _missing(request: requests.PreparedRequest) -> requests.Response:
    """Return a 404 answer to *request*."""
    error = {"code": 404, "message": "Not found.", "status": "NOT_FOUND"}
    answer = requests.Response()
    answer.status_code, answer.request, answer.url = 404, request, request.url or ""
    answer.headers["Content-Type"] = "application/json; charset=UTF-8"
    answer._content = json.dumps({"error": error}).encode()
    return answer


def _session_id(recordings: Mapping[str, Recording]) -> str:
    """Return the id of the session that most of *recordings* come from. In recordings of other sessions, the replay
    substitutes this session's ids for the recorded ones.
    """
    counts = Counter(recording.variables["run"] for recording in recordings.values() if "run" in recording.variables)
    return max(counts, key=lambda session_id: (counts[session_id], session_id)) if counts else ""
