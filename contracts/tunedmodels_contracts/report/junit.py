"""Renders the report as JUnit XML. A run is a suite, and a clause is a case with its level and evidence."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from ..clauses.clause import Level
from ..clauses.results import Result, Verdict
from .report import Report
from .run import SuiteRun

# XML 1.0 forbids these characters, escaped or not.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_junit(report: Report) -> str:
    """Return *report* as XML. A clause that does not fail the run is reported as skipped, with the reason."""
    top = ET.Element("testsuites", name="tunedmodels contracts")
    for number, run in enumerate(report.runs):
        suite = ET.SubElement(top, "testsuite", name=str(run.subject), timestamp=run.day.isoformat())
        failures = skipped = 0
        for row in report.rows:
            result = row.results[number]
            if result is None:
                continue
            case = ET.SubElement(suite, "testcase", classname=_group(row.clause.name), name=row.clause.name)
            properties = ET.SubElement(case, "properties")
            for name, value in (
                ("clause", row.clause.name),
                ("level", row.clause.level.value),
                ("methods", " ".join(row.clause.methods)),
                ("outcome", row.clause.outcome),
                ("verdict", result.verdict.value),
                ("evidence", row.evidence.kind.value),
                ("evidence-date", row.evidence.date),
                ("evidence-source", row.evidence.source),
            ):
                ET.SubElement(properties, "property", name=name, value=_remove_illegal(value))
            failed = result.verdict is Verdict.BROKEN and row.clause.level is Level.REQUIRED
            if failed:
                ET.SubElement(case, "failure", message=_remove_illegal(result.reason)).text = _remove_illegal(
                    _check_lines(result)
                )
            elif result.verdict is not Verdict.HELD:
                ET.SubElement(case, "skipped", message=_remove_illegal(f"{result.verdict.value}: {result.reason}"))
            failures += failed
            skipped += not failed and result.verdict is not Verdict.HELD
        failures += _stale(suite, run)
        suite.set("tests", str(len(suite)))
        suite.set("failures", str(failures))
        suite.set("skipped", str(skipped))
    ET.indent(top)
    return ET.tostring(top, encoding="unicode", xml_declaration=False) + "\n"


def _stale(suite: ET.Element, run: SuiteRun) -> int:
    for known, why in run.stale:
        case = ET.SubElement(suite, "testcase", classname="known-differences", name=_remove_illegal(known.clause))
        ET.SubElement(case, "failure", message=_remove_illegal(why)).text = _remove_illegal(str(known))
    return len(run.stale)


def _group(name: str) -> str:
    return name.partition("/")[0]


def _check_lines(result: Result) -> str:
    return "\n".join(f"{check.test}: {check.verdict.value} {check.reason}" for check in result.checks)


def _remove_illegal(text: str) -> str:
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
