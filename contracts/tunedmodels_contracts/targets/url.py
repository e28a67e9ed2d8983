"""The target url: any server over a socket. Whatever it is, it counts as a fake."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from google.auth import api_key
from google.auth.credentials import AnonymousCredentials, Credentials

from tunedmodels._address import Address

from ..api import Api
from ..clause import Need
from .inquiry import inquire
from .parts import Parts
from .people import People, bearer
from .target import Passing, Target, TargetError

_PATIENCE = 30  # seconds
_FOREVER = 8_000_000_000  # a second in 2223, by which a token expires


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
    """Open the server at *base_url*, which is asked what it has.

    To a mock server of ours, where nobody is named, two people come in a world of their own, which ends with them;
    and if its clock is moved by hand, waiting moves it. Raises TargetError where nothing answers.
    """
    try:
        address = Address(base_url)
    except ValueError as error:
        raise TargetError(f"--tunedmodels-url: {error}") from None
    session = requests.Session()
    if address.loopback:
        session.trust_env = False  # a proxy leads elsewhere
    parts = Parts()
    people = People.of(token, second_token, key)
    named = bool(token or second_token or key)
    try:
        ours = _clock(session, address.url, None).status_code in (200, 409)
    except requests.RequestException as error:
        session.close()
        raise TargetError(f"Nothing answers at {address.url}: {type(error).__name__}") from None
    world = f"contracts-{parts.run}" if ours and not named else ""
    headers = {"X-Test-Id": world} if world else {}
    try:
        if world:
            people = _in_world(world)
        with parts.part("runs/target"):
            inquiry = inquire(Api(session, address.url, people.caller), parts.new_id(), base_model)
        moved = ours and _clock(session, address.url, 0.0, headers | _header(people.caller)).status_code == 200
        second = frozenset() if isinstance(people.other, AnonymousCredentials) else frozenset({Need.SECOND_CALLER})
        yield Target(
            kind="url",
            session=session,
            base_url=address.url,
            caller=people.caller,
            other=people.other,
            key=people.key,
            base_model=inquiry.base_model,
            passing=_Moved(session, address.url, headers | _header(people.caller)).passing() if moved else Passing(),
            bound=bound,
            pause=pause,
            has=inquiry.has | second,
            lacks={Need.TUNABLE_MODEL: "the server lists no base model that can be tuned"},
            parts=parts,
        )
    finally:
        if world:
            session.delete(f"{address.url}/_emulator/world", headers=headers, timeout=_PATIENCE)
        session.close()


class _Moved:
    """The clock of a mock server that nothing moves but who waits on it."""

    def __init__(self, session: requests.Session, base_url: str, headers: dict[str, str]) -> None:
        self._session = session
        self._base_url = base_url
        self._headers = headers
        self._now = 0.0

    def passing(self) -> Passing:
        return Passing(lambda: self._now, self._sleep)

    def _sleep(self, seconds: float) -> None:
        _clock(self._session, self._base_url, seconds, self._headers).raise_for_status()
        self._now += seconds


def _clock(
    session: requests.Session, base_url: str, seconds: float | None, headers: dict[str, str] | None = None
) -> requests.Response:
    """Ask the clock of a mock server of ours, or move it; another server has none."""
    path = f"{base_url}/_emulator/clock"
    how: dict[str, Any] = {"headers": headers, "timeout": _PATIENCE, "auth": lambda request: request}
    if seconds is None:
        answer = session.get(path, **how)
        told = answer.status_code == 200 and "now" in _members(answer)
        answer.status_code = 200 if told else 404
        return answer
    return session.post(path, json={"advance": seconds}, **how)


def _members(answer: requests.Response) -> dict[str, Any]:
    try:
        value = answer.json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _in_world(world: str) -> People:
    from tunedmodels_mockserver.core.defaults import API_KEY
    from tunedmodels_mockserver.core.grants import Access
    from tunedmodels_mockserver.core.scopes import TUNING

    def token(email: str) -> Credentials:
        return bearer(f"test-{world}/{Access(email, TUNING, _FOREVER, email).token()}")

    return People(token("alice@example.com"), token("bob@example.com"), api_key.Credentials(f"test-{world}/{API_KEY}"))


def _header(caller: Credentials) -> dict[str, str]:
    headers: dict[str, str] = {}
    if not isinstance(caller, AnonymousCredentials):
        caller.apply(headers)
    return headers
