"""The report as JUnit's XML: a suite for each run, and in it a case for each clause, with level and evidence."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from ..clauses.clause import Level
from ..clauses.results import Result, Verdict
from .report import Report
from .run import Account

# XML 1.0 has no place for them, escaped or not.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(report: Report) -> str:
    """Return *report* as XML. What does not fail a run is no failure: it is skipped, and says why."""
    top = ET.Element("testsuites", name="tunedmodels contracts")
    for number, account in enumerate(report.accounts):
        suite = ET.SubElement(top, "testsuite", name=str(account.subject), timestamp=account.day.isoformat())
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
                ET.SubElement(properties, "property", name=name, value=_legal(value))
            failed = result.verdict is Verdict.BROKEN and row.clause.level is Level.REQUIRED
            if failed:
                ET.SubElement(case, "failure", message=_legal(result.reason)).text = _legal(_checks(result))
            elif result.verdict is not Verdict.HELD:
                ET.SubElement(case, "skipped", message=_legal(f"{result.verdict.value}: {result.reason}"))
            failures += failed
            skipped += not failed and result.verdict is not Verdict.HELD
        failures += _stale(suite, account)
        suite.set("tests", str(len(suite)))
        suite.set("failures", str(failures))
        suite.set("skipped", str(skipped))
    ET.indent(top)
    return ET.tostring(top, encoding="unicode", xml_declaration=False) + "\n"


def _stale(suite: ET.Element, account: Account) -> int:
    for known, why in account.stale:
        case = ET.SubElement(suite, "testcase", classname="known-differences", name=_legal(known.clause))
        ET.SubElement(case, "failure", message=_legal(why)).text = _legal(str(known))
    return len(account.stale)


def _group(name: str) -> str:
    return name.partition("/")[0]


def _checks(result: Result) -> str:
    return "\n".join(f"{check.test}: {check.verdict.value} {check.reason}" for check in result.checks)


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
