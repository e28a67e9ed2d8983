"""Tests the sentences of a report, and its forms: JSON, Markdown, HTML and JUnit's XML."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tunedmodels_contracts.clauses.clause import Clause, Level
from tunedmodels_contracts.clauses.results import Check, CheckedServer, Result, Verdict
from tunedmodels_contracts.evidence.evidence import Evidence, Kind
from tunedmodels_contracts.evidence.known_differences import KnownDifference
from tunedmodels_contracts.report import files, report
from tunedmodels_contracts.report.html import to_html
from tunedmodels_contracts.report.inventions import Invention, inventions
from tunedmodels_contracts.report.junit import to_junit
from tunedmodels_contracts.report.markdown import to_markdown
from tunedmodels_contracts.report.report import Report, merge
from tunedmodels_contracts.report.run import SuiteRun
from tunedmodels_contracts.report.summary_lines import headline, last_line
from tunedmodels_contracts.schema.observed import ApiCoverage

GOLDEN = Path(__file__).parents[1] / "golden" / "report.md"
EVIL = '<script>alert(1)</script> | `x` & "y"\n\x00second line'

CLAUSES = {
    "get/missing-model": Clause("get/missing-model", ("tunedModels.get",), "404 NOT_FOUND"),
    "list/whole-models": Clause("list/whole-models", ("tunedModels.list", "tunedModels.get")),
    "patch/one-more": Clause("patch/one-more", ("tunedModels.patch",), level=Level.RECOMMENDED),
    "stream/events": Clause("stream/events", ("tunedModels.streamGenerateContent",), level=Level.OPTIONAL),
}
EVIDENCE = {
    "get/missing-model": Evidence(Kind.PUBLISHED, "2025-02-21", "owner/repository@362ab9b5379d:a/notebook.ipynb"),
    "list/whole-models": Evidence(Kind.SPECIFICATION, "2026-03-25", "https://example.com/discovery"),
}
KNOWN = KnownDifference("list/*", "pages are not built yet", "2026-11-22", "https://example.com/issues/7")


def result(name: str, verdict: Verdict, reason: str = "") -> Result:
    return Result(CLAUSES[name], f"A sentence about {name}.", (Check(f"test::{name}", verdict, reason),))


def run(kind: str = "fake", server: str = "http://fake.test", **verdicts: Verdict) -> SuiteRun:
    by_clause = {name.replace("_", "-").replace("--", "/"): verdict for name, verdict in verdicts.items()}
    coverage = ApiCoverage()
    coverage.record(
        "GET", "http://fake.test/v1beta/tunedModels/m", 404, '{"error": {"code": 404, "status": "NOT_FOUND"}}'
    )
    results = tuple(
        result(name, verdict, EVIL if verdict is not Verdict.HELD else "") for name, verdict in by_clause.items()
    )
    return SuiteRun(CheckedServer(kind, server), date(2026, 11, 22), results, coverage)


MIXED = run(
    get__missing_model=Verdict.BROKEN,
    list__whole_models=Verdict.EXCUSED,
    patch__one_more=Verdict.BROKEN,
    stream__events=Verdict.HELD,
)
GOOD = run(get__missing_model=Verdict.HELD, list__whole_models=Verdict.HELD)
INVENTED = (
    Invention("Runs", "`pace`", "20 s for ``a `run` `` of any size", "nobody wants to wait"),
    Invention("Runs", "losses", "drawn from a seed", "<b>"),
    Invention("The front", "`callback`", "is ignored", ""),
)
REPORT = Report("0.1.0", (replace(MIXED, known=(KNOWN,), status=1, notes=("It has drifted.",)),), EVIDENCE, INVENTED)


@pytest.mark.parametrize(
    ("one", "line"),
    [
        (
            GOOD,
            "contracts: fake: 2 of 2 required clauses held; of 2 clauses, 1 has published evidence, "
            "none is verified against the real API",
        ),
        (
            replace(MIXED, status=1),
            "contracts: fake: 0 of 2 required clauses held, 1 broken, 1 excused, and 1 broken that is not required; "
            "of 4 clauses, 1 has published evidence, none is verified against the real API; pytest ended with status 1",
        ),
        (
            replace(GOOD, stale=((KNOWN, "it holds"),)),
            "contracts: fake: 2 of 2 required clauses held; of 2 clauses, 1 has published evidence, "
            "none is verified against the real API; 1 known difference is stale",
        ),
        (
            run("url", "http://localhost:9000", get__missing_model=Verdict.NO_LONGER_VERIFIABLE),
            "contracts: url http://localhost:9000: nothing ran, so nothing is proved; of 1 clause, "
            "1 has published evidence, none is verified against the real API",
        ),
        (
            replace(GOOD, status=2),
            "contracts: fake: 2 of 2 required clauses held, and the run was interrupted before its end; of 2 clauses, "
            "1 has published evidence, none is verified against the real API; pytest ended with status 2",
        ),
        (
            replace(run(), status=5),
            "contracts: fake: nothing ran, so nothing is proved; pytest ended with status 5",
        ),
    ],
)
def test_last_line(one: SuiteRun, line: str) -> None:
    """The last line counts the verdicts and the evidence, and names what else is wrong with the run."""
    assert last_line(Report("0.1.0", (one,), EVIDENCE)) == line


@pytest.mark.parametrize(
    ("one", "passed"),
    [
        (GOOD, True),
        (run(patch__one_more=Verdict.BROKEN), True),
        (run(list__whole_models=Verdict.EXCUSED), True),
        (run(get__missing_model=Verdict.BROKEN), False),
        (run(get__missing_model=Verdict.NOT_RUN), False),
        (run(), False),
        (replace(GOOD, stale=((KNOWN, "it holds"),)), False),
        (replace(GOOD, status=2), False),
    ],
)
def test_passed(one: SuiteRun, passed: bool) -> None:
    """A run passes if a required clause ran, none is broken, and no known difference is stale."""
    assert one.has_passed is passed


def test_only_live_evidence_verifies() -> None:
    """The first line counts a clause as verified only if it has a live recording, or held on the service."""
    live = {"get/missing-model": Evidence(Kind.LIVE_RECORDING, "2026-11-22", "us")}

    assert headline(Report("0.1.0", (GOOD,), live)).endswith(
        "none has published evidence, 1 is verified against the real API. "
        "1 of them has no evidence from the real service."
    )
    assert headline(Report("0.1.0", (), {})) == "Nothing ran, so nothing is proved."
    assert headline(Report("0.1.0", (run(),), {})) == "fake: nothing ran, so nothing is proved."


def test_json_round_trip() -> None:
    """``from_json`` reads what ``to_json`` wrote, except the evidence of clauses that are not in the report."""
    back = report.from_json(json.loads(json.dumps(report.to_json(REPORT))))

    assert report.to_json(back) == report.to_json(REPORT)
    assert back.runs[0].known == (KNOWN,)
    assert [row.evidence for row in back.rows] == [row.evidence for row in REPORT.rows]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (7, "it is not a report"),
        ({}, "it is not a report"),
        ({"format": 2}, "it has format 2, but this release reads 1"),
        ({"format": 1}, "it is not a report of this format"),
        ({**report.to_json(REPORT), "evidence": {"a/b": {"kind": "hearsay", "date": "", "source": ""}}}, "hearsay"),
        ({**report.to_json(REPORT), "runs": [7]}, "it is not a report of this format"),
    ],
)
def test_other_json_is_refused(value: object, message: str) -> None:
    """The error says why the JSON is no report."""
    with pytest.raises(ValueError, match=message):
        report.from_json(value)


def test_merge() -> None:
    """In merged reports, a clause that a run did not have is empty there, and its strongest evidence counts."""
    stronger = {"get/missing-model": Evidence(Kind.LIVE_NOW, "2026-11-22", "this run")}
    live = run("live", "https://generativelanguage.googleapis.com", get__missing_model=Verdict.HELD)
    whole = merge([REPORT, Report("0.1.0", (live,), stronger)])

    assert [[r and r.verdict.value for r in row.results] for row in whole.rows] == [
        ["broken", "held"],
        ["excused", None],
        ["broken", None],
        ["held", None],
    ]
    assert [row.evidence.kind.value for row in whole.rows] == ["live now", "specification", "none", "none"]
    assert whole.package == "0.1.0"
    assert whole.invented == (*INVENTED, *(one for one in inventions() if one not in INVENTED))


def test_markdown() -> None:
    """The Markdown of a small report is the golden file. A server's words stay in their cells."""
    assert to_markdown(REPORT) == GOLDEN.read_text(encoding="utf-8")


class Page(HTMLParser):
    """Reads a page, and records its tags, links, texts and ids."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.ids: set[str] = set()
        self.scopes = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "br", "link", "img", "input"):
            self.open.append(tag)
        attributes = dict(attrs)
        self.scopes += "scope" in attributes
        self.ids |= {str(attributes["id"])} if "id" in attributes else set()
        self.links += [str(attributes[name]) for name in ("href", "src", "action") if name in attributes]
        assert not [name for name in attributes if name.startswith("on")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and self.open[-1] not in ("style", "script"):
            self.texts.append(" ".join(data.split()))


def test_html() -> None:
    """The page is valid, loads nothing else, and its first line says what is proved and what is not."""
    text = to_html(REPORT)
    page = Page()
    page.feed(text)

    assert page.open == []
    assert not {"link", "img", "iframe", "object"} & {*page.tags}
    assert page.tags.count("script") == page.tags.count("form") == 1
    assert "url(" not in text
    assert "@import" not in text
    body = page.texts[page.texts.index("Contracts: fake") + 1 :]
    assert body[0] == headline(REPORT)
    assert body[0].startswith("fake: 0 of 2 required clauses held, 1 broken, 1 excused")
    assert page.tags.count("table") == page.tags.count("caption") == 8
    assert page.scopes == page.tags.count("th")
    assert [link for link in page.links if not link.startswith("#")] == [
        "https://example.com/issues/7",
        "https://github.com/owner/repository/blob/362ab9b5379d/a/notebook.ipynb",
        "https://example.com/discovery",
    ]
    assert {link[1:] for link in page.links if link.startswith("#")} <= page.ids
    assert "It has drifted." in page.texts
    assert "20 s for <code>a `run`</code> of any size" in text


def test_html_of_an_evil_report() -> None:
    """Texts of a server do nothing. Only http and https URLs are links."""
    evil = replace(KNOWN, issue="javascript:alert(1)", reason=EVIL)
    text = to_html(Report(EVIL, (replace(MIXED, subject=CheckedServer("url", EVIL), known=(evil,)),), {}))
    page = Page()
    page.feed(text)

    assert page.tags.count("script") == 1
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "\x00" not in text
    assert [link for link in page.links if not link.startswith("#")] == []


def test_html_without_runs() -> None:
    """A report without a run has a page."""
    assert "Nothing ran, so nothing is proved." in to_html(Report("", (), {}))


def test_junit() -> None:
    """Each clause is a case with its level and evidence. Only a clause that fails the run is a failure."""
    stale = ((replace(KNOWN, clause="x/y"), "there is no such clause"),)
    (suite,) = ET.fromstring(to_junit(replace(REPORT, runs=(replace(MIXED, stale=stale),))))

    cases = {case.get("name"): case for case in suite}
    outcome = {name: [child.tag for child in case if child.tag != "properties"] for name, case in cases.items()}
    assert outcome == {
        "get/missing-model": ["failure"],
        "list/whole-models": ["skipped"],
        "patch/one-more": ["skipped"],
        "stream/events": [],
        "x/y": ["failure"],
    }
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("5", "2", "2")
    properties = {one.get("name"): one.get("value") for one in cases["get/missing-model"].iter("property")}
    assert properties["clause"] == "get/missing-model"
    assert properties["level"] == "required"
    assert properties["evidence"] == "published"
    assert properties["evidence-date"] == "2025-02-21"


def test_files(tmp_path: Path) -> None:
    """``write`` creates the folder and all files, and ``read`` reads the JSON."""
    files.write(REPORT, tmp_path / "new" / "report")

    assert {path.name for path in (tmp_path / "new" / "report").iterdir()} == {*files.NAMES}
    assert report.to_json(files.read(tmp_path / "new" / "report" / "report.json")) == report.to_json(REPORT)
    with pytest.raises(ValueError, match=r"report\.md: "):
        files.read(tmp_path / "new" / "report" / "report.md")
