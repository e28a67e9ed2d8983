"""Names and docstrings of the code are plain: a reader who knows HTTP and pytest understands them at once.

This file has every rule with its reason. To change a rule, change it here.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("client/tunedmodels", "mockserver/tunedmodels_mockserver", "contracts/tunedmodels_contracts")
MODULES = sorted(path.relative_to(ROOT).as_posix() for package in PACKAGES for path in (ROOT / package).rglob("*.py"))

PARTICIPLES = """
answered asked befallen begun broken chosen counted cut deleted drawn ended fired found gathered given gone held heard
judged kept known left listed looked lost made met missed moved named noted passed paused put ran recorded refused said
seen sent settled shown spoiled spent stopped stood swept taken told touched wanted watched wished written
""".split()  # noqa: SIM905 - a list takes a line a word
GERUNDS = """
answering asking hearing listening looking noting parting passing reporting settling sharing telling
""".split()  # noqa: SIM905

BANNED_NAMES: dict[str, str] = {
    **dict.fromkeys(PARTICIPLES, "a participle alone says neither what a function does nor what an object is"),
    **dict.fromkeys(GERUNDS, "a class is a noun of the field, and a function a verb"),
    "befall": "say apply",
    "fitness": "say conformance",
    "nobody": "say what is absent: missing_credentials",
    "touch": "say impact",
    "unfit": "say schema_violations",
    "wishes": "say options",
}
"""Names of functions, methods and classes that are refused, without underscores around them, each with the reason."""

BANNED_MODULE_OPENING = re.compile(r"(The |An? )?[\w`' -]{1,40}: [a-z]")
"""A title and a colon. Say in a sentence what is in the module and when a reader needs it."""

BANNED_OPENINGS: dict[str, str] = {
    **dict.fromkeys(("Who", "Whoever", "Somebody", "Nobody"), "name the subject: the client, the caller, the server"),
    **dict.fromkeys(("What", "How", "Where", "Which", "That", "Of"), "begin with a verb, or with the noun that it is"),
    **dict.fromkeys(("Let", "Tell", "See"), "use the verb of what happens: apply, report, return"),
}
"""First words of docstrings that are refused, each with the reason."""


def docstrings(module: str) -> Iterator[tuple[ast.AST, str]]:
    """Yield each node of *module* that has a docstring, and the docstring."""
    for node in ast.walk(ast.parse((ROOT / module).read_text(encoding="utf-8"))):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            text = ast.get_docstring(node)
            if text:
                yield node, text


def bad_names(module: str) -> list[str]:
    """Return a line for each banned name that *module* defines."""
    return [
        f"{module}:{node.lineno}: {node.name}: {BANNED_NAMES[node.name.strip('_').lower()]}"
        for node in ast.walk(ast.parse((ROOT / module).read_text(encoding="utf-8")))
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.name.strip("_").lower() in BANNED_NAMES
    ]


def bad_openings(module: str) -> list[str]:
    """Return a line for each docstring of *module* with a banned opening."""
    lines = []
    for node, text in docstrings(module):
        first = text.split()[0]
        if isinstance(node, ast.Module) and BANNED_MODULE_OPENING.match(text):
            lines.append(f"{module}: {text.splitlines()[0]}: a title and a colon; write a sentence")
        elif first in BANNED_OPENINGS:
            lines.append(f"{module}:{getattr(node, 'lineno', 1)}: {first} ...: {BANNED_OPENINGS[first]}")
    return lines


@pytest.mark.parametrize("package", PACKAGES)
def test_names(package: str) -> None:
    """Functions and classes have names of the field."""
    lines = [line for module in MODULES if module.startswith(package) for line in bad_names(module)]

    assert lines == []


@pytest.mark.parametrize("package", PACKAGES)
def test_openings_of_docstrings(package: str) -> None:
    """Docstrings begin with what a reader needs."""
    lines = [line for module in MODULES if module.startswith(package) for line in bad_openings(module)]

    assert lines == []
