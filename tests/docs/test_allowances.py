"""The page of allowances and the code tell the same."""

from __future__ import annotations

import re
from pathlib import Path

from tunedmodels_mockserver.core.methods.allowances import ALLOWANCES

ROOT = Path(__file__).parents[2]


def test_the_page_lists_every_allowance_as_the_code_has_it() -> None:
    """Row by row: id, what is let through, for whom, what the service does and how that is known, the way round."""
    rows = re.findall(r"^\| `([\w-]+)` \| (.*) \|$", (ROOT / "docs" / "allowances.md").read_text("utf-8"), re.MULTILINE)

    assert rows == [
        (item.id, f"{item.lets} | {item.clients} | {item.otherwise} | {item.known} | {item.way_round}")
        for item in ALLOWANCES.values()
    ]
