"""Writes figures as Markdown, and puts them into the marked place of a page. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

BEGIN = "<!-- scripts/bench --write fills what follows, up to the end mark -->"
END = "<!-- the end mark of scripts/bench -->"


def markdown_table(rows: Sequence[Sequence[str]]) -> str:
    """Return *rows*, the head first, as a table."""
    head, *body = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def head(environment: Mapping[str, Any], rounds: int, seconds: float, quick: bool) -> str:
    """Return the sentences before the tables: when, where, how."""
    lines = [
        f"{environment['date']}, commit {environment['commit']}, {environment['python']}, {environment['system']}, "
        f"{environment['cpu']}, {environment['cores']} cores, {environment['memory_gib']} GiB, load average "
        f"{environment['load']}, steal {environment['steal']:.1%}. Load by {environment['generator']}; {rounds} rounds "
        f"of {seconds:g} s; "
        f"servers {'on one core, load on another' if environment['pinned'] else 'and load share the cores'}."
    ]
    if quick:
        lines.append("**This was a quick run: sizes are smaller than the names say, and the figures are rough.**")
    if environment["busy"]:
        lines.append(f"**The machine was busy: do not compare these figures.** ({'; '.join(environment['busy'])}.)")
    return "\n\n".join(lines)


def with_section(page: str, section: str) -> str:
    """Return *page* with *section* between its two marks. Raises ValueError if it lacks them."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page lacks the line {BEGIN if not begin else END}")
    return f"{before}{BEGIN}\n\n{section.strip()}\n\n{END}{after}"
