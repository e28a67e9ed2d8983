"""Tests the operator's settings about callers."""

from __future__ import annotations

from typing import Any

import pytest

from tunedmodels_mockserver import Settings, create_app
from tunedmodels_mockserver.core.callers.policy import Policy


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("auth", "none", "auth must be any or strict, got 'none'"),
        ("api_keys", {""}, "an API key must be 1 to 200 visible ASCII characters, got ''"),
        ("api_keys", {"a b"}, "an API key must be 1 to 200 visible ASCII characters, got 'a b'"),
        ("api_keys", {"AIza" + "x" * 35}, "an API key of a mock server must not look like a real one"),
        ("groups", {"team": ["a@example.com"]}, "a group and its members must be e-mail addresses, got 'team'"),
        ("groups", {"t@example.com": ["a"]}, "a group and its members must be e-mail addresses, got 'a'"),
        ("projects", {"My Project"}, "a project must be an id such as my-project, or a number, got 'My Project'"),
    ],
)
def test_impossible_setting_is_refused(setting: str, value: Any, sentence: str) -> None:
    """A setting that no request can match is refused when the server starts."""
    settings = Settings(**{setting: value})
    with pytest.raises(ValueError, match=f"^{sentence}"):
        create_app(settings)


def test_groups_are_found_in_any_case() -> None:
    """A user is in every group that names them, and case does not matter in addresses."""
    groups = {"Team@Example.com": ["ALICE@example.com", "bob@example.com"], "all@example.com": ["alice@example.com"]}
    policy = Policy(groups=groups)

    assert policy.groups_of("alice@example.com") == {"team@example.com", "all@example.com"}
    assert policy.groups_of("bob@example.com") == {"team@example.com"}
    assert policy.groups_of("team@example.com") == frozenset()


@pytest.mark.parametrize(
    ("projects", "project", "expected"),
    [
        ((), "my-project", True),
        ((), "example.com:my-project", True),
        ((), "123456789012", True),
        ((), "My Project", False),
        ((), "my", False),
        ((), "１２", False),
        ({"my-project"}, "my-project", True),
        ({"my-project"}, "other-project", False),
        ({"my-project"}, "123", False),
    ],
)
def test_quota_projects(projects: Any, project: str, expected: bool) -> None:
    """If the setting names projects, only those are known; otherwise all with a valid form are."""
    assert Policy(projects=projects).knows_project(project) is expected
