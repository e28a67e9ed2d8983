"""Opens the target url, a server at any URL. It counts as a fake, whatever it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import requests
from google.auth import api_key
from google.auth.credentials import AnonymousCredentials, Credentials

from tunedmodels.connection import Address

from ..clauses.clause import Need
from ..harness.api import Api
from ..harness.clock import TargetClock
from .credentials import CallerCredentials, bearer
from .mock_controls import Controls
from .probe import probe
from .scopes import ScopeTracker
from .target import Target, TargetError, refuse_to_fail_run


@contextmanager
def url(
    base_url: str,
    *,
    token: str = "",
    second_token: str = "",
    key: str = "",
    base_model: str = "",
    bound: float = 600.0,
    pause: float = 1.0,
) -> Iterator[Target]:
    """Open the server at *base_url*, and probe what it supports.

    On a mock server of this project, if no credentials are given, use two users in a new world, and drop the world at
    the end. Such a server can make runs fail; if its clock is manual, waiting moves it. *bound* is the number of
    seconds that a run may take, *pause* the number of seconds between two polls. Raises TargetError if the URL is
    invalid or nothing answers.
    """
    try:
        address = Address(base_url)
    except ValueError as error:
        raise TargetError(f"--tunedmodels-url: {error}") from None
    session, control_session = requests.Session(), requests.Session()  # calls of the controls are not API traffic
    session.trust_env = control_session.trust_env = not address.is_loopback  # no proxy reaches this machine
    controls = Controls(control_session, address.url)
    scopes = ScopeTracker()
    credentials = CallerCredentials.of(token, second_token, key)
    has_credentials = bool(token or second_token or key)
    try:
        is_mock = controls.is_mock_server
    except requests.RequestException as error:
        session.close()
        control_session.close()
        raise TargetError(f"Nothing answers at {address.url}: {type(error).__name__}") from None
    world = f"contracts-{scopes.run}" if is_mock and not has_credentials else ""
    try:
        if world:
            credentials = _in_world(world)
        controls = controls.within({"X-Test-Id": world} if world else _header(credentials.caller))
        with scopes.open_scope("runs/target"):
            result = probe(Api(session, address.url, credentials.caller), scopes.new_id(), base_model)
        failing = frozenset({Need.FAILING_RUN}) if is_mock and controls.can_fail_runs else frozenset[Need]()
        second = frozenset() if isinstance(credentials.other, AnonymousCredentials) else frozenset({Need.SECOND_CALLER})
        yield Target(
            kind="url",
            session=session,
            base_url=address.url,
            caller=credentials.caller,
            other=credentials.other,
            key=credentials.key,
            base_model=result.base_model,
            clock=_ManualServerClock(controls).clock() if is_mock and controls.is_clock_manual else TargetClock(),
            bound=bound,
            pause=pause,
            capabilities=result.capabilities | second | failing,
            missing={Need.TUNABLE_MODEL: "the server lists no base model that can be tuned"},
            fail_next_run=controls.fail_next_run if failing else refuse_to_fail_run,
            scopes=scopes,
        )
    finally:
        if world:
            controls.drop()
        session.close()
        control_session.close()


class _ManualServerClock:
    """The manual clock of a mock server. Only waiting moves it."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls
        self._now = 0.0

    def clock(self) -> TargetClock:
        return TargetClock(lambda: self._now, self._sleep)

    def _sleep(self, seconds: float) -> None:
        self._controls.advance(seconds)
        self._now += seconds


def _in_world(world: str) -> CallerCredentials:
    from tunedmodels_mockserver.testing import API_KEY, access_token, in_world

    return CallerCredentials(
        bearer(access_token("alice@example.com", world)),
        bearer(access_token("bob@example.com", world)),
        api_key.Credentials(in_world(API_KEY, world)),
    )


def _header(caller: Credentials) -> dict[str, str]:
    headers: dict[str, str] = {}
    if not isinstance(caller, AnonymousCredentials):
        caller.apply(headers)
    return headers
