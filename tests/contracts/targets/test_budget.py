"""Tests the budget of a live run, and the adapter that keeps to it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from tunedmodels_contracts.clauses.clause import Clause, Cost
from tunedmodels_contracts.targets.live.budget import Budget, BudgetAdapter, BudgetError, BudgetExceeded, cheapest_first
from tunedmodels_contracts.transport.forwarding import ForwardingAdapter

URL = "https://service.test/v1beta/tunedModels"
TOKEN = {"Authorization": "Bearer somebody"}


class Service(ForwardingAdapter):
    """Answers create calls with the next of *statuses*, all else with 200; it records the requests."""

    def __init__(self, *statuses: int) -> None:
        super().__init__()
        self.statuses = list(statuses)
        self.sent: list[str] = []
        self.created = 0

    def send(self, request: requests.PreparedRequest, *_how: Any, **_more: Any) -> requests.Response:
        self.sent.append(f"{request.method} {request.path_url}")
        answer = requests.Response()
        answer.status_code = 200
        answer._content = b"{}"
        if request.method == "POST" and request.path_url.startswith("/v1beta/tunedModels?"):
            answer.status_code = self.statuses.pop(0) if self.statuses else 200
            self.created += answer.status_code == 200
            name = f"tunedModels/{request.path_url.rpartition('=')[2]}"
            answer._content = json.dumps({"metadata": {"tunedModel": name}}).encode()
        return answer


def session_of(adapter: BudgetAdapter) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", adapter)
    session.headers.update(TOKEN)
    return session


def create(session: requests.Session, model_id: str = "a") -> requests.Response:
    return session.post(URL, params={"tunedModelId": model_id}, json={})


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("tunings=1,requests=200,seconds=1800", Budget(1, 200, 1800)),
        ("tunings=2", Budget(2, 200, 1800)),
        (" requests = 7 , seconds = 0.5 ", Budget(0, 7, 0.5)),
        ("tunings=0", Budget()),
    ],
)
def test_limits_are_parsed(text: str, budget: Budget) -> None:
    """A limit that is not named has its default. The default for tunings is 0."""
    assert Budget.parse(text) == budget
    assert Budget().tunings == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "--tunedmodels-spend: '' is not a limit; use tunings, requests, seconds, each with = and a number"),
        ("money=3", "--tunedmodels-spend: 'money=3' is not a limit; use tunings, requests, seconds"),
        ("tunings=some", "--tunedmodels-spend: tunings is 'some'; give a whole number, as in tunings=1,"),
        ("tunings=1.5", "--tunedmodels-spend: tunings is '1.5'; give a whole number"),
        ("requests=-1", "--tunedmodels-spend: requests is '-1'; give a whole number"),
        ("seconds=inf", "--tunedmodels-spend: seconds is 'inf'; give a number of seconds"),
        ("requests=0", "--tunedmodels-spend: requests is 0, so no request is possible; give more than 0"),
        ("tunings=1,tunings=2", "--tunedmodels-spend: tunings is given twice; remove one"),
        ("tunings=1,", "--tunedmodels-spend: '' is not a limit"),
        ("tunings=\u0663", "--tunedmodels-spend: tunings is '\u0663'; give a whole number"),
    ],
)
def test_invalid_limit_is_refused(text: str, message: str) -> None:
    """The error names the limit, its value and the valid values."""
    with pytest.raises(BudgetError) as refusal:
        Budget.parse(text)

    assert str(refusal.value).startswith(message)


def test_tuning_clauses_are_skipped_without_a_tuning() -> None:
    """A clause that costs a tuning is skipped with a reason if the budget has none."""
    tunes = Clause("a/b", ("tunedModels.create",), cost=Cost.TUNING)

    assert Budget().skip_reason(tunes) == "it costs a tuning, and --tunedmodels-spend allows none"
    assert Budget(tunings=1).skip_reason(tunes) == ""
    assert Budget().skip_reason(Clause("a/c", ("tunedModels.list",))) == ""


def test_request_beyond_the_budget_is_not_sent() -> None:
    """A request that would exceed a limit is not sent, and the message names the limit."""
    service = Service()
    session = session_of(BudgetAdapter(Budget(requests=2), service))
    session.get(URL)
    session.get(URL)

    with pytest.raises(BudgetExceeded, match="the budget --tunedmodels-spend is used up: 2 of 2 requests"):
        session.get(URL)
    assert len(service.sent) == 2


def test_create_call_counts_until_it_is_refused() -> None:
    """A refused create call does not count as a tuning. One with a server error counts: the model may exist."""
    service = Service(400, 409, 500)
    session = session_of(BudgetAdapter(Budget(tunings=1), service))
    for _ in range(3):
        create(session)

    with pytest.raises(BudgetExceeded, match="used up: 1 of 1 tunings"):
        create(session)
    assert len(service.sent) == 3


def test_create_call_without_credentials_is_no_tuning() -> None:
    """It cannot create a model, so clauses about missing credentials run without a tuning."""
    service = Service(403)
    session = session_of(BudgetAdapter(Budget(tunings=0), service))
    del session.headers["Authorization"]

    assert create(session).status_code == 403
    with pytest.raises(BudgetExceeded, match="used up: 0 of 0 tunings"):
        session.post(URL, params={"key": "mine"})


def test_requests_to_delete_are_reserved() -> None:
    """The requests that delete a model and check that it is gone are reserved. They are sent even after the time."""
    now = [0.0]
    service = Service()
    adapter = BudgetAdapter(Budget(tunings=1, requests=4, seconds=10), service, clock=lambda: now[0])
    session = session_of(adapter)
    create(session)
    session.get(URL)
    with pytest.raises(BudgetExceeded, match="2 of 4 requests; 2 are reserved for deleting models"):
        session.delete(f"{URL}/of-another-user")
    now[0] = 11.0

    with pytest.raises(BudgetExceeded, match="11 of 10 seconds"):
        session.get(URL)
    session.delete(f"{URL}/a")
    with adapter.cleaning_up():
        session.get(f"{URL}/a")
    assert len(service.sent) == 4


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["create", "get", "delete", "delete another", "clean up", "wait"]),
        st.sampled_from([200, 400, 500]),
    ),
    max_size=40,
)


@settings(max_examples=50)
@given(STEPS, st.integers(0, 3), st.integers(1, 12))
def test_no_sequence_exceeds_the_budget(steps: list[tuple[str, int]], tunings: int, allowed: int) -> None:
    """No sequence of requests exceeds the budget, and all created models can be deleted."""
    now = [0.0]
    service = Service()
    adapter = BudgetAdapter(Budget(tunings, allowed, 100), service, clock=lambda: now[0])
    session = session_of(adapter)
    created: list[str] = []
    for number, (step, status) in enumerate(steps):
        try:
            if step == "create":
                service.statuses = [status]
                if create(session, f"m{number}").status_code != 400:
                    created.append(f"m{number}")
            elif step == "get":
                session.get(URL)
            elif step == "delete" and created:
                session.delete(f"{URL}/{created[0]}")
                session.get(f"{URL}/{created.pop(0)}")  # may be refused; the model is deleted all the same
            elif step == "delete another":
                session.delete(f"{URL}/another")
            elif step == "wait":
                now[0] += 30
        except BudgetExceeded:
            continue
        assert service.created <= tunings
        assert len(service.sent) <= allowed
    with adapter.cleaning_up():
        for name in created:
            session.delete(f"{URL}/{name}")

    assert len(service.sent) <= allowed


def test_cheapest_clauses_come_first() -> None:
    """Clauses that tune nothing come first, then those on shared runs, then those with runs of their own."""
    tunes = Clause("a/b", ("tunedModels.get",), cost=Cost.TUNING)
    orders = [
        cheapest_first(Clause("a/c", ("tunedModels.list",)), ["new_id"]),
        *(
            cheapest_first(tunes, fixtures)
            for fixtures in (["finished_run"], ["finished_run", "scratch_run"], ["eleven_models"])
        ),
        cheapest_first(tunes, ["finished_run", "create"]),
    ]

    assert orders == sorted(set(orders))
    assert cheapest_first(tunes, ["new_id"]) == orders[-1]
