"""The pages for contributors name modules and commands that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "docs" / "architecture.md", ROOT / "CONTRIBUTING.md")
PLACES = (
    ROOT,
    ROOT / "client" / "tunedmodels",
    ROOT / "mockserver" / "tunedmodels_mockserver",
    ROOT / "contracts" / "tunedmodels_contracts",
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_paths_exist(page: Path) -> None:
    """Each path in the page is a file or folder of the repository or of a package."""
    code = re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8"))
    paths = [text for text in code if re.fullmatch(r"[\w.-]+(/[\w.-]+)*(/|\.(py|json|md|yaml))", text)]

    assert paths
    assert [path for path in paths if not any((place / path).exists() for place in PLACES)] == []


def test_functions_exist() -> None:
    """Each function, class or constant that the page names after its file is in that file."""
    rows = re.findall(r"`([\w./]+\.py)`: `([\w.]+)`", PAGES[0].read_text(encoding="utf-8"))

    assert len(rows) > 15
    for path, name in rows:
        (module,) = [place / path for place in PLACES if (place / path).exists()]
        for part in name.split("."):
            definition = rf"^ *(?:(?:def|class) {part}\b|{part}\b.* = )"
            assert re.search(definition, module.read_text("utf-8"), re.MULTILINE), name


def test_links_exist() -> None:
    """Each relative link of README, CONTRIBUTING and docs leads to a file."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    links = [
        (page.name, link)
        for page in pages
        for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", re.sub(r"`[^`]*`", "", page.read_text(encoding="utf-8")))
        if "://" not in link and not (page.parent / link).exists()
    ]

    assert links == []
