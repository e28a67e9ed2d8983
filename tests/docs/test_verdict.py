"""The page about the journal and the verdict runs, and lists every finding."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tunedmodels_mockserver import Settings, create_app
from tunedmodels_mockserver.core import verdict
from tunedmodels_mockserver.process.server import Server

PAGE = (Path(__file__).parents[2] / "docs" / "verdict.md").read_text("utf-8")
BASE = "http://127.0.0.1:9480"


@pytest.fixture
def url() -> Iterator[str]:
    server = Server(create_app(Settings(seed=1)), "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield server.url
    server.stop()
    thread.join(10)


def test_the_pages_python_runs(url: str) -> None:
    """Block after block, as a reader would type them; what they assert holds."""
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

    assert len(blocks) == 4
    exec(compile("\n".join(blocks).replace(BASE, url), "docs/verdict.md", "exec"), {})


def test_the_page_lists_every_finding() -> None:
    """Those that the code can make, by their ids, and no others."""
    folder = Path(verdict.__file__).parent
    made = {
        name
        for module in ("polling", "retries", "cleanup")
        for name in re.findall(r'Finding\(\s*"([a-z-]+)"', (folder / f"{module}.py").read_text("utf-8"))
    }

    assert set(re.findall(r"^\| `([a-z-]+)` \|", PAGE, re.MULTILINE)) == made
