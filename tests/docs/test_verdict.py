"""The page about the journal and the verdict runs, and lists every finding."""

from __future__ import annotations

import re
from pathlib import Path

from tunedmodels_mockserver import Settings
from tunedmodels_mockserver.core import verdict

from ..servers import serve
from .pages import read_page, run_python


def test_python_of_the_page_runs() -> None:
    """The Python of the page runs block after block, and its assertions hold."""
    with serve(Settings(seed=1)) as url:
        run_python("verdict.md", 4, url)


def test_page_lists_every_finding() -> None:
    """The page lists the ids of the findings in the code, and no others."""
    folder = Path(verdict.__file__).parent
    ids = {
        name
        for module in ("polling", "retries", "cleanup")
        for name in re.findall(r'Finding\(\s*"([a-z-]+)"', (folder / f"{module}.py").read_text("utf-8"))
    }

    assert set(re.findall(r"^\| `([a-z-]+)` \|", read_page("verdict.md"), re.MULTILINE)) == ids
