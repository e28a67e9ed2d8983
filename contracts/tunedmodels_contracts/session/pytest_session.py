"""The pytest plugin that selects clauses, turns the outcomes of tests into verdicts, and writes the report.

The verdicts are properties of pytest's own reports, so the plugin also works with xdist. If a broken clause is not
required, or if its difference is known, pytest gets an expected failure: pytest shows it, and its exit status does not
change.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Sequence
from fnmatch import filter as matching
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from ..clauses.catalog import catalog
from ..clauses.clause import Clause, Level, clause_of
from ..clauses.results import CheckedServer, Verdict, verdict_of_skip
from ..did_you_mean import unknown_name
from ..evidence import evidence as evidences
from ..evidence import known_differences
from ..evidence.known_differences import KnownDifference
from ..mutation.adapter import install
from ..mutation.registry import MUTANTS, find_mutant
from ..report import files
from ..report.summary_lines import last_line
from ..targets.select import check, kind
from ..targets.target import Target
from .summary import Recorded, Summary, recorded

_LEVELS = list(Level)  # the most important first
_LONGEST = 300  # characters of a reason
_OUTPUT = "tunedmodels"

Wrapper = Generator[None, Any, Any]


class Session:
    """The pytest plugin for one run of the suite.

    The process that runs the tests adds the verdicts to their reports. The process that started pytest sums them up.
    With xdist these are the workers and the main process, else they are the same.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._worker = hasattr(config, "workerinput")
        self._level = Level(config.getoption("tunedmodels_level"))
        self._wanted: Sequence[str] = config.getoption("tunedmodels_clause") or ()
        self._last = ""
        try:
            path = config.getoption("tunedmodels_known")
            self._known: tuple[KnownDifference, ...] = known_differences.load(path) if path else ()
        except known_differences.KnownDifferenceError as error:
            raise pytest.UsageError(f"--tunedmodels-known: {error}") from None
        found: Recorded = {}
        self._refused: list[str] = []
        if not self._worker:  # workers need no evidence: the main process adds it to their reports
            check(config)
            _check_mutant(config.getoption("tunedmodels_mutant"))
            _make_folder(config.getoption("tunedmodels_report"))
            found, self._refused = _recorded(config.getoption("tunedmodels_recordings"))
        partly = {"*"} if any("::" in argument for argument in config.args) else set[str]()
        subject = CheckedServer(kind(config), config.getoption("tunedmodels_url") or "")
        self._summary = Summary(subject, self._known, found, partly)

    # -- In the process that runs the tests ----------------------------------------------------------------------------

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Deselect the clauses that the options exclude by level or name, and add its clause's data to each test."""
        if not self._worker:
            self._check_names([clause.name for item in items if (clause := clause_of(item))])
        kept: list[pytest.Item] = []
        left_out: list[pytest.Item] = []
        for item in items:
            clause = clause_of(item)
            (kept if clause is None or self._is_selected(clause) else left_out).append(item)
            if clause:
                item.user_properties += _properties(clause, _sentence(item))
        if left_out:
            config.hook.pytest_deselected(items=left_out)
            items[:] = kept

    def _is_selected(self, clause: Clause) -> bool:
        is_selected = not self._wanted or any(fnmatchcase(clause.name, pattern) for pattern in self._wanted)
        return is_selected and _LEVELS.index(clause.level) <= _LEVELS.index(self._level)

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Record the clauses of the deselected tests."""
        self._summary.partly |= {clause.name for item in items if (clause := clause_of(item))}

    def pytest_tunedmodels_target(self, target: Target) -> None:
        """Install the mutant on the target, if an option names one, and observe all answers from the start."""
        mutant = self._config.getoption("tunedmodels_mutant")
        if mutant:
            install(target.session, find_mutant(mutant))
        self._summary.subject = CheckedServer(target.kind, target.base_url)
        self._summary.notes = target.notes
        self._summary.seen.watch(target.session)
        self._summary.allowances.watch(target.session)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Wrapper:
        """Add the verdict to the report, and turn a failure that does not fail the run into an expected failure."""
        report = yield
        clause = clause_of(item)
        if clause is None or report.when == "teardown" or (report.when == "setup" and report.passed):
            return report
        verdict, reason = _verdict_of(report, call)
        subject = self._summary.subject
        if verdict is Verdict.BROKEN:
            known = next((entry for entry in self._known if entry.covers(clause.name, subject)), None)
            if known is not None:
                verdict, reason = Verdict.EXCUSED, f"{known.reason} (since {known.since}): {reason}"
            # A failure in the setup says nothing about the clause, so it stays an error of pytest at any level.
            if known is not None or (clause.level is not Level.REQUIRED and report.when == "call"):
                report.outcome = "skipped"
                report.wasxfail = f"known: {reason}" if known else f"{clause.level.value}, and broken: {reason}"
        told = [("verdict", verdict.value), ("reason", reason), ("target", subject.kind)]
        told.append(("server", subject.server))
        item.user_properties += told  # for the report of the teardown: --junitxml writes that one
        report.user_properties += told
        return report

    # -- In the process that started pytest ----------------------------------------------------------------------------

    def pytest_sessionstart(self) -> None:
        """Raise UsageError for an unknown clause name before the workers of xdist start.

        Without xdist, ``pytest_collection_modifyitems`` does it.
        """
        if not self._worker and self._config.getoption("numprocesses", None):
            self._check_names([])

    def _check_names(self, collected: Iterable[str]) -> None:
        names = {*collected, *(catalog() if self._wanted else ())}
        for pattern in self._wanted:
            if not matching(names, pattern):
                raise pytest.UsageError(f"--tunedmodels-clause: {unknown_name('clause', pattern, names)}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect the verdicts, and add the evidence for its clause to each report."""
        told = dict(report.user_properties)
        if self._worker or "clause" not in told:
            return
        report.user_properties.append(("evidence", str(self._summary.evidence(str(told["clause"])))))
        if report.when != "teardown" and "verdict" in told:
            self._summary.add(_test(report.nodeid), told)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Add the coverage and notes of a worker of xdist. A worker that crashed has none."""
        told = getattr(node, "workeroutput", {}).get(_OUTPUT)
        if told:
            self._summary.merge(told)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Wrapper:
        """Write the files of the report and set the status, after pytest's own summary. The last line comes later."""
        if self._worker:
            vars(self._config)["workeroutput"][_OUTPUT] = self._summary.as_json()
            return (yield)
        value = yield
        if not self._config.option.collectonly:
            report = self._summary.report(int(session.exitstatus))
            (account,) = report.runs
            self._say([f"known difference that excuses nothing: {entry}: {why}" for entry, why in account.stale])
            self._say([f"no evidence: {fault}" for fault in self._refused])
            folder = self._config.getoption("tunedmodels_report")
            if folder:
                files.write(report, Path(folder))
                self._say([f"report: {Path(folder) / name}" for name in files.NAMES])
            self._last = last_line(report)
            if not account.passed and not session.exitstatus:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
        return value

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Print the summary in one line, after pytest's own messages."""
        self._say([self._last] if self._last else [])

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the notes of the target, and the broken clauses that do not fail the run. Pytest shows neither."""
        if self._summary.lines:
            terminalreporter.section("of the target")
            for note in self._summary.lines:
                terminalreporter.write_line(note)
        lines = list(self._summary.unfailing())
        if lines:
            terminalreporter.section("clauses that are broken, and do not fail the run")
            for line in lines:
                terminalreporter.write_line(line)

    def _say(self, lines: Iterable[str]) -> None:
        terminal: pytest.TerminalReporter | None = self._config.pluginmanager.get_plugin("terminalreporter")
        if terminal is not None:
            for line in lines:
                terminal.write_line(line)


def _check_mutant(name: str | None) -> None:
    if name and name not in MUTANTS:
        raise pytest.UsageError(f"--tunedmodels-mutant: {unknown_name('mutant', name, MUTANTS)}")


def _make_folder(folder: str | None) -> None:
    """Create the report's folder before the tests, because an error after hours on the real API would come too late."""
    if not folder:
        return
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise pytest.UsageError(f"--tunedmodels-report: {folder} cannot be made: {error.strerror}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise pytest.UsageError(f"--tunedmodels-report: nothing can be written to {folder}; name another folder")


def _recorded(folder: str | None) -> tuple[Recorded, list[str]]:
    """Return the recordings of each clause, in *folder* and published ones, and the problems with other recordings."""
    if folder and not Path(folder).is_dir():
        raise pytest.UsageError(f"--tunedmodels-recordings: there is no folder {folder}")
    return recorded((evidences.PUBLISHED, Path(folder or evidences.PUBLISHED).resolve()))


def _test(nodeid: str) -> str:
    """Return the file name, function and case of the test *nodeid*. They do not depend on the suite's folder."""
    path, colons, rest = nodeid.partition("::")
    return f"{path.rpartition('/')[2]}{colons}{rest}"


def _properties(clause: Clause, sentence: str) -> list[tuple[str, object]]:
    return [
        ("clause", clause.name),
        ("level", clause.level.value),
        ("methods", " ".join(clause.methods)),
        ("outcome", clause.outcome),
        ("sentence", sentence),
    ]


def _sentence(item: pytest.Item) -> str:
    text = getattr(getattr(item, "function", None), "__doc__", None) or ""
    return " ".join(text.partition("\n\n")[0].split())


def _verdict_of(report: pytest.TestReport, call: pytest.CallInfo[None]) -> tuple[Verdict, str]:
    if report.passed:
        return Verdict.HELD, ""
    if hasattr(report, "wasxfail"):  # the test itself is marked as an expected failure
        return Verdict.EXCUSED, str(report.wasxfail).removeprefix("reason: ")[:_LONGEST]
    if report.skipped:
        said = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        reason = said.removeprefix("Skipped: ")
        return verdict_of_skip(reason), reason[:_LONGEST]
    reason = (call.excinfo.exconly(tryshort=True) if call.excinfo else "failed").partition("\n")[0][:_LONGEST]
    return Verdict.BROKEN, reason if report.when == "call" else f"in {report.when}: {reason}"
