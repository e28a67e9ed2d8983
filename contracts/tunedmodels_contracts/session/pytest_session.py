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
from .summary import RecordingsByClause, Summary, recordings_by_clause

_LEVELS = list(Level)  # the most important first
_MAX_REASON = 300  # characters of a reason
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
        self._patterns: Sequence[str] = config.getoption("tunedmodels_clause") or ()
        self._last = ""
        try:
            path = config.getoption("tunedmodels_known")
            self._known: tuple[KnownDifference, ...] = known_differences.load(path) if path else ()
        except known_differences.KnownDifferenceError as error:
            raise pytest.UsageError(f"--tunedmodels-known: {error}") from None
        recordings: RecordingsByClause = {}
        self._invalid_recordings: list[str] = []
        if not self._worker:  # workers need no evidence: the main process adds it to their reports
            check(config)
            _check_mutant(config.getoption("tunedmodels_mutant"))
            _make_folder(config.getoption("tunedmodels_report"))
            recordings, self._invalid_recordings = _load_recordings(config.getoption("tunedmodels_recordings"))
        partial = {"*"} if any("::" in argument for argument in config.args) else set[str]()
        subject = CheckedServer(kind(config), config.getoption("tunedmodels_url") or "")
        self._summary = Summary(subject, self._known, recordings, partial)

    # -- In the process that runs the tests ----------------------------------------------------------------------------

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Deselect the clauses that the options exclude by level or name, and add its clause's data to each test."""
        if not self._worker:
            self._check_names([clause.name for item in items if (clause := clause_of(item))])
        selected: list[pytest.Item] = []
        deselected: list[pytest.Item] = []
        for item in items:
            clause = clause_of(item)
            (selected if clause is None or self._is_selected(clause) else deselected).append(item)
            if clause:
                item.user_properties += _properties(clause, _sentence(item))
        if deselected:
            config.hook.pytest_deselected(items=deselected)
            items[:] = selected

    def _is_selected(self, clause: Clause) -> bool:
        is_selected = not self._patterns or any(fnmatchcase(clause.name, pattern) for pattern in self._patterns)
        return is_selected and _LEVELS.index(clause.level) <= _LEVELS.index(self._level)

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Record the clauses of the deselected tests."""
        self._summary.partial_clauses |= {clause.name for item in items if (clause := clause_of(item))}

    def pytest_tunedmodels_target(self, target: Target) -> None:
        """Install the mutant on the target, if an option names one, and observe all answers from the start."""
        mutant = self._config.getoption("tunedmodels_mutant")
        if mutant:
            install(target.session, find_mutant(mutant))
        self._summary.subject = CheckedServer(target.kind, target.base_url)
        self._summary.notes = target.notes
        self._summary.coverage.watch(target.session)
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
                report.wasxfail = f"known: {reason}" if known else f"broken, but only {clause.level.value}: {reason}"
        properties = [("verdict", verdict.value), ("reason", reason), ("target", subject.kind)]
        properties.append(("server", subject.server))
        item.user_properties += properties  # for the report of the teardown: --junitxml writes that one
        report.user_properties += properties
        return report

    # -- In the process that started pytest ----------------------------------------------------------------------------

    def pytest_sessionstart(self) -> None:
        """Raise UsageError for an unknown clause name before the workers of xdist start.

        Without xdist, ``pytest_collection_modifyitems`` does it.
        """
        if not self._worker and self._config.getoption("numprocesses", None):
            self._check_names([])

    def _check_names(self, collected: Iterable[str]) -> None:
        names = {*collected, *(catalog() if self._patterns else ())}
        for pattern in self._patterns:
            if not matching(names, pattern):
                raise pytest.UsageError(f"--tunedmodels-clause: {unknown_name('clause', pattern, names)}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect the verdicts, and add the evidence for its clause to each report."""
        properties = dict(report.user_properties)
        if self._worker or "clause" not in properties:
            return
        report.user_properties.append(("evidence", str(self._summary.evidence(str(properties["clause"])))))
        if report.when != "teardown" and "verdict" in properties:
            self._summary.add(_test(report.nodeid), properties)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Add the coverage and notes of a worker of xdist. A worker that crashed has none."""
        worker_output = getattr(node, "workeroutput", {}).get(_OUTPUT)
        if worker_output:
            self._summary.merge(worker_output)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Wrapper:
        """Write the files of the report and set the status, after pytest's own summary. The last line comes later."""
        if self._worker:
            vars(self._config)["workeroutput"][_OUTPUT] = self._summary.as_json()
            return (yield)
        value = yield
        if not self._config.option.collectonly:
            report = self._summary.report(int(session.exitstatus))
            (run,) = report.runs
            self._print([f"stale known difference: {entry}: {why}" for entry, why in run.stale])
            self._print([f"invalid recording, ignored: {fault}" for fault in self._invalid_recordings])
            folder = self._config.getoption("tunedmodels_report")
            if folder:
                files.write(report, Path(folder))
                self._print([f"report: {Path(folder) / name}" for name in files.NAMES])
            self._last = last_line(report)
            if not run.has_passed and not session.exitstatus:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
        return value

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Print the summary in one line, after pytest's own messages."""
        self._print([self._last] if self._last else [])

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the notes of the target, and the broken clauses that do not fail the run. Pytest shows neither."""
        if self._summary.lines:
            terminalreporter.section("notes of the target")
            for note in self._summary.lines:
                terminalreporter.write_line(note)
        lines = list(self._summary.non_failing_lines())
        if lines:
            terminalreporter.section("broken clauses that do not fail the run")
            for line in lines:
                terminalreporter.write_line(line)

    def _print(self, lines: Iterable[str]) -> None:
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
        raise pytest.UsageError(f"--tunedmodels-report: {folder} cannot be created: {error.strerror}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise pytest.UsageError(f"--tunedmodels-report: {folder} is not writable; use another folder")


def _load_recordings(folder: str | None) -> tuple[RecordingsByClause, list[str]]:
    """Return the recordings of each clause, in *folder* and published ones, and the problems with other recordings."""
    if folder and not Path(folder).is_dir():
        raise pytest.UsageError(f"--tunedmodels-recordings: there is no folder {folder}")
    return recordings_by_clause((evidences.PUBLISHED, Path(folder or evidences.PUBLISHED).resolve()))


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
        return Verdict.EXCUSED, str(report.wasxfail).removeprefix("reason: ")[:_MAX_REASON]
    if report.skipped:
        text = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        reason = text.removeprefix("Skipped: ")
        return verdict_of_skip(reason), reason[:_MAX_REASON]
    reason = (call.excinfo.exconly(tryshort=True) if call.excinfo else "failed").partition("\n")[0][:_MAX_REASON]
    return Verdict.BROKEN, reason if report.when == "call" else f"in {report.when}: {reason}"
