"""Opens the target live, the real service. It stays within a budget and deletes what the run created."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import requests
from google.auth.credentials import AnonymousCredentials

from ...clauses.clause import Need
from ...clauses.results import GONE
from ...harness.api import Api
from ...signal_delay import SignalDelay
from .. import credentials
from ..credentials import CallerCredentials
from ..probe import probe
from ..scopes import ScopeTracker
from ..target import Target, TargetError, ignore_judgement
from . import anonymous, ledger
from .budget import EXAMPLE, OPTION, Budget, BudgetAdapter
from .cleanup import CleanupResult, clean_up, find_unknown_models
from .ledger import Ledger, LedgerAdapter, LedgerError
from .loopback import VARIABLE, Loopback, stand_in_url
from .recorder import Recorder

HOST = "https://generativelanguage.googleapis.com"

_COSTS = (
    f"The target live needs to know what it may cost: give {OPTION} {EXAMPLE}, tunings=0 for no tuning; "
    f"or ask what needs no credentials, with {anonymous.OPTION}"
)
_UNVERIFIABLE = f"{GONE}: the service lists no base model that can be tuned"


@dataclass(frozen=True)
class LiveOptions:
    """The options of the target live. Without *spend* it does not open, unless it is used *anonymously*.

    *spend* is the budget, *ledger* the path of the ledger, *record* the folder for recordings, and *second_token* the
    token of the other user. *base_model* is the base model to tune; if it is empty, the probe chooses one. *bound* is
    the number of seconds that a run may take, *pause* the number of seconds between two polls.
    """

    spend: Budget | None = None
    ledger: Path = ledger.DEFAULT
    record: Path | None = None
    anonymously: bool = False
    second_token: str = ""
    base_model: str = ""
    bound: float = 3600.0
    pause: float = 10.0


def obstacles(asked: LiveOptions) -> list[str]:
    """Return a sentence for each obstacle: a missing budget, missing credentials, and models that an earlier run has
    left.

    Raises TargetError if the URL of the stand-in is invalid, and LedgerError if the ledger is.
    """
    if asked.anonymously:
        return []
    reasons = [] if asked.spend else [_COSTS]
    if not stand_in_url():  # find_credentials reports what a stand-in needs
        reasons.append(credentials.missing_credentials())
    return [sentence for sentence in (*reasons, _leftovers(asked.ledger)) if sentence]


@contextmanager
def live(asked: LiveOptions, left_out: Callable[[str], NoReturn]) -> Iterator[Target]:
    """Open the real service. *left_out* is called with the reason for a request that would exceed the budget.

    At the end, delete all models that the run created, and check that they are gone. Ctrl-C and SIGTERM wait for that.
    Raises TargetError if there is an obstacle, and LedgerError if this run leaves a model.
    """
    in_the_way = obstacles(asked)
    if in_the_way:
        raise TargetError("\n".join(in_the_way))
    standing = stand_in_url()
    base_url = standing or HOST
    if asked.anonymously:
        spend, asking = asked.spend or anonymous.SPEND, CallerCredentials()
    else:
        spend, asking = (
            asked.spend or Budget(),
            credentials.find_credentials(asked.second_token, stand_in=bool(standing)),
        )
    parts = ScopeTracker()
    recorder = Recorder(asked.record, parts, stand_in=bool(standing), secrets=asking.secrets) if asked.record else None
    book = Ledger(asked.ledger, parts.run, base_url)
    noting = recorder if asked.anonymously else LedgerAdapter(book, recorder, who=asking.who)
    meter = BudgetAdapter(spend, noting, exceeded=left_out)
    with _session(standing) as session, SignalDelay() as signal_delay:
        session.mount(f"{base_url}/", meter)
        try:
            yield _target(asked, asking, session, base_url, parts, recorder)
        finally:
            signal_delay.hold()
            try:
                with meter.settling():
                    _clean_up(book, session, asking, asked.pause)
            finally:
                if recorder:
                    recorder.finish()


def sweep(path: Path, second_token: str = "") -> CleanupResult:
    """Delete the models that earlier runs have left, as the ledger at *path* lists them, and check that they are gone.

    Report, but do not delete, models whose names begin like those of live runs and that the ledger does not list.
    Raises TargetError if there are no credentials, and LedgerError if the file is not a ledger.
    """
    standing = stand_in_url()
    base_url = standing or HOST
    ledger.read(path)
    asking = credentials.find_credentials(second_token, stand_in=bool(standing))
    with _session(standing) as session:
        callers = {name: Api(session, base_url, who) for name, who in asking.named.items()}
        settled = clean_up(path, callers, base_url)
        settled.unknown_models.extend(find_unknown_models(path, callers["caller"]))
    elsewhere = [entry for entry in ledger.read(path) if entry.left and entry.host != base_url]
    settled.left.extend(f"{entry}: it is another server" for entry in elsewhere)
    return settled


def _target(
    asked: LiveOptions,
    asking: CallerCredentials,
    session: requests.Session,
    base_url: str,
    parts: ScopeTracker,
    recorder: Recorder | None,
) -> Target:
    has, base_model = frozenset({Need.CREDENTIALS_JUDGED}), asked.base_model
    standing = base_url != HOST
    notes: tuple[str, ...] = ()
    if standing:
        notes = (f"{VARIABLE} is set: what was asked is a stand-in, and nothing of this is evidence",)
    if asked.anonymously:
        notes += anonymous.notes(session, base_url)
    else:
        with parts.part("runs/target"):
            inquiry = probe(Api(session, base_url, asking.caller), parts.new_id(), asked.base_model)
        has, base_model = inquiry.capabilities, inquiry.base_model
    if not isinstance(asking.other, AnonymousCredentials):
        has |= {Need.SECOND_CALLER}
    return Target(
        kind="stand-in" if standing else "live",
        session=session,
        base_url=base_url,
        caller=asking.caller,
        other=asking.other,
        key=asking.key,
        base_model=base_model or "models/none",
        bound=asked.bound,
        pause=asked.pause,
        capabilities=has,
        missing={
            Need.TUNABLE_MODEL: _UNVERIFIABLE,
            Need.SECOND_CALLER: "there is no --tunedmodels-second-token, so nobody else to share with",
        },
        scopes=parts,
        notes=notes,
        on_judged=recorder.on_judged if recorder else ignore_judgement,
    )


def _session(standing: str) -> requests.Session:
    session = requests.Session()
    if standing:
        for scheme in ("https://", "http://"):
            session.mount(scheme, Loopback())
    return session


def _leftovers(path: Path) -> str:
    left = [entry for entry in ledger.read(path) if entry.left]
    if not left:
        return ""
    return (
        f"{path} knows of {len(left)} not proved gone, such as {left[0]}: "
        f"run tunedmodels-contracts sweep --ledger {path}"
    )


def _clean_up(book: Ledger, session: requests.Session, asking: CallerCredentials, pause: float) -> None:
    callers = {name: Api(session, book.host, who) for name, who in asking.named.items()}
    settled = clean_up(book.path, callers, book.host, book.run, pause=pause)
    if settled.left:
        lines = [f"Left at {book.host}; {book.path} knows of it, for tunedmodels-contracts sweep:", *settled.left]
        raise LedgerError("\n".join(lines))
