"""The shape of the repository: what lies where, and what every module has."""

import ast
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("client/tunedmodels", "mockserver/tunedmodels_mockserver", "contracts/tunedmodels_contracts")
MODULES = sorted(path.relative_to(ROOT).as_posix() for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
TOP_LEVEL = {
    ".ci",
    ".dockerignore",
    ".editorconfig",
    ".github",
    ".gitignore",
    ".pre-commit-config.yaml",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Dockerfile",
    "LICENSE",
    "README.md",
    "client",
    "contracts",
    "docs",
    "mockserver",
    "pyproject.toml",
    "scripts",
    "tests",
}


def syntax(module: str) -> ast.Module:
    return ast.parse((ROOT / module).read_text(encoding="utf-8"), filename=module)


def imported(tree: ast.Module) -> set[str]:
    """The top-level names that the module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").split(".")[0])
    return names


@pytest.mark.parametrize("module", MODULES)
def test_module_says_what_it_is(module: str) -> None:
    """Every module begins with a docstring."""
    assert ast.get_docstring(syntax(module))


@pytest.mark.parametrize("module", MODULES)
def test_module_does_not_import_tests(module: str) -> None:
    """What is shipped needs nothing from the tests, which are not."""
    assert "tests" not in imported(syntax(module))


def test_top_level_is_closed() -> None:
    """Nothing new lies in the repository's root unless this list is changed too."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout, so there is no list of what belongs to the repository")
    listed = subprocess.run([git, "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip(f"git does not list this checkout: {listed.stderr.strip()}")

    assert {name.split("/")[0] for name in listed.stdout.split("\0") if name} <= TOP_LEVEL


@pytest.mark.parametrize("name", ["scripts/demo", "scripts/test", "scripts/update-schema", ".ci/run"])
def test_script_can_be_run(name: str) -> None:
    """The scripts are executable as they are checked out."""
    assert os.access(ROOT / name, os.X_OK)


def test_changelog_knows_the_version() -> None:
    """The newest released section is the version of pyproject.toml; before the first there is Unreleased."""
    found = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert found
    sections = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    released = [section for section in sections if section != "Unreleased"]

    assert sections
    assert released[:1] in ([], [found[1]])
