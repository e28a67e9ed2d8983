"""Renders the report as one HTML page. The page needs no network; its only script filters the clauses."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

import jinja2
from markupsafe import Markup, escape

from ..clauses.clause import Level
from ..clauses.results import Verdict
from ..evidence.evidence import Kind
from .inventions import group_by_part
from .report import Report
from .summary_lines import INVENTED, NO_EVIDENCE, headline

# HTML forbids these characters, escaped or not, but text from a server can contain them.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CODE = re.compile(r"(``.+?``|`[^`]+`)")


def to_html(report: Report) -> str:
    """Return *report* as a page. Its first line says which clauses have evidence and which have none.

    The content policy allows only the page's own style and script, by their digests. Text from a server cannot run as a
    script, and the page loads nothing.
    """
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    style, script = _resource("page.css"), _resource("page.js")
    text = environment.from_string(_resource("page.html")).render(
        report=report,
        headline=headline(report),
        no_evidence=NO_EVIDENCE,
        invented=INVENTED,
        parts=group_by_part(report.invented),
        style=Markup(style),
        script=Markup(script),
        policy=f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; base-uri 'none'",
        Kind=Kind,
        Level=Level,
        Verdict=Verdict,
        link=_link,
        prose=_prose,
    )
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text) + "\n"


def _resource(name: str) -> str:
    return files("tunedmodels_contracts.report").joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _prose(markdown: str) -> Markup:
    """Return a line of Markdown as HTML, with the text between backquotes as code."""
    pieces = _CODE.split(markdown)
    codes = [Markup("<code>{}</code>").format(piece.strip("`").strip()) for piece in pieces[1::2]]
    texts = [escape(piece) for piece in pieces[::2]]
    return Markup("").join(part for pair in zip(texts, [*codes, Markup("")], strict=True) for part in pair)


def _link(source: str) -> str:
    """Return the URL of a source; an empty text if it has none."""
    if source.startswith(("https://", "http://")):
        return source.partition(" ")[0]
    repository, _, path = source.partition(":")
    name, _, commit = repository.partition("@")
    if name.count("/") != 1 or not path or " " in name:
        return ""
    return f"https://github.com/{name}/blob/{commit or 'HEAD'}/{path.partition('#')[0]}"
