"""Mutants have a name and a description, spoil what they describe, and change nothing else."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests

from tunedmodels_contracts.harness.answer import Answer
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.harness.tuning_runs import body
from tunedmodels_contracts.mutation import MUTANTS, find_mutant, install
from tunedmodels_contracts.mutation.impact import Baseline
from tunedmodels_contracts.mutation.registry import MODULES
from tunedmodels_contracts.mutation.request import MutantRequest
from tunedmodels_contracts.mutation.response import MutantResponse
from tunedmodels_contracts.targets.fake import fake

PROMPT = {"contents": [{"parts": [{"text": "two hundred"}]}]}


class MutatedFake:
    """A fake behind a mutant, with a model in it that was tuned."""

    def __init__(self, mutant: str) -> None:
        self.target = fake(seed=1)
        self.adapters = install(self.target.session, find_mutant(mutant)) if mutant else []
        self.api = Api(self.target.session, self.target.base_url, self.target.caller)
        self.created = self.api.post("v1beta/tunedModels", body(self.target.base_model), {"tunedModelId": "numbers"})

    def poll(self, seconds: float = 60.0) -> dict[str, Any]:
        """Wait, and return the operation."""
        self.target.clock.sleep(seconds)
        operations: dict[str, Any] = self.api.get("v1beta/tunedModels/numbers/operations").ok()
        operation: dict[str, Any] = self.api.get(f"v1beta/{operations['operations'][0]['name']}").ok()
        return operation


def test_names_and_descriptions() -> None:
    """A name is in kebab case, and a description is a sentence."""
    for name, mutant in MUTANTS.items():
        assert re.fullmatch(r"[a-z0-9]+([/-][a-z0-9]+)*", name)
        assert re.fullmatch(r"[A-Z].*\.", mutant.description), name


def test_each_name_has_one_mutant() -> None:
    """No mutant replaces another one of the same name."""
    assert len(MUTANTS) == sum(len(list(module.GROUP)) for module in MODULES)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("operation/done/dropped", {"done": True}, {}),
        ("operation/done/retyped", {"done": True}, {"done": "True"}),
        ("operation/done/written-as-default", {}, {"done": False}),
        ("operation/response/written-as-default", {}, {"response": None}),
        ("operation/response/written-as-default", {"response": {}}, {"response": {}}),
        ("operation/metadata/untyped", {"metadata": {"@type": "a", "b": 1}}, {"metadata": {"b": 1}}),
        ("operation/made-up-member", {}, {"madeUp": "x"}),
        ("tuned-model/state/retyped", {"state": "ACTIVE"}, {"state": 2}),
        ("tuned-model/state/made-up", {"state": "ACTIVE"}, {"state": "MADE_UP"}),
        ("tuned-model/state/made-up", {"state": 2}, {"state": 99}),
        ("tuned-model/top-p/zeroed", {"topP": 0.5}, {"topP": 0}),
        ("tuned-model/base-model/zeroed", {"baseModel": "models/a"}, {"baseModel": ""}),
        ("tuned-model/reader-project-numbers/retyped", {"readerProjectNumbers": ["1"]}, {"readerProjectNumbers": [1]}),
        ("tuning-task/snapshots/dropped", {"tuningTask": {"snapshots": [{}]}}, {"tuningTask": {}}),
    ],
)
def test_mutants_of_the_schema(name: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    """A mutant spoils its member in its message at any depth, by its type, and nothing in answers of other methods."""

    def answer(path: str) -> Any:
        request = MutantRequest("GET", f"http://a.test/v1beta/{path}", {}, b"")
        return MUTANTS[name].new_handler()(request, lambda _: MutantResponse.from_json(before)).json

    assert answer("tunedModels/a/operations/b" if name.startswith("operation") else "tunedModels/a") == after
    assert answer("models/a") == before


def test_mutants_of_statuses() -> None:
    """A row of the table replaces one status by another, and keeps the message."""
    answer = MutatedFake("model/not-found-as-permission-denied").api.get("v1beta/tunedModels/none")

    assert (answer.status, answer.json["error"]["status"]) == (403, "PERMISSION_DENIED")
    assert answer.json["error"]["message"] == "Tuned model tunedModels/none does not exist."
    assert MutatedFake("large-page/ok-as-invalid-argument").api.get("v1beta/models", {"pageSize": 1001}).status == 400
    assert MutatedFake("unknown-path/not-found-as-ok").api.get("v1beta/none").ok() == {}


def test_names_are_known() -> None:
    """An unknown name raises an error with the known names."""
    with pytest.raises(KeyError, match="There is no mutant 'none'; there are operation/made-up-member, "):
        find_mutant("none")


def test_done_goes_back() -> None:
    """A mutant with a memory: done is present in one poll, and absent in the next."""
    fake_api = MutatedFake("done-goes-back")

    assert [("done" in look, "response" in look) for look in (fake_api.poll(), fake_api.poll())] == [
        (True, True),
        (False, False),
    ]


def test_secret_echoed() -> None:
    """The error contains the key of the request."""
    api = MutatedFake("secret-echoed").api

    assert "of-nobody" in api.get("v1beta/models", {"key": "of-nobody"}).text


def test_permissions_unchecked() -> None:
    """Another caller gets a model without any permission."""
    fake_api = MutatedFake("permissions-unchecked")

    assert (
        fake_api.api.by(fake_api.target.other).get("v1beta/tunedModels/numbers").ok()["name"] == "tunedModels/numbers"
    )


@pytest.mark.parametrize(
    ("mutant", "text"),
    [("times-in-local-form", '"createTime": "2'), ("members-in-snake-case", '"create_time"'), ("always-compact", '{"')],
)
def test_texts_are_spoiled(mutant: str, text: str) -> None:
    """A mutant can change the text of the body and keep its values."""
    answer = MutatedFake(mutant).api.get("v1beta/tunedModels/numbers")

    assert text in answer.text
    assert "Z" not in answer.text or mutant != "times-in-local-form"


def test_events_stay_events() -> None:
    """A mutant changes each event of a stream, and each item of an array."""
    fake_api = MutatedFake("role-of-an-assistant")
    fake_api.poll()
    path = "v1beta/tunedModels/numbers:streamGenerateContent"
    events, array = fake_api.api.post(path, PROMPT, {"alt": "sse"}), fake_api.api.post(path, PROMPT)

    assert events.text.count("data: ") == events.text.count('"assistant"') == len(array.ok()) > 1
    assert [chunk["candidates"][0]["content"]["role"] for chunk in array.ok()[:1]] == ["assistant"]


def test_other_answers_stay_the_same() -> None:
    """A mutant does not change other answers, their headers, their encoding or their bytes."""
    one, other = MutatedFake(""), MutatedFake("done-goes-back")

    def comparable(answer: Answer) -> Any:
        passing = ("server-timing", "content-length")
        return answer.status, [pair for pair in answer.headers if pair[0].lower() not in passing], answer.text

    assert comparable(other.api.get("v1beta/models")) == comparable(one.api.get("v1beta/models"))
    assert [adapter.changed_answers for adapter in other.adapters] == [0] * len(other.adapters)


def test_mutants_wrap_the_adapters() -> None:
    """A session keeps its adapters, and the mutant wraps each of them."""
    session = requests.Session()
    before = list(session.adapters)
    changed_answers = install(session, find_mutant("always-compact"))

    assert list(session.adapters) == before
    assert [session.adapters[prefix] for prefix in before] == changed_answers


def test_requests_are_changed_in_part() -> None:
    """A parameter is removed in both of its spellings; the rest of the request stays."""
    request = MutantRequest(
        "GET", "http://fake.test/v1beta/tunedModels?page_size=2&filter=a", {"Authorization": "Bearer t"}, b""
    )

    assert request.with_query(pageSize=None).url == "http://fake.test/v1beta/tunedModels?filter=a"
    assert request.with_path("models", "v1").url == "http://fake.test/v1/models?page_size=2&filter=a"
    assert (request.version, request.path, request.caller) == ("v1beta", "tunedModels", "Bearer t")
    assert request.matches("GET tunedModels")
    assert not request.matches("GET tunedModels/*", "POST tunedModels")


@pytest.mark.parametrize("text", ['{"a": [1, 2.5, 100]}\n', '{\n  "a": "七"\n}\n', '{"a":1}'])
def test_change_of_nothing(text: str) -> None:
    """An edit that changes nothing keeps the text."""
    response = MutantResponse(200, [("Content-Type", "application/json")], text)
    response.change_objects(lambda value: value)

    assert response.text == text


EXCHANGES = [
    (
        MutantRequest("GET", "http://a.test/v1beta/models", {}, b""),
        MutantResponse(200, [("Content-Type", "application/json")], '{"a": 1}'),
    ),
    (
        MutantRequest("GET", "http://a.test/v1beta/models?pageSize=-1", {}, b""),
        MutantResponse(400, [], '{"error": {"code": 400}}'),
    ),
]
BASELINE = Baseline(
    {"a/one": EXCHANGES[:1], "a/two": EXCHANGES[1:], "runs/shared": EXCHANGES[1:]},
    {"a/one": frozenset({"a/one"}), "a/two": frozenset({"a/two"}), "a/three": frozenset({"a/three", "runs/shared"})},
)


@pytest.mark.parametrize(
    ("mutant", "affected"),
    [
        ("no-envelope", {"a/two", "a/three"}),  # changes an answer
        ("negative-pages-accepted", {"a/two", "a/three"}),  # changes the request
        ("type-is-text", {"a/one", "a/two", "a/three"}),
        ("tuning-snapshot/mean-loss/retyped", set()),
        ("percent-falls", {"a/one", "a/two", "a/three"}),  # remembers
    ],
)
def test_affected_clauses(mutant: str, affected: set[str]) -> None:
    """A mutant affects a clause if it changes an answer to the clause, or to a run that the clause shares."""
    assert BASELINE.affected_clauses(find_mutant(mutant)) == affected
