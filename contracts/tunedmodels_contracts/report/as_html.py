"""The report in HTML: one page that needs no network and no script."""

from __future__ import annotations

import re
from importlib.resources import files

import jinja2

from ..results import Verdict
from .content import Report
from .words import INVENTED, headline

# HTML has no place for them, escaped or not; a server's words may have them.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def as_html(report: Report) -> str:
    """Return *report* as a page. Its first line says what is proved and what is not."""
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    template = files("tunedmodels_contracts.report").joinpath("page.html").read_text(encoding="utf-8")
    page = environment.from_string(template)
    text = page.render(report=report, headline=headline(report), invented=INVENTED, Verdict=Verdict, link=_link)
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text) + "\n"


def _link(source: str) -> str:
    """Return the address at which a source can be looked up; nothing for one that has none."""
    if source.startswith(("https://", "http://")):
        return source.partition(" ")[0]
    repository, _, path = source.partition(":")
    name, _, commit = repository.partition("@")
    if name.count("/") != 1 or not path or " " in name:
        return ""
    return f"https://github.com/{name}/blob/{commit or 'HEAD'}/{path.partition('#')[0]}"
