"""The page of invented answers has the wordings of the code."""

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
    wordings = []
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and "invented" in (ast.get_docstring(function) or ""):
            texts = [
                node.value
                for statement in function.body[1:]
                for node in ast.walk(statement)
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            ]
            wordings.append((function.name, max(texts, key=len).strip()))
    return wordings


def test_invented_refusals_are_in_the_code() -> None:
    """The search of the next test finds refusals."""
    assert {"model_exists", "permission_missing"} <= {name for name, _ in invented_wordings()}


@pytest.mark.parametrize(("name", "wording"), [row for row in invented_wordings() if row[0] != "invalid"])
def test_invented_wording_is_on_the_page(name: str, wording: str) -> None:
    """The page lists every wording that the code marks as invented."""
    assert wording in PAGE, name
