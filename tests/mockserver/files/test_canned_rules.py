"""Tests files of rules, which are read at the start and after each change."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tunedmodels_mockserver import Settings, create_app

from ..conftest import ok
from ..web.admin.test_canned import CANNED, arm, ask, text_of

SUNNY = "- {id: sun, when: {contains: weather}, answer: sunny}\n"


def answer_text(http: FlaskClient) -> str:
    return text_of(ok(ask(http, "the weather")))


def test_rules_of_a_file_apply_in_every_world(tmp_path: Path) -> None:
    """They come after the rules of the world, the list has them, and a call cannot delete them."""
    path = tmp_path / "rules.yaml"
    path.write_text(SUNNY)
    http = create_app(Settings(canned_files=[path])).test_client()

    assert answer_text(http) == "sunny"
    book = ok(http.get(CANNED))
    assert [(rule["id"], rule["hits"]) for rule in book["rules"]] == [(f"{path}#sun", 1)]
    assert book["files"] == [{"path": str(path), "rules": 1, "problem": None}]
    assert ok(http.get(CANNED, headers={"X-Test-Id": "w1"}))["rules"][0]["hits"] == 0
    assert http.delete(f"{CANNED}/{str(path).replace('/', '%2F')}%23sun").status_code == 409
    arm(http, {"answer": "mine"})
    assert answer_text(http) == "mine"


def test_a_file_is_read_again_when_it_changes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The next request reads it; a bad version keeps the earlier rules, and the log and GET report it."""
    path = tmp_path / "rules.yaml"
    path.write_text(SUNNY)
    http = create_app(Settings(canned_files=[path])).test_client()

    path.write_text(SUNNY.replace("sunny", "rainy later"))
    assert answer_text(http) == "rainy later"
    path.write_text("- {answer: {txt: x}}")
    with caplog.at_level(logging.ERROR):
        assert [answer_text(http), answer_text(http)] == ["rainy later"] * 2
    sentence = f"{path}: There is no member 'txt' - at `$[0].answer`; the nearest is text."
    assert [record.getMessage() for record in caplog.records] == [f"{sentence} The earlier rules stay."]
    assert ok(http.get(CANNED))["files"] == [{"path": str(path), "rules": 1, "problem": sentence}]
    path.unlink()
    assert answer_text(http) == "rainy later"
    assert ok(http.get(CANNED))["files"][0]["problem"] == f"{path}: No such file or directory."
    path.write_text(SUNNY)
    assert answer_text(http) == "sunny"


def test_a_replaced_file_of_the_same_size_and_time_is_read_again(tmp_path: Path) -> None:
    """An editor may replace a file by a new one."""
    path, other = tmp_path / "rules.yaml", tmp_path / "other"
    path.write_text(SUNNY)
    http = create_app(Settings(canned_files=[path])).test_client()
    other.write_text(SUNNY.replace("sunny", "rainy"))
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)

    assert answer_text(http) == "rainy"


def test_a_folder_is_read_in_order_of_names(tmp_path: Path) -> None:
    """Only YAML and JSON files count, and files can be added and removed."""
    (tmp_path / "b.yaml").write_text(SUNNY)
    (tmp_path / "c.json").write_text('{"strict": true, "rules": [{"answer": "json"}]}')
    (tmp_path / "notes.txt").write_text("no rules")
    http = create_app(Settings(canned_files=[tmp_path])).test_client()

    assert (answer_text(http), ok(http.get(CANNED))["strict"]) == ("sunny", True)
    (tmp_path / "a.yml").write_text("- answer: first")
    assert answer_text(http) == "first"
    for name in ("a.yml", "b.yaml"):
        (tmp_path / name).unlink()
    assert answer_text(http) == "json"


def test_a_changed_rule_of_a_file_counts_from_zero(tmp_path: Path) -> None:
    """A rule without an id answers again when its text changes, and otherwise keeps its count."""
    path = tmp_path / "rules.yaml"
    path.write_text("- {answer: once, times: 1}\n- {answer: always}\n")
    http = create_app(Settings(canned_files=[path])).test_client()

    assert [answer_text(http), answer_text(http)] == ["once", "always"]
    path.write_text("- {answer: once, times: 1}\n- {answer: always, id: a}\n")
    assert answer_text(http) == "always"
    path.write_text("- {answer: once more, times: 1}\n- {answer: always, id: a}\n")
    assert [answer_text(http), answer_text(http)] == ["once more", "always"]


@pytest.mark.parametrize(("name", "text"), [("rules.yaml", ""), ("rules.yaml", "# later\n"), ("rules.json", "\n")])
def test_a_file_without_a_rule_is_refused_at_the_start(tmp_path: Path, name: str, text: str) -> None:
    """It is a mistake; an empty list is accepted."""
    path = tmp_path / name
    path.write_text(text)

    with pytest.raises(ValueError, match=r"rules\.\w+: (the file contains no rule|This is not valid JSON)"):
        create_app(Settings(canned_files=[path]))
    path.write_text("[]")
    assert ok(create_app(Settings(canned_files=[path])).test_client().get(CANNED))["rules"] == []


def test_an_emptied_file_keeps_its_rules(tmp_path: Path) -> None:
    """An editor may empty a file before it writes."""
    path = tmp_path / "rules.yaml"
    path.write_text(SUNNY)
    http = create_app(Settings(canned_files=[path])).test_client()
    path.write_text("")

    assert answer_text(http) == "sunny"
    assert "the file contains no rule" in ok(http.get(CANNED))["files"][0]["problem"]


def test_a_folder_without_rule_files_logs_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A user may add files later."""
    (tmp_path / "notes.txt").write_text("no rules")
    with caplog.at_level(logging.WARNING):
        http = create_app(Settings(canned_files=[tmp_path])).test_client()

    assert [record.getMessage() for record in caplog.records] == [
        f"{tmp_path} has no file of canned rules yet (.json, .yaml, .yml)."
    ]
    (tmp_path / "rules.yaml").write_text(SUNNY)
    assert answer_text(http) == "sunny"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("- {answer: [}", "this is not YAML: "),
        ("[" * 5_000, "this YAML is nested too deeply."),
        ("- {answer: 5}", "Expected `str | object`, got `int` - at `$[0].answer`."),
        ("rules: [{answer: x}]\nstrickt: true", "There is no member 'strickt'; the nearest is strict."),
        ("- {id: a, answer: x}\n- {id: a, answer: y}", "There are two rules 'a'. Give one of them another id."),
        ("- {id: a b, answer: x}", "an id must have 1 to 100 letters, digits, dots, dashes or underscores, got 'a b'"),
    ],
)
def test_a_bad_file_is_refused_at_the_start(tmp_path: Path, text: str, sentence: str) -> None:
    """The error has the name of the file and the place in it."""
    path = tmp_path / "rules.yaml"
    path.write_text(text)

    with pytest.raises(ValueError, match=r"rules\.yaml: ") as refusal:
        create_app(Settings(canned_files=[path]))
    assert sentence in str(refusal.value)
