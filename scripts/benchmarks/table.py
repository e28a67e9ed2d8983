"""Writes figures as Markdown, and puts them into the marked place of a page. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


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


def marks(command: str) -> tuple[str, str]:
    """Return the two lines of a page between which *command* writes."""
    return f"<!-- {command} --write fills what follows, up to the end mark -->", f"<!-- the end mark of {command} -->"


def with_section(page: str, section: str, command: str) -> str:
    """Return *page* with *section* between the two marks of *command*. Raises ValueError if it lacks them."""
    first, last = marks(command)
    before, begin, rest = page.partition(first)
    _, end, after = rest.partition(last)
    if not begin or not end:
        raise ValueError(f"the page lacks the line {last if begin else first}")
    return f"{before}{first}\n\n{section.strip()}\n\n{last}{after}"
