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
from ...clauses.results import Verdict
from ...harness.api import Api
from ...signal_delay import SignalDelay
from ..credentials import CallerCredentials, find_credentials, missing_credentials
from ..probe import probe
from ..scopes import ScopeTracker
from ..target import Target, TargetError, ignore_outcome
from . import anonymous
from .budget import EXAMPLE, OPTION, Budget, BudgetAdapter
from .cleanup import CleanupResult, clean_up, find_unknown_models
from .ledger import DEFAULT, Ledger, LedgerAdapter, LedgerError, read
from .loopback import VARIABLE, Loopback, stand_in_url
from .recorder import Recorder

HOST = "https://generativelanguage.googleapis.com"

_NO_BUDGET = (
    f"The target live needs a budget: give {OPTION} {EXAMPLE} (tunings=0 for no tuning), "
    f"or use {anonymous.OPTION} to check only what needs no credentials"
)
_UNVERIFIABLE = f"{Verdict.NO_LONGER_VERIFIABLE.value}: the service lists no base model that can be tuned"


@dataclass(frozen=True)
class LiveOptions:
    """The options of the target live. Without a *budget* it opens only if *anonymous*, which means
    that it uses no credentials.

    *ledger* is the path of the ledger, *record* the folder for recordings, and *second_token* the
    token of the other user. *base_model* is the base model to tune; if it is empty, the probe chooses one. *bound* is
    the number of seconds that a run may take, *pause* the number of seconds between two polls.
    """

    budget: Budget | None = None
    ledger: Path = DEFAULT
    record: Path | None = None
    anonymous: bool = False
    second_token: str = ""
    base_model: str = ""
    bound: float = 3600.0
    pause: float = 10.0


def obstacles(options: LiveOptions) -> list[str]:
    """Return a sentence for each obstacle: a missing budget, missing credentials, and models that an earlier
    run has left.

    Raises TargetError if the URL of the stand-in is invalid, and LedgerError if the ledger is.
    """
    if options.anonymous:
        return []
    sentences = [] if options.budget else [_NO_BUDGET]
    if not stand_in_url():  # find_credentials reports what a stand-in needs
        sentences.append(missing_credentials())
    return [sentence for sentence in (*sentences, _leftovers(options.ledger)) if sentence]


@contextmanager
def live(options: LiveOptions, skip: Callable[[str], NoReturn]) -> Iterator[Target]:
    """Open the real service. *skip* is called with the reason for a request that would exceed the budget.

    At the end, delete all models that the run created, and check that they are gone. Ctrl-C and SIGTERM wait for that.
    Raises TargetError if there is an obstacle, and LedgerError if this run leaves a model.
    """
    problems = obstacles(options)
    if problems:
        raise TargetError("\n".join(problems))
    stand_in = stand_in_url()
    base_url = stand_in or HOST
    if options.anonymous:
        budget, credentials = options.budget or anonymous.BUDGET, CallerCredentials()
    else:
        budget = options.budget or Budget()
        credentials = find_credentials(options.second_token, stand_in=bool(stand_in))
    scopes = ScopeTracker()
    recorder: Recorder | None = None
    if options.record:
        recorder = Recorder(options.record, scopes, stand_in=bool(stand_in), secrets=credentials.secrets)
    ledger = Ledger(options.ledger, scopes.run, base_url)
    adapter = recorder if options.anonymous else LedgerAdapter(ledger, recorder, caller_name=credentials.caller_name)
    budget_adapter = BudgetAdapter(budget, adapter, on_exceeded=skip)
    with _session(stand_in) as session, SignalDelay() as signal_delay:
        session.mount(f"{base_url}/", budget_adapter)
        try:
            yield _target(options, credentials, session, base_url, scopes, recorder)
        finally:
            signal_delay.hold()
            try:
                with budget_adapter.cleaning_up():
                    _clean_up(ledger, session, credentials, options.pause)
            finally:
                if recorder:
                    recorder.finish()


def sweep(path: Path, second_token: str = "") -> CleanupResult:
    """Delete the models that earlier runs have left, as the ledger at *path* lists them, and check that they are gone.

    Report, but do not delete, models whose names begin like those of live runs and that the ledger does not list.
    Raises TargetError if there are no credentials, and LedgerError if the file is not a ledger.
    """
    stand_in = stand_in_url()
    base_url = stand_in or HOST
    read(path)
    credentials = find_credentials(second_token, stand_in=bool(stand_in))
    with _session(stand_in) as session:
        callers = {name: Api(session, base_url, one) for name, one in credentials.available.items()}
        result = clean_up(path, callers, base_url)
        result.unknown_models.extend(find_unknown_models(path, callers["caller"]))
    on_other_servers = [entry for entry in read(path) if entry.is_open and entry.host != base_url]
    result.remaining.extend(f"{entry}: it is on another server" for entry in on_other_servers)
    return result


def _target(
    options: LiveOptions,
    credentials: CallerCredentials,
    session: requests.Session,
    base_url: str,
    scopes: ScopeTracker,
    recorder: Recorder | None,
) -> Target:
    capabilities, base_model = frozenset({Need.CREDENTIALS_JUDGED}), options.base_model
    stand_in = base_url != HOST
    notes: tuple[str, ...] = ()
    if stand_in:
        notes = (f"{VARIABLE} is set: the server is a stand-in, so this run is not evidence",)
    if options.anonymous:
        notes += anonymous.notes(session, base_url)
    else:
        with scopes.open_scope("runs/target"):
            probe_result = probe(Api(session, base_url, credentials.caller), scopes.new_id(), options.base_model)
        capabilities, base_model = probe_result.capabilities, probe_result.base_model
    if not isinstance(credentials.other, AnonymousCredentials):
        capabilities |= {Need.SECOND_CALLER}
    return Target(
        kind="stand-in" if stand_in else "live",
        session=session,
        base_url=base_url,
        caller=credentials.caller,
        other=credentials.other,
        key=credentials.key,
        base_model=base_model or "models/none",
        bound=options.bound,
        pause=options.pause,
        capabilities=capabilities,
        missing={
            Need.TUNABLE_MODEL: _UNVERIFIABLE,
            Need.SECOND_CALLER: "it needs a second user: give --tunedmodels-second-token",
        },
        scopes=scopes,
        notes=notes,
        on_judged=recorder.on_judged if recorder else ignore_outcome,
    )


def _session(stand_in: str) -> requests.Session:
    session = requests.Session()
    if stand_in:
        for scheme in ("https://", "http://"):
            session.mount(scheme, Loopback())
    return session


def _leftovers(path: Path) -> str:
    entries = [entry for entry in read(path) if entry.is_open]
    if not entries:
        return ""
    models = "1 model" if len(entries) == 1 else f"{len(entries)} models"
    return (
        f"{path} lists {models} that may still exist, such as {entries[0]}; "
        f"run tunedmodels-contracts sweep --ledger {path}"
    )


def _clean_up(ledger: Ledger, session: requests.Session, credentials: CallerCredentials, pause: float) -> None:
    callers = {name: Api(session, ledger.host, one) for name, one in credentials.available.items()}
    result = clean_up(ledger.path, callers, ledger.host, ledger.run, pause=pause)
    if result.remaining:
        lines = [f"These models remain at {ledger.host}; run tunedmodels-contracts sweep --ledger {ledger.path}:"]
        lines += result.remaining
        raise LedgerError("\n".join(lines))
