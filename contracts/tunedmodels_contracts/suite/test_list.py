"""These clauses check which models a caller can list, in which order, and in which pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tunedmodels_contracts.clauses.clause import Cost, Level, Need, clause
from tunedmodels_contracts.harness.answer import Answer
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.harness.tuning_runs import ObservedRun

LIST = "tunedModels.list"
INVALID = "400 INVALID_ARGUMENT"
MODELS = "v1beta/tunedModels"

Create = Callable[..., Answer]


def _names(api: Api, **params: str | int) -> list[str]:
    return [model["name"] for model in api.list_all(MODELS, {"pageSize": 1000, **params})]


def _created_model(created: Answer) -> str:
    return str(created.ok()["metadata"]["tunedModel"])


# -- Entries ---------------------------------------------------------------------------------------------------


@clause("list/visible-at-once", LIST, "tunedModels.create", cost=Cost.TUNING)
def test_visible_at_once(api: Api, create: Create) -> None:
    """A model is listed as soon as its create call is answered. Observed in 2023."""
    name = _created_model(create())

    assert _names(api).count(name) == 1


@clause("list/whole-models", LIST, "tunedModels.get", cost=Cost.TUNING)
def test_whole_models(api: Api, finished_run: ObservedRun) -> None:
    """A list shows a model as get does, with its snapshots and without training data. Observed 2023 and 2024."""
    entries = [model for model in api.list_all(MODELS, {"pageSize": 1000}) if model["name"] == finished_run.name]

    assert entries == [finished_run.model]
    assert list(entries[0]) == list(finished_run.model)
    assert entries[0]["tuningTask"]["snapshots"]


@clause("list/in-order-of-creation", LIST, cost=Cost.TUNING)
def test_in_order_of_creation(api: Api, eleven_models: list[str]) -> None:
    """Models are listed in the order of their creation, the oldest first. Observed 2023 and 2024."""
    mine = [model for model in api.list_all(MODELS, {"pageSize": 1000}) if model["name"] in eleven_models]

    assert [model["name"] for model in mine] == eleven_models
    times = [model["createTime"] for model in mine]
    assert times == sorted(times)


@clause("list/deleted-models-are-gone", LIST, "tunedModels.delete", cost=Cost.TUNING)
def test_deleted_models_are_gone(api: Api, create: Create) -> None:
    """A deleted model is no longer listed. Documented."""
    name = _created_model(create())
    api.delete(f"v1beta/{name}").ok()

    assert name not in _names(api)


@clause("list/models-of-others-stay-private", LIST, cost=Cost.TUNING, needs=[Need.SECOND_CALLER])
def test_models_of_others_stay_private(api: Api, foreign_model: str) -> None:
    """Another user's model is not listed unless it is shared. Documented."""
    assert foreign_model not in _names(api)


# -- Pages -----------------------------------------------------------------------------------------------------


@clause("list/ten-by-default", LIST, cost=Cost.TUNING)
@pytest.mark.parametrize("params", [{}, {"pageSize": 0}])
def test_ten_by_default(api: Api, eleven_models: list[str], params: dict[str, int]) -> None:
    """By default a page has at most ten models, and a token for the next page. Documented."""
    page = api.get(MODELS, params).ok()

    assert len(eleven_models) > 10
    assert len(page["tunedModels"]) <= 10
    assert page["nextPageToken"]


@clause("list/pages-have-every-model-once", LIST, cost=Cost.TUNING)
@pytest.mark.parametrize("size", [1, 2, 7])
def test_pages_have_every_model_once(api: Api, eleven_models: list[str], size: int) -> None:
    """Pages are no larger than requested, and together they have each model once. Documented, and tested by Google."""
    pages = api.pages(MODELS, {"pageSize": size})

    names = [model["name"] for page in pages for model in page.get("tunedModels", [])]
    assert all(len(page.get("tunedModels", [])) <= size for page in pages)
    assert [name for name in names if name in eleven_models] == eleven_models


@clause("list/no-token-on-the-last-page", LIST, cost=Cost.TUNING)
def test_no_token_on_the_last_page(api: Api, eleven_models: list[str]) -> None:
    """The last page has no token. Observed 2023 and 2024."""
    page = api.pages(MODELS, {"pageSize": 1000})[-1]

    assert eleven_models
    assert list(page) == ["tunedModels"]


@clause("list/page-size-beyond-the-limit", LIST)
def test_page_size_beyond_the_limit(api: Api) -> None:
    """A page size above a thousand counts as a thousand and is not refused. Documented."""
    assert len(api.get(MODELS, {"pageSize": 1001}).ok().get("tunedModels", [])) <= 1000


@clause("list/negative-page-size", LIST, outcome=INVALID, level=Level.RECOMMENDED, cost=Cost.FREE)
def test_negative_page_size(api: Api) -> None:
    """The list of tuned models refuses a page size below zero. Inferred from the rules for Google's APIs."""
    api.get(MODELS, {"pageSize": -1}).assert_error(400, "INVALID_ARGUMENT")


@clause("list/malformed-page-token", LIST, outcome=INVALID, level=Level.RECOMMENDED, cost=Cost.FREE)
@pytest.mark.parametrize("token", ["x", "bm8gdG9rZW4=", "-1"])
def test_malformed_page_token(api: Api, token: str) -> None:
    """A page token that no page had is refused. Inferred from the rules for Google's APIs."""
    api.get(MODELS, {"pageToken": token}).assert_error(400, "INVALID_ARGUMENT")


@clause("list/page-token-of-another-list", LIST, outcome=INVALID, level=Level.RECOMMENDED, cost=Cost.TUNING)
def test_page_token_of_another_list(api: Api, eleven_models: list[str]) -> None:
    """A page token is valid only with the other parameters of its call. Documented; that others are refused is
    inferred.
    """
    token = api.get(MODELS, {"pageSize": 1}).ok()["nextPageToken"]

    assert eleven_models
    api.get(MODELS, {"pageSize": 1, "pageToken": token, "filter": "owner:me"}).assert_error(400, "INVALID_ARGUMENT")


@clause("list/nothing-is-an-empty-object", LIST, level=Level.RECOMMENDED)
def test_nothing_is_an_empty_object(api: Api, unused_email: str) -> None:
    """A list without models is an empty object. Inferred: empty members are left out everywhere."""
    assert api.get(MODELS, {"filter": unused_email.partition("@")[0]}).ok() == {}


# -- Filters ---------------------------------------------------------------------------------------------------


@clause("list/filter-by-words", LIST, cost=Cost.TUNING)
@pytest.mark.parametrize("member", ["displayName", "description"])
def test_filter_by_words(api: Api, create: Create, unused_email: str, member: str) -> None:
    """A word in a filter matches the display name and the description. Documented."""
    word = unused_email.removeprefix("contracts-").partition("@")[0]
    name, without = (
        _created_model(create(**{member: f"has {word} in it"})),
        _created_model(create(**{member: "has no such"})),
    )

    names = _names(api, filter=word)
    assert name in names
    assert without not in names


@clause("list/filter-by-owner", LIST, cost=Cost.TUNING)
def test_filter_by_owner(api: Api, finished_run: ObservedRun) -> None:
    """``owner:me`` finds the models that the caller owns. Documented."""
    assert finished_run.name in _names(api, filter="owner:me")


@clause("list/filter-by-role-contains-more", LIST, level=Level.RECOMMENDED, cost=Cost.TUNING)
@pytest.mark.parametrize("words", ["writers:me", "readers:me"])
def test_filter_by_role_contains_more(api: Api, finished_run: ObservedRun, words: str) -> None:
    """``writers:me`` and ``readers:me`` find the caller's own models, too, because roles contain each other.
    Inferred.
    """
    assert finished_run.name in _names(api, filter=words)


@clause(
    "list/filter-by-role",
    LIST,
    "tunedModels.permissions.create",
    cost=Cost.TUNING,
    needs=[Need.SECOND_CALLER],
)
@pytest.mark.parametrize(
    ("role", "matching", "not_matching"),
    [("READER", ["readers:me"], ["writers:me", "owner:me"]), ("WRITER", ["writers:me"], ["owner:me"])],
)
def test_filter_by_role(
    other_api: Api,
    scratch_run: ObservedRun,
    grant_role: Callable[..., Answer],
    other_email: str,
    role: str,
    matching: list[str],
    not_matching: list[str],
) -> None:
    """``readers:me`` and ``writers:me`` find the models that the caller may read or write, and no others.
    Documented.
    """
    grant_role(role, other_email).ok()

    assert {words: scratch_run.name in _names(other_api, filter=words) for words in [*matching, *not_matching]} == {
        **dict.fromkeys(matching, True),
        **dict.fromkeys(not_matching, False),
    }


@clause("list/shared-models", LIST, cost=Cost.TUNING, needs=[Need.SECOND_CALLER])
def test_shared_models(
    other_api: Api, scratch_run: ObservedRun, grant_role: Callable[..., Answer], other_email: str
) -> None:
    """A list without a filter has the models that are shared with the caller. Documented."""
    grant_role("READER", other_email).ok()

    assert scratch_run.name in _names(other_api)


@clause("list/shared-with-everyone", LIST, cost=Cost.TUNING, needs=[Need.SECOND_CALLER])
def test_shared_with_everyone(api: Api, other_api: Api, create: Create) -> None:
    """A model that everyone may read is listed for other users only with the filter ``readers:everyone``.
    Documented.
    """
    name = _created_model(create())
    api.post(f"v1beta/{name}/permissions", {"granteeType": "EVERYONE", "role": "READER"}).ok()

    assert name in _names(other_api, filter="readers:everyone")
    assert name not in _names(other_api)


@clause("list/v1beta3-has-no-filter", LIST, outcome=INVALID, level=Level.OPTIONAL, cost=Cost.FREE)
def test_v1beta3_has_no_filter(api: Api) -> None:
    """Version v1beta3 refuses a filter as an unknown name. Documented for that version alone."""
    error = api.get("v1beta3/tunedModels", {"filter": "owner:me"}).assert_error(400, "INVALID_ARGUMENT")

    assert 'Unknown name "filter"' in error.message


@clause("list/entries-are-models", LIST, cost=Cost.TUNING)
def test_entries_are_models(api: Api, finished_run: ObservedRun) -> None:
    """Each entry has a name, a state and times, and none has training data. Observed 2023 and 2024."""
    entries: list[dict[str, Any]] = api.list_all(MODELS, {"pageSize": 1000})

    assert finished_run.name in [model["name"] for model in entries]
    for model in entries:
        assert {"name", "state", "createTime", "updateTime", "tuningTask"} <= set(model)
        assert "trainingData" not in model["tuningTask"]
