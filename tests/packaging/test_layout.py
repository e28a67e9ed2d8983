"""The repository has a fixed layout, and every module has a docstring."""

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


def imported(tree: ast.Module) -> set[str]:
    """Return the top-level names that the module imports anywhere."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").split(".")[0])
    return names


def test_modules_have_docstrings_and_import_no_tests() -> None:
    """Every module begins with a docstring, and imports nothing of the tests, which the wheel does not have."""
    trees = {module: ast.parse((ROOT / module).read_text(encoding="utf-8")) for module in MODULES}

    assert [module for module, tree in trees.items() if not ast.get_docstring(tree)] == []
    assert [module for module, tree in trees.items() if "tests" in imported(tree)] == []


def test_top_level_is_closed() -> None:
    """The root of the repository has only the names of this list."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout, so there is no list of what belongs to the repository")
    process = subprocess.run([git, "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=False)
    if process.returncode != 0:
        pytest.skip(f"git does not list this checkout: {process.stderr.strip()}")

    assert {name.split("/")[0] for name in process.stdout.split("\0") if name} <= TOP_LEVEL


@pytest.mark.parametrize(
    "name", ["scripts/bench", "scripts/demo", "scripts/soak", "scripts/test", "scripts/update-schema", ".ci/run"]
)
def test_script_can_be_run(name: str) -> None:
    """The scripts are executable as they are checked out."""
    assert os.access(ROOT / name, os.X_OK)


def test_changelog_knows_the_version() -> None:
    """The newest released section is the version of pyproject.toml; before the first there is Unreleased."""
    match = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert match
    sections = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    released = [section for section in sections if section != "Unreleased"]

    assert sections
    assert released[:1] in ([], [match[1]])
