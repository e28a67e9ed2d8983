"""Tests that the page of allowances has the same texts as the code."""

from __future__ import annotations

import re
from pathlib import Path

from tunedmodels_mockserver.core.methods.allowances import ALLOWANCES

ROOT = Path(__file__).parents[2]


def test_page_lists_every_allowance() -> None:
    """Each row has the id, the requests, the clients, the answer of the service, its source and the alternative."""
    rows = re.findall(r"^\| `([\w-]+)` \| (.*) \|$", (ROOT / "docs" / "allowances.md").read_text("utf-8"), re.MULTILINE)

    assert rows == [
        (item.id, f"{item.accepts} | {item.clients} | {item.service_answer} | {item.source} | {item.alternative}")
        for item in ALLOWANCES.values()
    ]
