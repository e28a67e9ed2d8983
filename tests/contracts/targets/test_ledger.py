"""The ledger: what a live run makes is written down first, deleted in the end, and proved gone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.harness.tuning_runs import body
from tunedmodels_contracts.targets.fake import fake
from tunedmodels_contracts.targets.live.cleanup import clean_up, find_unknown_models
from tunedmodels_contracts.targets.live.ledger import Entry, Ledger, LedgerAdapter, LedgerError, read
from tunedmodels_contracts.targets.target import Target
from tunedmodels_contracts.transport.forwarding import ForwardingAdapter

HOST = "http://fake.test"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


@pytest.fixture
def target() -> Iterator[Target]:
    opened = fake()
    with opened.session:
        yield opened


@pytest.fixture
def noted(target: Target, path: Path) -> Target:
    """The fake, with a ledger between."""
    adapter = target.session.get_adapter(HOST)

    def who(request: requests.PreparedRequest) -> str:
        return "other" if str(target.other.token) in str(request.headers.get("Authorization")) else "caller"

    target.session.mount(f"{HOST}/", LedgerAdapter(Ledger(path, target.scopes.run, HOST), adapter, who=who))
    return target


def people(target: Target) -> dict[str, Api]:
    api = Api(target.session, target.base_url, target.caller)
    return {"caller": api, "other": api.by(target.other)}


def create(api: Api, target: Target, model_id: str, **members: Any) -> int:
    params = {"tunedModelId": model_id} if model_id else None
    return api.post("v1beta/tunedModels", body(target.base_model, **members), params).status


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


class Broken(ForwardingAdapter):
    """Fails in the middle of a create call, and remembers what the ledger at *path* said at that moment."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.seen: list[dict[str, Any]] = []

    def send(self, request: requests.PreparedRequest, *_how: Any, **_more: Any) -> requests.Response:
        self.seen = lines(self.path)
        raise requests.ConnectionError(f"no answer to {request.method}")


def test_a_create_call_is_noted_before_it_is_sent(path: Path, target: Target) -> None:
    """When the request leaves, its name is on the disk; that no answer came is noted too."""
    broken = Broken(path)
    target.session.mount(f"{HOST}/", LedgerAdapter(Ledger(path, "abcdef", HOST), broken))
    with pytest.raises(requests.ConnectionError):
        create(people(target)["caller"], target, "contracts-abcdef1", displayName="number generator")

    (first,) = broken.seen
    assert first.pop("at")
    assert first == {
        "event": "sending",
        "run": "abcdef",
        "number": 1,
        "host": HOST,
        "by": "caller",
        "name": "tunedModels/contracts-abcdef1",
        "display_name": "number generator",
    }
    assert lines(path)[1:] == [{"event": "unanswered", "run": "abcdef", "number": 1}]


def test_answers_are_noted(path: Path, noted: Target) -> None:
    """What was made has the service's name for it, what was refused is none of ours, and no secret is written."""
    api = people(noted)["caller"]
    model_id = noted.scopes.new_id()
    assert create(api, noted, model_id) == 200
    assert create(api, noted, model_id) == 409
    assert create(api, noted, "", displayName="number generator") == 200
    api.delete(f"v1beta/tunedModels/{model_id}")

    events = [(line["event"], line["number"]) for line in lines(path)]
    assert events == [
        ("sending", 1),
        ("made", 1),
        ("sending", 2),
        ("refused", 2),
        ("sending", 3),
        ("made", 3),
        ("deleted", 1),
    ]
    first, second, third = read(path)
    assert (first.deleted, second.left, third.left) == (True, False, True)
    assert third.name.startswith("tunedModels/number-generator-")
    assert str(noted.caller.token) not in path.read_text(encoding="utf-8")


def test_all_that_was_made_is_deleted_and_proved_gone(path: Path, noted: Target) -> None:
    """Each model is noted as not found any more, also one that a clause has deleted, or the other made."""
    callers = people(noted)
    kept, deleted, others = (noted.scopes.new_id() for _ in range(3))
    assert [create(callers["caller"], noted, kept), create(callers["caller"], noted, deleted)] == [200, 200]
    assert create(callers["other"], noted, others) == 200
    callers["caller"].delete(f"v1beta/tunedModels/{deleted}")
    settled = clean_up(path, callers, HOST, noted.scopes.run)

    assert settled.left == []
    assert settled.gone == [f"tunedModels/{model_id}" for model_id in (kept, deleted, others)]
    assert [entry for entry in read(path) if entry.left] == []
    assert {callers["other"].get(f"v1beta/{name}").status for name in settled.gone} == {404}


def test_a_model_that_was_handed_on_is_deleted_by_who_has_it(path: Path, noted: Target) -> None:
    """Who made a model need not own it in the end."""
    callers = people(noted)
    model_id = noted.scopes.new_id()
    create(callers["caller"], noted, model_id)
    callers["caller"].post(f"v1beta/tunedModels/{model_id}:transferOwnership", {"emailAddress": "bob@example.com"}).ok()

    assert clean_up(path, callers, HOST).left == []
    assert callers["other"].get(f"v1beta/tunedModels/{model_id}").status == 404


def test_nothing_is_deleted_that_was_not_made_here(path: Path, target: Target) -> None:
    """A model of the same look that the ledger does not know is told and stays; so does one that may be another's."""
    callers = people(target)
    assert create(callers["caller"], target, "contracts-of-yesterday") == 200
    assert create(callers["caller"], target, "mine") == 200
    ledger = Ledger(path, "abcdef", HOST)
    ledger.begin("caller", "tunedModels/mine", "")
    ledger.begin("caller", "", "number generator")
    settled = clean_up(path, callers, HOST)

    assert settled.gone == []
    assert [text.partition(",")[0] for text in settled.left] == [
        "tunedModels/mine",
        "a model displayed as 'number generator'",
    ]
    assert all(text.endswith("nobody knows whether it is ours; look, and delete it by hand") for text in settled.left)
    assert find_unknown_models(path, callers["caller"]) == ["tunedModels/contracts-of-yesterday"]
    assert callers["caller"].get("v1beta/tunedModels/mine").status == 200


def test_a_create_call_of_ours_that_nobody_answered_is_settled(path: Path, target: Target) -> None:
    """A name that has the run in it is this run's: whether it was made or not, it is gone afterwards."""
    callers = people(target)
    ledger = Ledger(path, target.scopes.run, HOST)
    for number in (1, 2):
        ledger.begin("caller", f"tunedModels/contracts-{target.scopes.run}{number}", "")
    create(callers["caller"], target, f"contracts-{target.scopes.run}1")

    assert clean_up(path, callers, HOST).left == []


def test_other_runs_and_other_hosts_are_left_alone(path: Path, noted: Target) -> None:
    """A run settles what it has made itself, and where."""
    Ledger(path, "aaaaaa", HOST).begin("caller", "tunedModels/contracts-aaaaaa1", "")
    Ledger(path, "bbbbbb", "http://another.test").begin("caller", "tunedModels/contracts-bbbbbb1", "")
    settled = clean_up(path, people(noted), HOST, "bbbbbb")

    assert (settled.gone, settled.left) == ([], [])


def test_what_stays_is_told(path: Path, noted: Target) -> None:
    """A model that nobody may delete is left, with the answer to it."""
    callers = people(noted)
    model_id = noted.scopes.new_id()
    create(callers["other"], noted, model_id)
    (left,) = clean_up(path, {"caller": callers["caller"]}, HOST).left

    assert left.startswith(f"tunedModels/{model_id}, of ")
    assert left.endswith(f"by other at {HOST}: to delete it is answered 403")


@pytest.mark.parametrize("cut", [5, 30])
def test_a_line_that_a_crash_has_cut_is_passed_over(path: Path, cut: int) -> None:
    """Half a line is what a crash leaves; the next run writes behind it, and both are read."""
    Ledger(path, "abcdef", HOST).begin("caller", "tunedModels/contracts-abcdef1", "")
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole + whole[:cut], encoding="utf-8")
    assert [entry.name for entry in read(path)] == ["tunedModels/contracts-abcdef1"]

    Ledger(path, "fedcba", HOST).begin("caller", "tunedModels/contracts-fedcba1", "")
    assert [entry.run for entry in read(path)] == ["abcdef", "fedcba"]


@pytest.mark.parametrize("text", ["{}", '{"type": "service_account"}\n', "any", '{"event": "other"}'])
def test_a_file_that_is_no_ledger(path: Path, text: str) -> None:
    """Nothing is written behind what is something else, even if it is one line without an end."""
    path.write_text(text, encoding="utf-8")

    with pytest.raises(LedgerError, match=r"ledger\.jsonl: line 1 is none of a ledger; name another file"):
        read(path)


def test_no_file_is_an_empty_ledger(path: Path) -> None:
    """Before the first run there is none."""
    assert read(path) == []


@pytest.mark.parametrize(
    ("name", "made", "sure"),
    [
        ("tunedModels/contracts-abcdef12", False, True),
        ("tunedModels/contracts-123456", False, False),
        ("tunedModels/any", True, True),
        ("", False, False),
    ],
)
def test_what_is_surely_ours(name: str, made: bool, sure: bool) -> None:
    """Ours is what the service said was made, and what has the run in its name."""
    assert Entry("abcdef", 1, HOST, "caller", "", name, made=made).sure is sure
