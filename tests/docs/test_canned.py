"""The Python of the page about canned answers works, and the server accepts its YAML."""

from __future__ import annotations

from pathlib import Path

from tunedmodels_mockserver import Settings, create_app

from .pages import blocks, read_page, run_python


def test_python_of_the_page_runs() -> None:
    """The Python of the page runs block after block, and its assertions hold."""
    run_python("canned.md", 2)


def test_yaml_of_the_page_is_rules(tmp_path: Path) -> None:
    """The YAML of the page is a file of two rules, and the second calls the tool."""
    (text,) = blocks(read_page("canned.md"), "yaml")
    (tmp_path / "rules.yaml").write_text(text, "utf-8")
    http = create_app(Settings(canned_files=[tmp_path])).test_client()

    rules = http.get("/_emulator/canned").get_json()["rules"]
    assert [rule["id"].rpartition("#")[2].partition("-")[0] for rule in rules] == ["1", "tool"]
    body = {
        "contents": [{"parts": [{"text": "where"}]}],
        "tools": [{"functionDeclarations": [{"name": "look", "description": "Looks."}]}],
    }
    answer = http.post("/v1beta/models/gemini-1.5-flash:generateContent", json=body).get_json()
    (part,) = answer["candidates"][0]["content"]["parts"]
    assert part == {"functionCall": {"name": "look", "args": {"where": "where"}}}
