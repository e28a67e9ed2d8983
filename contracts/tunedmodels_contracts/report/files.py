"""Writes the four files of a report to one folder, and reads its JSON file."""

from __future__ import annotations

import json
from pathlib import Path

from tunedmodels_mockserver.files import atomic

from . import report as content
from .html import to_html
from .junit import to_junit
from .markdown import to_markdown
from .report import Report

NAMES = ("report.json", "report.md", "report.html", "junit.xml")


def write(report: Report, folder: Path) -> None:
    """Write *report* to *folder*, which is created if it is missing. Raises OSError if this fails."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = (
        json.dumps(content.to_json(report), indent=1, ensure_ascii=False) + "\n",
        to_markdown(report),
        to_html(report),
        '<?xml version="1.0" encoding="utf-8"?>\n' + to_junit(report),
    )
    for name, text in zip(NAMES, texts, strict=True):
        # A server's JSON can contain a lone surrogate, which UTF-8 cannot encode.
        atomic.write(folder / name, text.encode("utf-8", "backslashreplace"))


def read(path: Path) -> Report:
    """Return the report in the JSON file at *path*. Raises ValueError for other content, OSError for a missing file."""
    try:
        return content.from_json(json.loads(path.read_bytes()))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
