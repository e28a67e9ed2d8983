"""The page about canned answers runs: its Python in one go, and its YAML is taken as rules."""

from __future__ import annotations

import re
from pathlib import Path

from tunedmodels_mockserver import Settings, create_app

PAGE = (Path(__file__).parents[2] / "docs" / "canned.md").read_text("utf-8")


def blocks(tag: str) -> list[str]:
    return re.findall(rf"^```{tag}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_pages_python_runs() -> None:
    """Block after block, as a reader would type them; what they assert holds."""
    found = blocks("python")

    assert len(found) == 2
    exec(compile("\n".join(found), "docs/canned.md", "exec"), {})


def test_the_pages_yaml_is_rules(tmp_path: Path) -> None:
    """The file that is shown gives the rules that it seems to."""
    (text,) = blocks("yaml")
    (tmp_path / "rules.yaml").write_text(text, "utf-8")
    http = create_app(Settings(canned_files=[tmp_path])).test_client()

    told = http.get("/_emulator/canned").json
    assert told is not None
    assert [rule["id"].rpartition("#")[2].partition("-")[0] for rule in told["rules"]] == ["1", "tool"]
    body = {
        "contents": [{"parts": [{"text": "where"}]}],
        "tools": [{"functionDeclarations": [{"name": "look", "description": "Looks."}]}],
    }
    answer = http.post("/v1beta/models/gemini-1.5-flash:generateContent", json=body).json
    assert answer is not None
    (part,) = answer["candidates"][0]["content"]["parts"]
    assert part == {"functionCall": {"name": "look", "args": {"where": "where"}}}
