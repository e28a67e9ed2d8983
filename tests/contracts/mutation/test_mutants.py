"""Mutants: each is described, spoils what it says, and leaves alone what it does not."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import requests

from tunedmodels_contracts.harness.answer import Answer
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.harness.tuning_runs import body
from tunedmodels_contracts.mutation import MUTANTS, named, spoil
from tunedmodels_contracts.mutation.impact import Untouched
from tunedmodels_contracts.mutation.request import Ask
from tunedmodels_contracts.mutation.response import Reply
from tunedmodels_contracts.targets.fake import fake

ASKED = {"contents": [{"parts": [{"text": "two hundred"}]}]}
KINDS = [
    "forms",
    "omission",
    "numbers",
    "times",
    "enums",
    "facts",
    "headers",
    "creation",
    "models",
    "lists",
    "masks",
    "operations",
    "cancelling",
    "failing",
    "progress",
    "permissions",
    "credentials",
    "generation",
    "streams",
    "reading",
    "refusals",
    "versions",
]


class Spoilt:
    """A fake behind a mutant, with a model in it that was tuned."""

    def __init__(self, mutant: str) -> None:
        self.target = fake(seed=1)
        self.spoiled = spoil(self.target.session, named(mutant)) if mutant else []
        self.api = Api(self.target.session, self.target.base_url, self.target.caller)
        self.created = self.api.post("v1beta/tunedModels", body(self.target.base_model), {"tunedModelId": "numbers"})

    def look(self, seconds: float = 60.0) -> dict[str, Any]:
        """Wait, and return the operation."""
        self.target.passing.sleep(seconds)
        operations: dict[str, Any] = self.api.get("v1beta/tunedModels/numbers/operations").ok()
        looked: dict[str, Any] = self.api.get(f"v1beta/{operations['operations'][0]['name']}").ok()
        return looked


def test_each_kind_has_some() -> None:
    """There are mutants of each kind of rule, and no other kinds."""
    assert list(dict.fromkeys(mutant.kind for mutant in MUTANTS.values())) == KINDS


@pytest.mark.parametrize("name", MUTANTS)
def test_each_is_described(name: str) -> None:
    """A mutant says in a sentence what it spoils."""
    spoils = MUTANTS[name].spoils

    assert spoils[0].isupper()
    assert spoils.endswith((".", "[DONE]."))
    assert "\n" not in spoils


def test_names_are_known() -> None:
    """A name that no mutant has is refused with those that there are."""
    with pytest.raises(KeyError, match="There is no mutant 'none'; there are members-in-snake-case, "):
        named("none")


def test_done_goes_back() -> None:
    """With memory: done is there at one look, and gone at the next."""
    spoilt = Spoilt("done-goes-back")

    assert [("done" in look, "response" in look) for look in (spoilt.look(), spoilt.look())] == [
        (True, True),
        (False, False),
    ]


def test_percent_falls() -> None:
    """With memory: the percentage is less than it was."""
    spoilt = Spoilt("percent-falls")
    percents = [spoilt.look(seconds)["metadata"]["completedPercent"] for seconds in (5, 9, 60)]

    assert percents != sorted(percents)


def test_page_repeated() -> None:
    """A request that asks for the next page gets the first."""
    api = Spoilt("page-repeated").api
    first = api.get("v1beta/models", {"pageSize": 1}).ok()

    assert api.get("v1beta/models", {"pageSize": 1, "pageToken": first["nextPageToken"]}).ok() == first


def test_secret_echoed() -> None:
    """A key that was sent is in the refusal."""
    api = Spoilt("secret-echoed").api

    assert "of-nobody" in api.get("v1beta/models", {"key": "of-nobody"}).text


def test_permissions_unchecked() -> None:
    """Somebody else sees a model that is not theirs."""
    spoilt = Spoilt("permissions-unchecked")

    assert spoilt.api.by(spoilt.target.other).get("v1beta/tunedModels/numbers").ok()["name"] == "tunedModels/numbers"


@pytest.mark.parametrize(
    ("mutant", "text"),
    [("times-in-local-form", '"createTime": "2'), ("members-in-snake-case", '"create_time"'), ("always-compact", '{"')],
)
def test_texts_are_spoiled(mutant: str, text: str) -> None:
    """What is not JSON of another value is spoiled too: how it is written."""
    answer = Spoilt(mutant).api.get("v1beta/tunedModels/numbers")

    assert text in answer.text
    assert "Z" not in answer.text or mutant != "times-in-local-form"


def test_events_stay_events() -> None:
    """A stream of events is spoiled event by event, and an array in its place."""
    spoilt = Spoilt("role-of-an-assistant")
    spoilt.look()
    path = "v1beta/tunedModels/numbers:streamGenerateContent"
    events, array = spoilt.api.post(path, ASKED, {"alt": "sse"}), spoilt.api.post(path, ASKED)

    assert events.text.count("data: ") == events.text.count('"assistant"') == len(array.ok()) > 1
    assert [chunk["candidates"][0]["content"]["role"] for chunk in array.ok()[:1]] == ["assistant"]


def test_what_is_left_alone_stays_as_it_was() -> None:
    """An answer that a mutant does not mean is the same, with its headers, coding and bytes."""
    one, other = Spoilt(""), Spoilt("done-goes-back")

    def told(answer: Answer) -> Any:
        passing = ("server-timing", "content-length")
        return answer.status, [pair for pair in answer.headers if pair[0].lower() not in passing], answer.text

    assert told(other.api.get("v1beta/models")) == told(one.api.get("v1beta/models"))
    assert [adapter.spoiled for adapter in other.spoiled] == [0] * len(other.spoiled)


def test_mutants_wrap_what_was_mounted() -> None:
    """A session keeps its adapters, each behind the mutant, and sends by them."""
    session = requests.Session()
    before = list(session.adapters)
    spoiled = spoil(session, named("always-compact"))

    assert list(session.adapters) == before
    assert [session.adapters[prefix] for prefix in before] == spoiled


def test_requests_are_changed_in_part() -> None:
    """A parameter is taken away under both its names; the rest of a request stays."""
    ask = Ask("GET", "http://fake.test/v1beta/tunedModels?page_size=2&filter=a", {"Authorization": "Bearer t"}, b"")

    assert ask.with_query(pageSize=None).url == "http://fake.test/v1beta/tunedModels?filter=a"
    assert ask.with_path("models", "v1").url == "http://fake.test/v1/models?page_size=2&filter=a"
    assert (ask.version, ask.path, ask.caller) == ("v1beta", "tunedModels", "Bearer t")
    assert ask.is_("GET tunedModels")
    assert not ask.is_("GET tunedModels/*", "POST tunedModels")


@pytest.mark.parametrize("text", ['{"a": [1, 2.5, 100]}\n', '{\n  "a": "七"\n}\n', '{"a":1}'])
def test_change_of_nothing(text: str) -> None:
    """Where nothing was changed the text stays as it was written."""
    reply = Reply(200, [("Content-Type", "application/json")], text)
    reply.change(lambda value: value)

    assert reply.text == text


HEARD = [
    (
        Ask("GET", "http://a.test/v1beta/models", {}, b""),
        Reply(200, [("Content-Type", "application/json")], '{"a": 1}'),
    ),
    (Ask("GET", "http://a.test/v1beta/models?pageSize=-1", {}, b""), Reply(400, [], '{"error": {"code": 400}}')),
]
UNTOUCHED = Untouched(
    {"a/one": HEARD[:1], "a/two": HEARD[1:], "runs/shared": HEARD[1:]},
    {"a/one": frozenset({"a/one"}), "a/two": frozenset({"a/two"}), "a/three": frozenset({"a/three", "runs/shared"})},
)


@pytest.mark.parametrize(
    ("mutant", "touched"),
    [
        ("no-envelope", {"a/two", "a/three"}),  # changes an answer
        ("negative-pages-taken", {"a/two", "a/three"}),  # asks otherwise
        ("type-is-text", {"a/one", "a/two", "a/three"}),
        ("floats-as-texts", set()),
        ("percent-falls", {"a/one", "a/two", "a/three"}),  # remembers
    ],
)
def test_what_a_mutant_touches(mutant: str, touched: set[str]) -> None:
    """A clause is left alone by a mutant that would change no answer to it, nor to the runs that it shares."""
    assert UNTOUCHED.touched(named(mutant)) == touched


def suite(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A run of a few clauses on the fake, as somebody types it."""
    line = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--pyargs",
        "tunedmodels_contracts.suite.test_get",
    ]
    return subprocess.run([*line, *arguments], capture_output=True, text=True, timeout=120, check=False)


def test_option_spoils_the_answers() -> None:
    """The option puts one mutant before the target: required clauses break, and the status says so."""
    assert suite().returncode == 0

    spoiled = suite("--tunedmodels-mutant", "members-in-snake-case")
    assert (spoiled.returncode, "FAILED" in spoiled.stdout) == (1, True)


def test_option_knows_its_mutants() -> None:
    """A name that is none ends the run, and the names that there are are told."""
    unknown = suite("--tunedmodels-mutant", "none-such")

    assert unknown.returncode != 0
    assert "There is no mutant 'none-such'" in unknown.stdout + unknown.stderr
