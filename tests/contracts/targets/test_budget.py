"""Spend: limits that are read, and never exceeded."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from tunedmodels_contracts.clauses.clause import Clause, Cost
from tunedmodels_contracts.targets.live.budget import Budget, BudgetAdapter, BudgetError, BudgetExceeded, cheapest_first
from tunedmodels_contracts.transport.forwarding import ForwardingAdapter

URL = "https://service.test/v1beta/tunedModels"
TOKEN = {"Authorization": "Bearer somebody"}


class Service(ForwardingAdapter):
    """Answers create calls with the next of *statuses*, all else with 200; it counts what it was really sent."""

    def __init__(self, *statuses: int) -> None:
        super().__init__()
        self.statuses = list(statuses)
        self.sent: list[str] = []
        self.made = 0

    def send(self, request: requests.PreparedRequest, *_how: Any, **_more: Any) -> requests.Response:
        self.sent.append(f"{request.method} {request.path_url}")
        answer = requests.Response()
        answer.status_code = 200
        answer._content = b"{}"
        if request.method == "POST" and request.path_url.startswith("/v1beta/tunedModels?"):
            answer.status_code = self.statuses.pop(0) if self.statuses else 200
            self.made += answer.status_code == 200
            name = f"tunedModels/{request.path_url.rpartition('=')[2]}"
            answer._content = json.dumps({"metadata": {"tunedModel": name}}).encode()
        return answer


def session_of(meter: BudgetAdapter) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", meter)
    session.headers.update(TOKEN)
    return session


def create(session: requests.Session, model_id: str = "a") -> requests.Response:
    return session.post(URL, params={"tunedModelId": model_id}, json={})


@pytest.mark.parametrize(
    ("text", "spend"),
    [
        ("tunings=1,requests=200,seconds=1800", Budget(1, 200, 1800)),
        ("tunings=2", Budget(2, 200, 1800)),
        (" requests = 7 , seconds = 0.5 ", Budget(0, 7, 0.5)),
        ("tunings=0", Budget()),
    ],
)
def test_limits_are_read(text: str, spend: Budget) -> None:
    """What is not named has its default, and by default nothing is tuned."""
    assert Budget.parse(text) == spend
    assert Budget().tunings == 0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "--tunedmodels-spend: '' is no limit; it has to be tunings, requests, seconds, each with = and a number"),
        ("money=3", "--tunedmodels-spend: 'money=3' is no limit; it has to be tunings, requests, seconds"),
        ("tunings=some", "--tunedmodels-spend: tunings is 'some'; it has to be a whole number, as in tunings=1,"),
        ("tunings=1.5", "--tunedmodels-spend: tunings is '1.5'; it has to be a whole number"),
        ("requests=-1", "--tunedmodels-spend: requests is '-1'; it has to be a whole number"),
        ("seconds=inf", "--tunedmodels-spend: seconds is 'inf'; it has to be a number of seconds"),
        ("requests=0", "--tunedmodels-spend: requests is 0, so that nothing could be asked; give it more than 0"),
        ("tunings=1,tunings=2", "--tunedmodels-spend: tunings is there twice; keep one of the two"),
        ("tunings=1,", "--tunedmodels-spend: '' is no limit"),
        ("tunings=\u0663", "--tunedmodels-spend: tunings is '\u0663'; it has to be a whole number"),
    ],
)
def test_refusals_name_field_value_and_fix(text: str, sentence: str) -> None:
    """Who writes a limit wrongly is told which, what it is, and what it has to be."""
    with pytest.raises(BudgetError) as refusal:
        Budget.parse(text)

    assert str(refusal.value).startswith(sentence)


def test_clauses_that_tune_are_left_out_where_nothing_may_be_tuned() -> None:
    """A clause that costs a tuning is left out with its reason unless one is allowed."""
    tunes = Clause("a/b", ("tunedModels.create",), cost=Cost.TUNING)

    assert Budget().skip_reason(tunes) == "it costs a tuning, and --tunedmodels-spend allows none"
    assert Budget(tunings=1).skip_reason(tunes) == ""
    assert Budget().skip_reason(Clause("a/c", ("tunedModels.list",))) == ""


def test_what_goes_beyond_is_not_sent() -> None:
    """The request that would exceed a limit never leaves, and the message names the limit."""
    service = Service()
    session = session_of(BudgetAdapter(Budget(requests=2), service))
    session.get(URL)
    session.get(URL)

    with pytest.raises(BudgetExceeded, match="2 of 2 requests were sent: --tunedmodels-spend allows no more"):
        session.get(URL)
    assert len(service.sent) == 2


def test_a_create_call_is_a_tuning_until_it_is_refused() -> None:
    """A refused create call makes nothing, and its tuning may be used again; a broken one may have made something."""
    service = Service(400, 409, 500)
    session = session_of(BudgetAdapter(Budget(tunings=1), service))
    for _ in range(3):
        create(session)

    with pytest.raises(BudgetExceeded, match="1 tuning could be started"):
        create(session)
    assert len(service.sent) == 3


def test_a_create_call_without_credentials_is_no_tuning() -> None:
    """Nobody can make nothing, so clauses about missing credentials run without a tuning."""
    service = Service(403)
    session = session_of(BudgetAdapter(Budget(tunings=0), service))
    del session.headers["Authorization"]

    assert create(session).status_code == 403
    with pytest.raises(BudgetExceeded, match="no tunings could be started"):
        session.post(URL, params={"key": "mine"})


def test_what_was_made_can_be_deleted_after_all_else_is_spent() -> None:
    """Requests to delete a model and to see it gone are held back, and let through when the time is over."""
    now = [0.0]
    service = Service()
    meter = BudgetAdapter(Budget(tunings=1, requests=4, seconds=10), service, clock=lambda: now[0])
    session = session_of(meter)
    create(session)
    session.get(URL)
    with pytest.raises(BudgetExceeded, match="2 of 4 requests were sent, and 2 are kept to delete what was made"):
        session.delete(f"{URL}/of-somebody-else")
    now[0] = 11.0

    with pytest.raises(BudgetExceeded, match="the 10 seconds are over"):
        session.get(URL)
    session.delete(f"{URL}/a")
    with meter.settling():
        session.get(f"{URL}/a")
    assert len(service.sent) == 4


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["create", "get", "delete", "delete another", "settle", "wait"]),
        st.sampled_from([200, 400, 500]),
    ),
    max_size=40,
)


@given(STEPS, st.integers(0, 3), st.integers(1, 12))
def test_no_sequence_exceeds_the_spend(steps: list[tuple[str, int]], tunings: int, allowed: int) -> None:
    """Whatever is asked in whatever order, no more is sent than is allowed, and all that was made can be deleted."""
    now = [0.0]
    service = Service()
    meter = BudgetAdapter(Budget(tunings, allowed, 100), service, clock=lambda: now[0])
    session = session_of(meter)
    made: list[str] = []
    for number, (step, status) in enumerate(steps):
        try:
            if step == "create":
                service.statuses = [status]
                if create(session, f"m{number}").status_code != 400:
                    made.append(f"m{number}")
            elif step == "get":
                session.get(URL)
            elif step == "delete" and made:
                session.delete(f"{URL}/{made[0]}")
                session.get(f"{URL}/{made.pop(0)}")  # may be refused; the model is deleted all the same
            elif step == "delete another":
                session.delete(f"{URL}/another")
            elif step == "wait":
                now[0] += 30
        except BudgetExceeded:
            continue
        assert service.made <= tunings
        assert len(service.sent) <= allowed
    with meter.settling():
        for name in made:
            session.delete(f"{URL}/{name}")

    assert len(service.sent) <= allowed


def test_order() -> None:
    """A small spend goes where most is learnt: first what tunes nothing, then shared runs, then runs of one's own."""
    tunes = Clause("a/b", ("tunedModels.get",), cost=Cost.TUNING)
    orders = [
        cheapest_first(Clause("a/c", ("tunedModels.list",)), ["new_id"]),
        *(cheapest_first(tunes, fixtures) for fixtures in (["finished"], ["finished", "scratch"], ["eleven"])),
        cheapest_first(tunes, ["finished", "create"]),
    ]

    assert orders == sorted(set(orders))
    assert cheapest_first(tunes, ["new_id"]) == orders[-1]
