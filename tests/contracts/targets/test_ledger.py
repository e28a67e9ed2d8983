"""Tests the ledger of a live run and the clean-up by it."""

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
from tunedmodels_contracts.targets.live.ledger import Ledger, LedgerAdapter, LedgerError, read
from tunedmodels_contracts.targets.target import Target
from tunedmodels_contracts.transport.forwarding import ForwardingAdapter

HOST = "http://fake.test"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


@pytest.fixture
def target() -> Iterator[Target]:
    with (target := fake()).session:
        yield target


@pytest.fixture
def logged_target(target: Target, path: Path) -> Target:
    """The fake with an adapter that writes the ledger."""
    adapter = target.session.get_adapter(HOST)

    def caller_name(request: requests.PreparedRequest) -> str:
        return "other" if str(target.other.token) in str(request.headers.get("Authorization")) else "caller"

    target.session.mount(
        f"{HOST}/", LedgerAdapter(Ledger(path, target.scopes.run, HOST), adapter, caller_name=caller_name)
    )
    return target


def apis(target: Target) -> dict[str, Api]:
    api = Api(target.session, target.base_url, target.caller)
    return {"caller": api, "other": api.by(target.other)}


def create(api: Api, target: Target, model_id: str, **members: Any) -> int:
    params = {"tunedModelId": model_id} if model_id else None
    return api.post("v1beta/tunedModels", body(target.base_model, **members), params).status


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


class Broken(ForwardingAdapter):
    """Fails in the middle of a create call, and keeps the lines that the ledger at *path* had then."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.lines: list[dict[str, Any]] = []

    def send(self, request: requests.PreparedRequest, *_how: Any, **_more: Any) -> requests.Response:
        self.lines = lines(self.path)
        raise requests.ConnectionError(f"no answer to {request.method}")


def test_create_call_is_logged_before_it_is_sent(path: Path, target: Target) -> None:
    """The name is in the file when the request is sent. A missing answer is logged, too."""
    broken = Broken(path)
    target.session.mount(f"{HOST}/", LedgerAdapter(Ledger(path, "abcdef", HOST), broken))
    with pytest.raises(requests.ConnectionError):
        create(apis(target)["caller"], target, "contracts-abcdef1", displayName="number generator")

    (first,) = broken.lines
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


def test_answers_are_logged(path: Path, logged_target: Target) -> None:
    """A created model has the service's name, a refused one is not open, and no secret is written."""
    api = apis(logged_target)["caller"]
    model_id = logged_target.scopes.new_id()
    assert create(api, logged_target, model_id) == 200
    assert create(api, logged_target, model_id) == 409
    assert create(api, logged_target, "", displayName="number generator") == 200
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
    assert (first.deleted, second.is_open, third.is_open) == (True, False, True)
    assert third.name.startswith("tunedModels/number-generator-")
    assert str(logged_target.caller.token) not in path.read_text(encoding="utf-8")


def test_all_created_models_are_deleted(path: Path, logged_target: Target) -> None:
    """Each model is confirmed as gone, also one that a clause deleted, and one that the other user created."""
    callers = apis(logged_target)
    model_id, deleted_id, other_id = (logged_target.scopes.new_id() for _ in range(3))
    assert [
        create(callers["caller"], logged_target, model_id),
        create(callers["caller"], logged_target, deleted_id),
    ] == [200, 200]
    assert create(callers["other"], logged_target, other_id) == 200
    callers["caller"].delete(f"v1beta/tunedModels/{deleted_id}")
    result = clean_up(path, callers, HOST, logged_target.scopes.run)

    assert result.remaining == []
    assert result.deleted == [f"tunedModels/{one}" for one in (model_id, deleted_id, other_id)]
    assert [entry for entry in read(path) if entry.is_open] == []
    assert {callers["other"].get(f"v1beta/{name}").status for name in result.deleted} == {404}


def test_transferred_model_is_deleted_by_its_new_owner(path: Path, logged_target: Target) -> None:
    """The user who created a model may no longer own it."""
    callers = apis(logged_target)
    model_id = logged_target.scopes.new_id()
    create(callers["caller"], logged_target, model_id)
    callers["caller"].post(f"v1beta/tunedModels/{model_id}:transferOwnership", {"emailAddress": "bob@example.com"}).ok()

    assert clean_up(path, callers, HOST).remaining == []
    assert callers["other"].get(f"v1beta/tunedModels/{model_id}").status == 404


def test_models_of_others_are_not_deleted(path: Path, target: Target) -> None:
    """A model that is not in the ledger, or that may not be ours, is reported and stays."""
    callers = apis(target)
    assert create(callers["caller"], target, "contracts-of-yesterday") == 200
    assert create(callers["caller"], target, "mine") == 200
    ledger = Ledger(path, "abcdef", HOST)
    ledger.begin("caller", "tunedModels/mine", "")
    ledger.begin("caller", "", "number generator")
    result = clean_up(path, callers, HOST)

    assert result.deleted == []
    assert [text.partition(",")[0] for text in result.remaining] == [
        "tunedModels/mine",
        "a model with the display name 'number generator' (its create call got no answer)",
    ]
    assert all(text.endswith("it may not be ours; check it and delete it by hand") for text in result.remaining)
    assert find_unknown_models(path, callers["caller"]) == ["tunedModels/contracts-of-yesterday"]
    assert callers["caller"].get("v1beta/tunedModels/mine").status == 200


def test_unanswered_create_call_is_cleaned_up(path: Path, target: Target) -> None:
    """A name that contains the run is ours. The model is gone afterwards, whether it was created or not."""
    callers = apis(target)
    ledger = Ledger(path, target.scopes.run, HOST)
    for number in (1, 2):
        ledger.begin("caller", f"tunedModels/contracts-{target.scopes.run}{number}", "")
    create(callers["caller"], target, f"contracts-{target.scopes.run}1")

    assert clean_up(path, callers, HOST).remaining == []


def test_other_runs_and_hosts_are_ignored(path: Path, logged_target: Target) -> None:
    """The clean-up of a run deletes only models of that run and that host."""
    Ledger(path, "aaaaaa", HOST).begin("caller", "tunedModels/contracts-aaaaaa1", "")
    Ledger(path, "bbbbbb", "http://another.test").begin("caller", "tunedModels/contracts-bbbbbb1", "")
    result = clean_up(path, apis(logged_target), HOST, "bbbbbb")

    assert (result.deleted, result.remaining) == ([], [])


def test_remaining_model_is_reported(path: Path, logged_target: Target) -> None:
    """A model that no caller may delete remains, with the status of the delete call."""
    callers = apis(logged_target)
    model_id = logged_target.scopes.new_id()
    create(callers["other"], logged_target, model_id)
    (model,) = clean_up(path, {"caller": callers["caller"]}, HOST).remaining

    assert model.startswith(f"tunedModels/{model_id}, of ")
    assert model.endswith(f"by other at {HOST}: the delete call got status 403")


@pytest.mark.parametrize("length", [5, 30])
def test_cut_line_is_skipped(path: Path, length: int) -> None:
    """A crash can cut the last line. The next run writes after it, and both runs are read."""
    Ledger(path, "abcdef", HOST).begin("caller", "tunedModels/contracts-abcdef1", "")
    line = path.read_text(encoding="utf-8")
    path.write_text(line + line[:length], encoding="utf-8")
    assert [entry.name for entry in read(path)] == ["tunedModels/contracts-abcdef1"]

    Ledger(path, "fedcba", HOST).begin("caller", "tunedModels/contracts-fedcba1", "")
    assert [entry.run for entry in read(path)] == ["abcdef", "fedcba"]


@pytest.mark.parametrize("text", ["{}", '{"type": "service_account"}\n', "any", '{"event": "other"}'])
def test_other_file_is_refused(path: Path, text: str) -> None:
    """Another file is refused, even if it has one line without a line break."""
    path.write_text(text, encoding="utf-8")

    with pytest.raises(LedgerError, match=r"ledger\.jsonl: line 1 is not a ledger entry; name another file"):
        read(path)


def test_missing_file_is_an_empty_ledger(path: Path) -> None:
    """Before the first run there is no file."""
    assert read(path) == []
