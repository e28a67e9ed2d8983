"""Tests the session in runs of pytest: verdicts, levels, known differences, the status and the last line."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tunedmodels_contracts.recordings import Exchange, Provenance, ReceivedResponse, Recording, SentRequest, save
from tunedmodels_contracts.service import HOST
from tunedmodels_contracts.session import pytest_session as pytest_session  # else each run below imports it anew
from tunedmodels_mockserver import create_app as create_app

pytest_plugins = ["pytester"]

PLUGIN = ("-p", "tunedmodels_contracts.session.plugin")
ON = ("--tunedmodels-target", "fake")
HEAD = "import pytest\nfrom tunedmodels_contracts.clauses.clause import Level, clause\n"
HOLDS = """
@clause("a/holds", "tunedModels.get")
@pytest.mark.parametrize("n", [1, 2, 3])
def test_holds(n):
    '''It holds.'''
"""
WEAK = """
@clause("a/weak", "tunedModels.get", level=Level.RECOMMENDED)
def test_weak():
    '''It should.'''
    assert 1 == 2
@clause("a/weaker", "tunedModels.get", level=Level.OPTIONAL)
def test_weaker():
    '''It may.'''
    raise RuntimeError("no")
"""
BREAKS = """
@clause("get/missing-model", "tunedModels.get", outcome="404 NOT_FOUND")
@pytest.mark.parametrize("n", [1, 2])
def test_breaks(n):
    '''It breaks.'''
    assert n == 1
"""
SKIPS = """
@clause("a/skips", "tunedModels.get")
def test_skips():
    pytest.skip("the target has no second-caller")
@clause("a/withdrawn", "tunedModels.get")
def test_withdrawn():
    pytest.skip("no longer verifiable: no base model can be tuned")
"""
PUBLISHED = "1 has published evidence, none is verified against the real API"
NOTHING_PUBLISHED = "none has published evidence, none is verified against the real API"


KNOWN = ("--tunedmodels-known", "known.yaml")
KNOWN_FILE = "known-differences:\n- {clause: CLAUSE, reason: not built yet, since: '2026-11-22'}\n"


def run(pytester: pytest.Pytester, *parts: str, options: tuple[str, ...] = ON, workers: int = 0) -> pytest.RunResult:
    """Run tests from *parts* in this process, or in a process of their own with that number of *workers*."""
    pytester.makepyfile(HEAD + "".join(parts))
    start = pytester.runpytest_subprocess if workers else pytester.runpytest_inprocess
    return start(*PLUGIN, "-p", "no:cacheprovider", *options, "-n", str(workers))


def report_of(pytester: pytest.Pytester) -> Any:
    return json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))


def last(result: pytest.RunResult) -> str:
    return result.outlines[-1]


@pytest.mark.parametrize("workers", [0, 2])
def test_each_verdict(pytester: pytest.Pytester, workers: int) -> None:
    """The last line counts the clauses with each verdict, and the report has reasons, also with workers."""
    options = (*ON, "--tunedmodels-report", ".")
    result = run(pytester, HOLDS, WEAK, BREAKS, SKIPS, options=options, workers=workers)

    assert result.ret == 1
    assert last(result) == (
        "contracts: fake: 1 of 4 required clauses held, 1 broken, 1 not run, 1 no longer verifiable, "
        f"and 2 broken that are not required; of 6 clauses, {PUBLISHED}; pytest ended with status 1"
    )
    result.assert_outcomes(passed=4, failed=1, skipped=2, xfailed=2)
    report = report_of(pytester)
    verdicts = {one["clause"]: (one["verdict"], one["checks"][0]["reason"]) for one in report["runs"][0]["clauses"]}
    assert verdicts == {
        "a/holds": ("held", ""),
        "a/skips": ("not run", "the target has no second-caller"),
        "a/weak": ("broken", "assert 1 == 2"),
        "a/weaker": ("broken", "RuntimeError: no"),
        "a/withdrawn": ("no longer verifiable", "no longer verifiable: no base model can be tuned"),
        "get/missing-model": ("broken", ""),
    }
    assert report["evidence"]["get/missing-model"]["kind"] == "published"


def test_weaker_levels_do_not_fail(pytester: pytest.Pytester) -> None:
    """A broken clause that is recommended or optional is shown, and the status is 0."""
    result = run(pytester, HOLDS, WEAK)

    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "*broken clauses that do not fail the run*",
            "broken (recommended) a/weak: assert 1 == 2",
            "broken (optional) a/weaker: RuntimeError: no",
            f"contracts: fake: 1 of 1 required clause held, and 2 broken that are not required; "
            f"of 3 clauses, {NOTHING_PUBLISHED}",
        ]
    )


@pytest.mark.parametrize(
    ("level", "clauses"), [("required", ["a/holds"]), ("recommended", ["a/holds", "a/weak"]), ("optional", None)]
)
def test_level(pytester: pytest.Pytester, level: str, clauses: list[str] | None) -> None:
    """Clauses of a lower level are deselected."""
    run(pytester, HOLDS, WEAK, options=(*ON, "--tunedmodels-level", level, "--tunedmodels-report", "."))

    assert [one["clause"] for one in report_of(pytester)["runs"][0]["clauses"]] == (
        clauses or ["a/holds", "a/weak", "a/weaker"]
    )


def test_known_difference(pytester: pytest.Pytester) -> None:
    """A known difference excuses its clause: the reason is shown, and the run does not fail."""
    pytester.makefile(".yaml", known=KNOWN_FILE.replace("CLAUSE", "get/*"))
    result = run(pytester, HOLDS, BREAKS, options=(*ON, *KNOWN))

    assert result.ret == 0
    result.assert_outcomes(passed=4, xfailed=1)
    result.stdout.fnmatch_lines(
        [
            "excused (required) get/missing-model: 1 of 2 tests: not built yet (since 2026-11-22): assert 2 == 1*",
            f"contracts: fake: 1 of 2 required clauses held, 1 excused; of 2 clauses, {PUBLISHED}",
        ]
    )


PART = ("-k", "test_breaks and 1")


@pytest.mark.parametrize(
    ("clause", "selection", "workers", "why"),
    [
        ("get/missing-model", (), 0, "the clause holds: remove the entry"),
        ("get/nothing", ("-k", "test_holds"), 0, "there is no such clause"),
        ("get/missing-model", PART, 0, ""),  # the other test of the clause may be the one that breaks
        ("get/missing-model", PART, 2, ""),
        ("get/missing-model", ("test_stale_known_difference.py::test_breaks[1]",), 0, ""),
        ("get/missing-model", ("-k", "test_holds"), 0, ""),
        ("get/*", (), 0, ""),  # other clauses with such a name did not run
    ],
)
def test_stale_known_difference(
    pytester: pytest.Pytester, clause: str, selection: tuple[str, ...], workers: int, why: str
) -> None:
    """An entry that excuses nothing fails the run, if all tests of its clauses ran. The run says why."""
    pytester.makefile(".yaml", known=KNOWN_FILE.replace("CLAUSE", clause))
    options = (*ON, *KNOWN, *selection)
    result = run(pytester, HOLDS, BREAKS.replace("n == 1", "n"), options=options, workers=workers)

    assert result.ret == bool(why)
    assert last(result).endswith("; 1 known difference is stale") is bool(why)
    if why:
        result.stdout.fnmatch_lines([f"stale known difference: {clause}: not built yet, since 2026-11-22: {why}"])


@pytest.mark.parametrize(
    ("parts", "status"), [((SKIPS,), 1), (("def test_other(): pass",), 1), ((), pytest.ExitCode.NO_TESTS_COLLECTED)]
)
def test_run_without_clauses_fails(pytester: pytest.Pytester, parts: tuple[str, ...], status: int) -> None:
    """A run that checked no clause does not pass."""
    result = run(pytester, *parts)

    assert result.ret == status
    assert "fake: nothing ran, so nothing is proved" in last(result)


def test_errors_in_setup_and_teardown(pytester: pytest.Pytester) -> None:
    """An error in the setup breaks a clause and fails the run at any level. One in the teardown only fails the run."""
    fixtures = """
@pytest.fixture
def broken_setup():
    raise RuntimeError("no run")
@clause("a/setup", "tunedModels.get")
def test_setup(broken_setup): pass
@clause("a/weak", "tunedModels.get", level=Level.RECOMMENDED)
def test_weak(broken_setup): pass
@pytest.fixture
def broken_teardown():
    yield
    raise RuntimeError("not deleted")
@clause("a/teardown", "tunedModels.get")
def test_teardown(broken_teardown): pass
"""
    result = run(pytester, fixtures)

    assert result.ret == 1
    result.assert_outcomes(passed=1, errors=3)
    assert last(result).startswith("contracts: fake: 1 of 2 required clauses held, 1 broken, and 1 broken that is not")
    assert last(result).endswith("pytest ended with status 1")


def test_expected_failure_in_the_suite(pytester: pytest.Pytester) -> None:
    """A clause that the suite itself marks as an expected failure is excused, and does not count as held."""
    marked = "@pytest.mark.xfail(reason='to be mended', strict=True)" + BREAKS.replace("n == 1", "False")
    result = run(pytester, HOLDS, marked)

    assert result.ret == 0
    assert last(result).startswith("contracts: fake: 1 of 2 required clauses held, 1 excused; ")


def test_properties_in_junit_xml(pytester: pytest.Pytester) -> None:
    """The file of pytest's own ``--junitxml`` has the clause, level, verdict and evidence of each test."""
    run(pytester, BREAKS, options=(*ON, "--junitxml", "own.xml"))

    case = ET.parse(pytester.path / "own.xml").getroot().find(".//testcase")
    assert case is not None
    properties = {one.get("name"): one.get("value") for one in case.iter("property")}
    assert properties["clause"] == "get/missing-model"
    assert properties["level"] == "required"
    assert properties["verdict"] == "held"
    assert str(properties["evidence"]).startswith("published (")


TARGET = """
from google.auth.credentials import AnonymousCredentials
from requests import Session
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.transport.wsgi_adapter import WsgiAdapter
from tunedmodels_contracts.targets.target import Target
from tunedmodels_mockserver import Settings, create_app
@pytest.fixture(scope="session")
def target(pytestconfig):
    session = Session()
    session.mount("http://", WsgiAdapter(create_app(Settings(strict=STRICT))))
    target = Target("url", session, "http://fake.test", AnonymousCredentials(), "m", notes=("drift: one",))
    pytestconfig.hook.pytest_tunedmodels_target(target=target)
    return target
@clause("a/asks", "tunedModels.list")
@pytest.mark.parametrize("path", ["v1/tunedModels", "v1beta//tunedModels", "v1beta/models", "nowhere"])
def test_asks(target, path):
    Api(target.session, target.base_url, target.caller).get(path)
"""
WITHOUT_STRICT = (
    "This is a mock server without --strict; start it with --strict. "
    "It accepted what the service refuses: doubled-slashes, v1-tuned-models."
)


@pytest.mark.parametrize(("strict", "workers"), [(True, 0), (False, 0), (False, 2)])
def test_answers_and_notes_of_the_target(pytester: pytest.Pytester, strict: bool, workers: int) -> None:
    """The session observes all answers of the target, also those to workers. The summary and the report have its notes.

    A note says if the target is our own server without ``--strict``, and names the allowances that applied.
    """
    options = (*ON, "--tunedmodels-report", ".")
    result = run(pytester, TARGET.replace("STRICT", str(strict)), options=options, workers=workers)

    (account,) = report_of(pytester)["runs"]
    assert (account["server"], account["seen"]["answers"]) == ("http://fake.test", 4)
    assert ["models.list", "200 OK"] in account["seen"]["outcomes"]
    assert account["notes"] == ["drift: one", *([] if strict else [WITHOUT_STRICT])]
    result.stdout.fnmatch_lines(["* notes of the target *", *account["notes"]])
    report = "".join((pytester.path / name).read_text("utf-8") for name in ("report.md", "report.html"))
    assert report.count("without --strict") == (0 if strict else 2)


def test_url_without_a_target(pytester: pytest.Pytester) -> None:
    """If only a URL is given, the target is ``url``, although no clause sends a request."""
    result = run(pytester, HOLDS, options=("--tunedmodels-url", "http://localhost:9000"))

    assert last(result).startswith("contracts: url http://localhost:9000: 1 of 1 required clause held; ")


EXCHANGE = Exchange(SentRequest("GET", f"https://{HOST}/v1beta/tunedModels"), ReceivedResponse(200, body=b"{}\n"))


@pytest.mark.parametrize(
    ("provenance", "expected"),
    [
        (Provenance("live", "us", date(2026, 1, 2), note="held with these answers: a/holds"), "live recording"),
        (Provenance("hand-written", "us", note="held with these answers: a/holds", stand_in=True), "none"),
    ],
)
def test_recordings_are_evidence(pytester: pytest.Pytester, provenance: Provenance, expected: str) -> None:
    """A run on the fake uses the recordings in a folder as evidence, beside the published ones."""
    folder = pytester.mkdir("recordings")
    recording = Recording("a.holds", provenance, (EXCHANGE,))
    save(recording if provenance.stand_in else recording.with_digest(), folder / "a.holds.yaml")
    options = (*ON, "--tunedmodels-recordings", "recordings", "--tunedmodels-report", ".")
    result = run(pytester, HOLDS, BREAKS, options=options)

    assert "invalid recording, ignored: " not in result.stdout.str()
    assert {name: evidence["kind"] for name, evidence in report_of(pytester)["evidence"].items()} == {
        "a/holds": expected,
        "get/missing-model": "published",
    }


@pytest.mark.parametrize(
    ("options", "workers", "message"),
    [
        (("--tunedmodels-known", "none.yaml"), 0, "--tunedmodels-known: none.yaml: No such file or directory"),
        (("--tunedmodels-recordings", "none"), 0, "--tunedmodels-recordings: there is no folder none"),
        (
            ("--tunedmodels-mutant", "percent-fall"),
            0,
            "There is no mutant 'percent-fall'; did you mean percent-falls[?]",
        ),
        (("--tunedmodels-clause", "a/hold"), 0, "There is no clause 'a/hold'; did you mean a/holds[?]"),
        (("--tunedmodels-target", "live"), 2, "the target live counts its costs in one process*"),
    ],
)
def test_wrong_option_is_refused(
    pytester: pytest.Pytester, options: tuple[str, ...], workers: int, message: str
) -> None:
    """A wrong option ends pytest before the first test. The error has the nearest name."""
    result = run(pytester, HOLDS, options=(*ON, *options), workers=workers)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR:*{message}"])


def test_collection_has_no_summary(pytester: pytest.Pytester) -> None:
    """With ``--collect-only`` nothing is summed up."""
    result = run(pytester, HOLDS, options=(*ON, "--collect-only"))

    assert result.ret == 0
    result.stdout.no_fnmatch_line("contracts:*")


def test_suite_without_its_plugin(pytester: pytest.Pytester) -> None:
    """Without the plugin the suite says how to load it."""
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "--pyargs", "tunedmodels_contracts.suite")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*The suite needs its own plugin: add -p tunedmodels_contracts.session.plugin"])
