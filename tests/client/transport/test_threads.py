"""Many threads share one client, its connections and its token."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import google.auth.credentials
import google.auth.exceptions
import pytest
import requests

from tunedmodels import Client, CredentialsError, Polling, Retry, RetrySafety, Unauthenticated
from tunedmodels._transport.address import Address
from tunedmodels._transport.credentials import Caller

from ..flaky_server import FlakyServer, ReceivedRequest, Step, answer, refusal
from .renewable import Renewable

T = TypeVar("T")

THREADS = 8


def echo(request: ReceivedRequest) -> Step:
    """Answer with the name of the request, or with its body."""
    name = request.path.removeprefix("/v1beta/").partition("?")[0]
    if ":" in name:
        return answer({"candidates": [{"content": {"parts": [{"text": request.body.decode()}]}}]})
    if "/operations/" in name:
        return answer({"name": name, "done": True, "response": {"name": name.partition("/operations")[0]}})
    return answer({"name": name})


def run_in_threads(ask: Callable[[int], T]) -> list[T]:
    """Call *ask* in all threads at the same time, and return the results."""
    begin = threading.Barrier(THREADS)

    def run(number: int) -> T:
        begin.wait(10)
        return ask(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def test_each_thread_gets_its_own_answers() -> None:
    """Each thread gets the answers to its own requests."""

    def ask(number: int) -> list[bool]:
        results = []
        for turn in range(10):
            name = f"tunedModels/m-{number}-{turn}"
            results.append(client.tuned_models.get(name).name == name)
            results.append(name in client.tuned_models.generate_content(name, f"I am {name}").text)
            results.append(client.operations.get(f"{name}/operations/o").result().name == name)
        return results

    with FlakyServer(otherwise=echo) as server, Client(server.url, api_key="the-key") as client:
        results = run_in_threads(ask)

    assert results == [[True] * 30] * THREADS
    assert len(server.received) == THREADS * 30
    assert {request.headers["x-goog-api-key"] for request in server.received} == {"the-key"}
    assert server.connections <= THREADS


def test_each_thread_is_retried_alone() -> None:
    """The client retries the failures of some threads, without an effect on the others."""
    turns = itertools.count()

    def sometimes(request: ReceivedRequest) -> Step:
        return refusal(503, "UNAVAILABLE") if next(turns) % 3 == 0 else echo(request)

    def ask(number: int) -> list[str]:
        return [client.tuned_models.get(f"m-{number}-{turn}").name for turn in range(10)]

    with (
        FlakyServer(otherwise=sometimes) as server,
        Client(server.url, api_key="the-key", retry=Retry(30, initial=0.001)) as client,
    ):
        names = run_in_threads(ask)

    assert names == [[f"tunedModels/m-{number}-{turn}" for turn in range(10)] for number in range(THREADS)]


def test_token_that_is_refused_to_all_is_renewed_once() -> None:
    """If all threads get a 401, one thread renews the token for all."""
    all_refused = threading.Barrier(THREADS)

    def service(request: ReceivedRequest) -> Step:
        if request.headers["authorization"] == "Bearer token-0":
            all_refused.wait(10)
            return refusal(401, "UNAUTHENTICATED")
        return echo(request)

    credentials = Renewable()
    with FlakyServer(otherwise=service) as server, Client(server.url, credentials=credentials) as client:
        names = run_in_threads(lambda number: client.tuned_models.get(f"m-{number}").name)

    tokens = Counter(request.headers["authorization"] for request in server.received)
    assert names == [f"tunedModels/m-{number}" for number in range(THREADS)]
    assert credentials.renewals == 1
    assert tokens == {"Bearer token-0": THREADS, "Bearer token-1": THREADS}


def test_token_that_cannot_be_renewed() -> None:
    """If no new token can be had, each thread gets the service's refusal once."""

    def ask(number: int) -> str:
        with pytest.raises(Unauthenticated) as caught:
            client.tuned_models.get(f"m-{number}")
        return caught.value.status

    with (
        FlakyServer(otherwise=refusal(401, "UNAUTHENTICATED")) as server,
        Client(server.url, credentials=Renewable(google.auth.exceptions.RefreshError("revoked"))) as client,
    ):
        statuses = run_in_threads(ask)

    assert statuses == ["UNAUTHENTICATED"] * THREADS
    assert len(server.received) == THREADS


def test_streams_side_by_side() -> None:
    """Each thread reads its own stream."""

    def service(request: ReceivedRequest) -> Step:
        name = request.path.partition(":")[0]
        return answer([{"candidates": [{"content": {"parts": [{"text": f"{name} {part}"}]}}]} for part in range(20)])

    def ask(number: int) -> list[str]:
        return [chunk.text for chunk in client.tuned_models.stream_generate_content(f"m-{number}", "1")]

    with FlakyServer(otherwise=service) as server, Client(server.url, api_key="the-key") as client:
        texts = run_in_threads(ask)

    assert texts == [[f"/v1beta/tunedModels/m-{number} {part}" for part in range(20)] for number in range(THREADS)]


def test_one_operation_in_many_threads() -> None:
    """Threads that wait for the same operation all get the model."""
    name = "tunedModels/m/operations/o"
    polls = itertools.count()

    def service(_: ReceivedRequest) -> Step:
        end = {"done": True, "response": {"name": "tunedModels/m"}} if next(polls) > 20 else {}
        return answer({"name": name, **end})

    with (
        FlakyServer(otherwise=service) as server,
        Client(server.url, api_key="the-key", polling=Polling(0.001)) as client,
    ):
        operation = client.operations.from_json({"name": name})
        models = run_in_threads(lambda _: operation.result(timeout=30).name)

    assert models == ["tunedModels/m"] * THREADS


def test_waiting_for_the_token_of_another_thread_has_a_limit() -> None:
    """A thread with little time does not wait for the token that another thread gets."""
    start, end = threading.Event(), threading.Event()

    class Slow(google.auth.credentials.Credentials):
        def refresh(self, request: Any) -> None:  # noqa: ARG002
            start.set()
            end.wait(20)
            self.token = "late"

    slow = Slow()  # type: ignore[no-untyped-call]
    caller = Caller(Address("https://service.test"), slow, None, requests.Session())
    other = threading.Thread(target=caller.headers, args=("GET", "https://service.test/", lambda: 20.0))
    other.start()
    assert start.wait(10)

    with pytest.raises(CredentialsError, match="another thread was still getting a token") as caught:
        caller.headers("GET", "https://service.test/", lambda: 0.1)
    end.set()
    other.join()

    assert caught.value.retry_safety is RetrySafety.UNSENT
