"""The page of invented answers and the code tell the same."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tunedmodels_mockserver.core import errors

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "invented.md").read_text("utf-8")


def invented_wordings() -> list[tuple[str, str]]:
    """Return each refusal that says it is invented, and the longest text that it always has."""
    tree = ast.parse(Path(errors.__file__).read_text("utf-8"))
    found = []
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and "invented" in (ast.get_docstring(function) or ""):
            texts = [
                node.value
                for statement in function.body[1:]
                for node in ast.walk(statement)
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            ]
            found.append((function.name, max(texts, key=len).strip()))
    return found


def test_there_are_invented_refusals() -> None:
    """The search below finds what it looks for."""
    assert {"model_exists", "permission_missing"} <= {name for name, _ in invented_wordings()}


@pytest.mark.parametrize(("name", "wording"), [row for row in invented_wordings() if row[0] != "invalid"])
def test_an_invented_wording_is_on_the_page(name: str, wording: str) -> None:
    """Whatever a refusal marks as invented is listed for users."""
    assert wording in PAGE, name
