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


class Player(ForwardingAdapter):
    """An adapter that answers the requests of each scope in *parts* from the scope's own recording.

    It calls *left_out* with the reason for a scope without a recording. A scope must send only what its recording has.
    With ``on_scope_end`` and ``finish``, it must also send all of it.
    """

    def __init__(
        self, recordings: Mapping[str, Recording], parts: ScopeTracker, left_out: Callable[[str], NoReturn]
    ) -> None:
        super().__init__(Replay())
        self._recordings = recordings
        self._parts = parts
        self._left_out = left_out
        self._replays: dict[Scope, Replay] = {}
        self._silent: set[Scope] = set()

    def send(self, request: requests.PreparedRequest, *how: Any, **more: Any) -> requests.Response:
        """Answer *request* from the recording of the current scope. Raises UnrecordedRequest if the recording does not
        have it.
        """
        part = self._parts.current
        if part is None:
            raise UnrecordedRequest(f"{request.method} {urlsplit(request.url or '').path} is asked between two parts")
        replay = self._replays.get(part)
        recording = self._recordings.get(recording_name(part.name))
        if recording is None:
            return self._nothing(part, request)
        if replay is None:
            replay = self._replays[part] = Replay(recording)
        try:
            return replay.send(request, *how, **more)
        except UnrecordedRequest:
            # A published page shows what its author created, but not the delete call afterwards.
            if recording.provenance.kind == "published" and deleted_model(request):
                return _missing(request)
            raise

    def on_scope_end(self) -> None:
        """Raise UnusedExchanges if the current scope has not sent all that its recording has."""
        part = self._parts.current
        if part in self._replays:
            self._end(part)

    def finish(self) -> None:
        """Raise UnusedExchanges if a shared run that did not fail has not sent all that its recording has."""
        for part in self._replays:
            if part.shared and part not in self._parts.failed:
                self._end(part)

    def _end(self, part: Scope | None) -> None:
        unused = self._replays[part].unused() if part else []
        if unused:
            raise UnusedExchanges("\n".join(["Recorded, and never asked for:", *unused]))

    def _nothing(self, part: Scope, request: requests.PreparedRequest) -> requests.Response:
        if part not in self._silent:
            self._silent.add(part)
            self._left_out(f"there is no recording of {part.name}")
        # A skipped test has created nothing, but its fixtures still send delete calls.
        return _missing(request)


@contextmanager
def replay(folder: Path, *, left_out: Callable[[str], NoReturn], pause: float = 1.0) -> Iterator[Target]:
    """Open the recordings in *folder*. Waiting takes no time, and meanwhile no code in this process can use the
    network.

    *left_out* is called with the reason for a scope that has no recording. *pause* is the time in seconds between two
    polls. Raises TargetError if there are no recordings, if one is invalid, or if they are of two servers.
    """
    recordings = _loaded(folder)
    base_url = _base_url(recordings, folder)
    parts = ScopeTracker(_run(recordings))
    player = Player(recordings, parts, left_out)
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", player)
    session.mount("http://", player)
    caller = Credentials(token="replayed-caller")
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    with Replay(), session:
        base_model = TUTORIALS_MODEL
        if recording_name(_TARGET) in recordings:
            with parts.part(_TARGET):
                base_model = probe(Api(session, base_url, caller), parts.new_id()).base_model
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
            scopes=parts,
            on_scope_end=player.on_scope_end,
            prior_operations=_prior_operations(recordings),
        )
        player.finish()


def _loaded(folder: Path) -> dict[str, Recording]:
    try:
        found = {recording.name: recording for recording in map(load, sorted(folder.glob("*.yaml")))}
    except (RecordingError, OSError) as error:
        raise TargetError(f"--tunedmodels-recordings: {error}") from None
    if not found:
        raise TargetError(f"--tunedmodels-recordings: there is no recording in {folder}; name a folder that has some")
    return found


def _base_url(recordings: Mapping[str, Recording], folder: Path) -> str:
    urls = [urlsplit(exchange.request.url) for recording in recordings.values() for exchange in recording.exchanges]
    found = sorted({f"{parts.scheme}://{parts.netloc}" for parts in urls})
    if len(found) > 1:
        raise TargetError(
            f"--tunedmodels-recordings: those in {folder} are of {' and '.join(found)}; keep those of one server"
        )
    return found[0] if found else f"https://{HOST}"


def _prior_operations(recordings: Mapping[str, Recording]) -> dict[str, str]:
    """Return the operation in each published recording of a create call, by the clause. Later recordings continue these
    operations.
    """
    found: dict[str, str] = {}
    for recording in recordings.values():
        if recording.provenance.kind == "published":
            for exchange in recording.exchanges:
                answer = exchange.response
                if answer.status == 200 and (exchange.request.method, urlsplit(exchange.request.url).path) == _CREATE:
                    found[recording.name.replace(".", "/")] = json.loads(answer.body)["name"]
    return found


def _missing(request: requests.PreparedRequest) -> requests.Response:
    """Return a 404 answer to *request*."""
    error = {"code": 404, "message": "Nothing was made.", "status": "NOT_FOUND"}
    answer = requests.Response()
    answer.status_code, answer.request, answer.url = 404, request, request.url or ""
    answer.headers["Content-Type"] = "application/json; charset=UTF-8"
    answer._content = json.dumps({"error": error}).encode()
    return answer


def _run(recordings: Mapping[str, Recording]) -> str:
    """Return the session that most of *recordings* come from. In recordings of other sessions, the replay substitutes
    this session's ids for the recorded ones.
    """
    runs = Counter(recording.variables["run"] for recording in recordings.values() if "run" in recording.variables)
    return max(runs, key=lambda run: (runs[run], run)) if runs else ""
