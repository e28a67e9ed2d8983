"""Files of rules: read at the start and again when they change."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tunedmodels_mockserver import Settings, create_app

from ..conftest import ok
from ..web.admin.test_canned import CANNED, arm, ask, text_of

SUNNY = "- {id: sun, when: {contains: weather}, answer: sunny}\n"


def answer_text(http: FlaskClient) -> str:
    return text_of(ok(ask(http, "the weather")))


def test_a_file_answers_in_every_world_after_its_own_rules(tmp_path: Path) -> None:
    """Its rules come behind those of the world, are told with it, and cannot be deleted by call."""
    path = tmp_path / "rules.yaml"
    path.write_text(SUNNY)
    http = create_app(Settings(canned_files=[path])).test_client()

    assert answer_text(http) == "sunny"
    told = ok(http.get(CANNED))
    assert [(rule["id"], rule["hits"]) for rule in told["rules"]] == [(f"{path}#sun", 1)]
    assert told["files"] == [{"path": str(path), "rules": 1, "problem": None}]
    assert ok(http.get(CANNED, headers={"X-Test-Id": "w1"}))["rules"][0]["hits"] == 0
    assert http.delete(f"{CANNED}/{str(path).replace('/', '%2F')}%23sun").status_code == 409
    arm(http, {"answer": "mine"})
    assert answer_text(http) == "mine"


def test_a_file_is_read_again_when_it_changes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """At the next request; a bad version leaves the rules of before, and is told in the log once and by GET."""
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


def test_a_file_of_the_same_size_and_time_is_known_by_its_inode(tmp_path: Path) -> None:
    """An editor that puts a new file in the old one's place is noticed."""
    path, other = tmp_path / "rules.yaml", tmp_path / "other"
    path.write_text(SUNNY)
    http = create_app(Settings(canned_files=[path])).test_client()
    other.write_text(SUNNY.replace("sunny", "rainy"))
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)

    assert answer_text(http) == "rainy"


def test_a_folder_gives_its_files_in_order(tmp_path: Path) -> None:
    """YAML and JSON by name; others are left alone, and files come and go."""
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


def test_what_a_file_says_anew_is_a_new_rule(tmp_path: Path) -> None:
    """A rule without an id that was spent answers again when its text changes, and stays spent otherwise."""
    path = tmp_path / "rules.yaml"
    path.write_text("- {answer: once, times: 1}\n- {answer: always}\n")
    http = create_app(Settings(canned_files=[path])).test_client()

    assert [answer_text(http), answer_text(http)] == ["once", "always"]
    path.write_text("- {answer: once, times: 1}\n- {answer: always, id: a}\n")
    assert answer_text(http) == "always"
    path.write_text("- {answer: once more, times: 1}\n- {answer: always, id: a}\n")
    assert [answer_text(http), answer_text(http)] == ["once more", "always"]


@pytest.mark.parametrize("name", ["rules.yaml", "rules.json"])
@pytest.mark.parametrize("text", ["", "\n", "# later\n"])
def test_a_file_without_a_rule_is_refused_at_the_start(tmp_path: Path, name: str, text: str) -> None:
    """It is a mistake; a list that is empty is none."""
    path = tmp_path / name
    path.write_text(text)

    with pytest.raises(ValueError, match=r"rules\.\w+: (the file contains no rule|This is no JSON)"):
        create_app(Settings(canned_files=[path]))
    path.write_text("[]")
    assert ok(create_app(Settings(canned_files=[path])).test_client().get(CANNED))["rules"] == []


def test_a_file_that_is_emptied_keeps_its_rules(tmp_path: Path) -> None:
    """An editor may empty a file before it writes."""
    path = tmp_path / "rules.yaml"
    path.write_text(SUNNY)
    http = create_app(Settings(canned_files=[path])).test_client()
    path.write_text("")

    assert answer_text(http) == "sunny"
    assert "the file contains no rule" in ok(http.get(CANNED))["files"][0]["problem"]


def test_a_folder_without_a_file_of_rules_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It may be filled later."""
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
        ("[" * 50_000, "this YAML is nested too deeply."),
        ("- {answer: 5}", "Expected `str | object`, got `int` - at `$[0].answer`."),
        ("rules: [{answer: x}]\nstrickt: true", "There is no member 'strickt'; the nearest is strict."),
        ("- {id: a, answer: x}\n- {id: a, answer: y}", "There are two rules 'a'. Give one of them another id."),
        ("- {id: a b, answer: x}", "an id has 1 to 100 letters, digits, dots, dashes or underscores, got 'a b'"),
    ],
)
def test_a_bad_file_is_refused_at_the_start(tmp_path: Path, text: str, sentence: str) -> None:
    """With its name and the place in it."""
    path = tmp_path / "rules.yaml"
    path.write_text(text)

    with pytest.raises(ValueError, match=r"rules\.yaml: ") as refusal:
        create_app(Settings(canned_files=[path]))
    assert sentence in str(refusal.value)


def test_the_command_refuses_a_bad_file(tmp_path: Path) -> None:
    """With status 2 and one sentence, before it listens."""
    command = [sys.executable, "-m", "tunedmodels_mockserver", "serve", "--port", "0", "--canned", str(tmp_path / "no")]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == f"There is no file or folder {tmp_path / 'no'}.\n"
