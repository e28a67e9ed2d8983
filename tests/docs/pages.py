"""Reads the pages of docs/ and their code blocks, which the tests of this folder run."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def read_page(name: str) -> str:
    """Return the text of a page of docs/."""
    return (DOCS / name).read_text("utf-8")


def blocks(page: str, tag: str) -> list[str]:
    """Return the code blocks of a page's text that have this tag."""
    return re.findall(rf"^```{tag}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def run_python(name: str, count: int, base: str = "") -> None:
    """Run the *count* Python blocks of a page one after the other, against the mock server at *base*."""
    programs = blocks(read_page(name), "python")
    assert len(programs) == count
    exec(compile("\n".join(programs).replace("http://127.0.0.1:9480", base), f"docs/{name}", "exec"), {})
