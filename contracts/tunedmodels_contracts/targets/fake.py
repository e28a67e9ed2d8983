"""Opens the target fake, which is the mock server in this process. Its clock moves when the suite waits."""

from __future__ import annotations

import requests
from google.auth import api_key
from google.oauth2.credentials import Credentials

from ..clauses.clause import Need
from ..harness.clock import TargetClock
from ..transport.wsgi_adapter import WsgiAdapter
from .mock_controls import Controls
from .target import Target

_URL = "http://fake.test"
_SECOND = 1_000_000_000  # nanoseconds


def fake(seed: int | None = None) -> Target:
    """Return a new fake without models. With the same *seed* it repeats its ids and losses."""
    from tunedmodels_mockserver import ManualClock, Settings, create_app
    from tunedmodels_mockserver.testing import API_KEY, access_token

    clock = ManualClock()
    adapter = WsgiAdapter(create_app(Settings(seed=seed, strict=True, auth="strict"), clock.now))
    session, control_session = requests.Session(), requests.Session()  # calls of the controls are not API traffic
    for one in (session, control_session):
        one.mount("http://", adapter)

    return Target(
        kind="fake",
        session=session,
        base_url=_URL,
        caller=Credentials(token=access_token("alice@example.com")),
        other=Credentials(token=access_token("bob@example.com")),
        key=api_key.Credentials(API_KEY),
        base_model="models/gemini-1.0-pro-001",
        clock=TargetClock(lambda: clock.now() / _SECOND, clock.advance),
        bound=60.0,
        capabilities=frozenset(Need),
        fail_next_run=Controls(control_session, _URL).fail_next_run,
    )
