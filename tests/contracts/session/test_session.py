"""The session, as pytest shows it: verdicts, levels, known differences, the status and the last line."""

from __future__ import annotations

import json
from datetime import date
from xml.etree import ElementTree as ET

import pytest

from tunedmodels_contracts.recordings import Exchange, Provenance, ReceivedResponse, Recording, SentRequest, save
from tunedmodels_contracts.service import HOST

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
@clause("a/gone", "tunedModels.get")
def test_gone():
    pytest.skip("no longer verifiable: no base model can be tuned")
"""
PUBLISHED = "1 has published evidence, none is verified against the real API"
NOTHING_PUBLISHED = "none has published evidence, none is verified against the real API"


def run(pytester: pytest.Pytester, *parts: str, options: tuple[str, ...] = ON) -> pytest.RunResult:
    pytester.makepyfile(HEAD + "".join(parts))
    return pytester.runpytest_subprocess(*PLUGIN, "-p", "no:cacheprovider", *options)


def last(result: pytest.RunResult) -> str:
    return result.outlines[-1]


@pytest.mark.parametrize("workers", ["0", "2"])
def test_all_in_one(pytester: pytest.Pytester, workers: str) -> None:
    """Every verdict is told and counted by clause, on one worker and on several."""
    result = run(pytester, HOLDS, WEAK, BREAKS, SKIPS, options=(*ON, "-n", workers, "--tunedmodels-report", "report"))

    assert result.ret == 1
    assert last(result) == (
        "contracts: fake: 1 of 4 required clauses held, 1 broken, 1 not run, 1 no longer verifiable, "
        f"and 2 broken that are not required; of 6 clauses, {PUBLISHED}; pytest ended with status 1"
    )
    result.assert_outcomes(passed=4, failed=1, skipped=2, xfailed=2)
    report = json.loads((pytester.path / "report" / "report.json").read_text(encoding="utf-8"))
    told = {one["clause"]: (one["verdict"], one["checks"][0]["reason"]) for one in report["runs"][0]["clauses"]}
    assert told == {
        "a/gone": ("no longer verifiable", "no longer verifiable: no base model can be tuned"),
        "a/holds": ("held", ""),
        "a/skips": ("not run", "the target has no second-caller"),
        "a/weak": ("broken", "assert 1 == 2"),
        "a/weaker": ("broken", "RuntimeError: no"),
        "get/missing-model": ("broken", ""),
    }
    assert report["evidence"]["get/missing-model"]["kind"] == "published"


def test_weaker_levels_do_not_fail(pytester: pytest.Pytester) -> None:
    """A recommended or optional clause that is broken is shown, and the status stays 0."""
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
    """Clauses of a lesser level are left out."""
    run(pytester, HOLDS, WEAK, options=(*ON, "--tunedmodels-level", level, "--tunedmodels-report", "."))

    report = json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))
    assert [one["clause"] for one in report["runs"][0]["clauses"]] == (clauses or ["a/holds", "a/weak", "a/weaker"])


def test_known_difference(pytester: pytest.Pytester) -> None:
    """A known difference excuses its clause: it is shown with the reason, and does not fail the run."""
    pytester.makefile(
        ".yaml", known="known-differences:\n- {clause: get/*, reason: not built yet, since: '2026-11-22'}\n"
    )
    result = run(pytester, HOLDS, BREAKS, options=(*ON, "--tunedmodels-known", "known.yaml"))

    assert result.ret == 0
    result.assert_outcomes(passed=4, xfailed=1)
    result.stdout.fnmatch_lines(
        [
            "excused (required) get/missing-model: 1 of 2 tests: not built yet (since 2026-11-22): assert 2 == 1*",
            f"contracts: fake: 1 of 2 required clauses held, 1 excused; of 2 clauses, {PUBLISHED}",
        ]
    )


@pytest.mark.parametrize(
    ("clause", "why"),
    [("get/missing-model", "the clause holds: remove the entry"), ("get/nothing", "there is no such clause")],
)
def test_known_difference_that_excuses_nothing(pytester: pytest.Pytester, clause: str, why: str) -> None:
    """An entry that excuses nothing fails the run, and says why."""
    pytester.makefile(".yaml", known=f"known-differences:\n- {{clause: {clause}, reason: r, since: '2026-11-22'}}\n")
    result = run(pytester, BREAKS.replace("n == 1", "n"), options=(*ON, "--tunedmodels-known", "known.yaml"))

    assert result.ret == 1
    result.stdout.fnmatch_lines([f"stale known difference: {clause}: r, since 2026-11-22: {why}"])
    assert last(result).endswith("; 1 known difference is stale")


@pytest.mark.parametrize(
    ("clause", "options", "status"),
    [
        ("get/missing-model", ("-n", "2"), 1),  # both of its tests hold
        ("get/missing-model", ("-n", "2", "-k", "test_breaks and 1"), 0),  # the other may be the one that breaks
        ("get/missing-model", ("-k", "test_breaks and 1"), 0),
        ("get/missing-model", ("-k", "test_holds"), 0),
        ("get/*", (), 0),  # other clauses of that name did not run
        ("get/nothing", ("-k", "test_holds"), 1),
    ],
)
def test_known_differences_and_what_ran(
    pytester: pytest.Pytester, clause: str, options: tuple[str, ...], status: int
) -> None:
    """Only where a clause ran as a whole can an entry be found to excuse nothing, on one worker and on several."""
    pytester.makefile(".yaml", known=f"known-differences:\n- {{clause: {clause}, reason: r, since: '2026-11-22'}}\n")
    how = (*ON, "--tunedmodels-known", "known.yaml", *options)
    result = run(pytester, HOLDS, BREAKS.replace("n == 1", "n"), options=how)

    assert result.ret == status
    assert last(result).endswith("; 1 known difference is stale") is bool(status)


def test_known_difference_and_a_single_test(pytester: pytest.Pytester) -> None:
    """A test that was named is not the whole clause."""
    pytester.makefile(
        ".yaml", known="known-differences:\n- {clause: get/missing-model, reason: r, since: '2026-11-22'}\n"
    )
    pytester.makepyfile(test_one=HEAD + BREAKS)
    how = (*ON, "--tunedmodels-known", "known.yaml", "test_one.py::test_breaks[1]")

    assert pytester.runpytest_subprocess(*PLUGIN, "-p", "no:cacheprovider", *how).ret == 0


def test_known_differences_that_cannot_be_read(pytester: pytest.Pytester) -> None:
    """A file that cannot be read is a mistake in how pytest was called."""
    result = run(pytester, HOLDS, options=(*ON, "--tunedmodels-known", "none.yaml"))

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --tunedmodels-known: none.yaml: No such file or directory"])


@pytest.mark.parametrize(
    ("parts", "status"), [((SKIPS,), 1), (("def test_other(): pass",), 1), ((), pytest.ExitCode.NO_TESTS_COLLECTED)]
)
def test_nothing_ran(pytester: pytest.Pytester, parts: tuple[str, ...], status: int) -> None:
    """A run that has checked nothing does not pass."""
    result = run(pytester, *parts)

    assert result.ret == status
    assert "fake: nothing ran, so nothing is proved" in last(result)


def test_setup_and_teardown(pytester: pytest.Pytester) -> None:
    """What cannot be prepared is broken, and an error at any level; what cannot be cleared away is an error alone."""
    fixtures = """
@pytest.fixture
def unprepared():
    raise RuntimeError("no run")
@clause("a/unprepared", "tunedModels.get")
def test_unprepared(unprepared): pass
@clause("a/weak", "tunedModels.get", level=Level.RECOMMENDED)
def test_weak(unprepared): pass
@pytest.fixture
def left():
    yield
    raise RuntimeError("not deleted")
@clause("a/left", "tunedModels.get")
def test_left(left): pass
"""
    result = run(pytester, fixtures)

    assert result.ret == 1
    result.assert_outcomes(passed=1, errors=3)
    assert last(result).startswith("contracts: fake: 1 of 2 required clauses held, 1 broken, and 1 broken that is not")
    assert last(result).endswith("pytest ended with status 1")


def test_what_the_suite_marks_as_broken(pytester: pytest.Pytester) -> None:
    """An expected failure of the suite's own is excused, and does not count as held."""
    marked = "@pytest.mark.xfail(reason='to be mended', strict=True)" + BREAKS.replace("n == 1", "False")
    result = run(pytester, HOLDS, marked)

    assert result.ret == 0
    assert last(result).startswith("contracts: fake: 1 of 2 required clauses held, 1 excused; ")


def test_properties_of_pytests_own_junit(pytester: pytest.Pytester) -> None:
    """What pytest itself writes for JUnit has clause, level, verdict and evidence of each test."""
    run(pytester, BREAKS, options=(*ON, "--junitxml", "own.xml"))

    case = ET.parse(pytester.path / "own.xml").getroot().find(".//testcase")
    assert case is not None
    properties = {one.get("name"): one.get("value") for one in case.iter("property")}
    assert properties["clause"] == "get/missing-model"
    assert properties["level"] == "required"
    assert properties["verdict"] == "held"
    assert str(properties["evidence"]).startswith("published (")


def test_answers_are_seen(pytester: pytest.Pytester) -> None:
    """What the target answers is seen from its beginning, on each worker, and comes together."""
    asks = """
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.targets.fake import fake
@pytest.fixture(scope="session")
def target(pytestconfig):
    target = fake()
    pytestconfig.hook.pytest_tunedmodels_target(target=target)
    return target
@clause("a/asks", "tunedModels.list")
@pytest.mark.parametrize("n", range(4))
def test_asks(target, n):
    Api(target.session, target.base_url, target.caller).get("v1beta/tunedModels").ok()
"""
    result = run(pytester, asks, options=(*ON, "-n", "2", "--tunedmodels-report", "."))

    assert result.ret == 0
    (account,) = json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))["runs"]
    assert account["server"] == "http://fake.test"
    assert account["seen"]["answers"] == 4
    assert account["seen"]["outcomes"] == [["tunedModels.list", "200 OK"]]


TELLS = """
from requests import Session
from google.auth.credentials import AnonymousCredentials
from tunedmodels_contracts.targets.target import Target
@pytest.fixture(scope="session")
def target(pytestconfig):
    target = Target("url", Session(), "http://localhost:9000", AnonymousCredentials(), "m", notes=("drift: one",))
    pytestconfig.hook.pytest_tunedmodels_target(target=target)
    return target
@clause("a/looks", "tunedModels.list")
def test_looks(target):
    pass
"""


@pytest.mark.parametrize("workers", ["0", "2"])
def test_what_the_target_has_to_tell(pytester: pytest.Pytester, workers: str) -> None:
    """Notes of the target are shown in the summary, and are among the results."""
    result = run(pytester, TELLS, options=(*ON, "-n", workers, "--tunedmodels-report", "."))

    result.stdout.fnmatch_lines(["* notes of the target *", "drift: one"])
    (account,) = json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))["runs"]
    assert account["notes"] == ["drift: one"]


LENIENT = """
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
    target = Target("url", session, "http://fake.test", AnonymousCredentials(), "m")
    pytestconfig.hook.pytest_tunedmodels_target(target=target)
    return target
@clause("a/asks", "tunedModels.list")
@pytest.mark.parametrize("path", ["v1/tunedModels", "v1beta//tunedModels", "nowhere"])
def test_asks(target, path):
    Api(target.session, target.base_url, target.caller).get(path)
"""
WITHOUT_STRICT = (
    "This is a mock server without --strict; start it with --strict. "
    "It accepted what the service refuses: doubled-slashes, v1-tuned-models."
)


@pytest.mark.parametrize(("strict", "workers"), [(True, "0"), (False, "0"), (False, "2")])
def test_a_mock_server_without_strict(pytester: pytest.Pytester, strict: bool, workers: str) -> None:
    """The summary and the report say that our own server has to be strict, and which allowances applied."""
    how = (*ON, "-n", workers, "--tunedmodels-report", ".")
    result = run(pytester, LENIENT.replace("STRICT", str(strict)), options=how)

    (account,) = json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))["runs"]
    assert account["notes"] == ([] if strict else [WITHOUT_STRICT])
    assert (WITHOUT_STRICT in result.outlines) is not strict
    report = "".join((pytester.path / name).read_text("utf-8") for name in ("report.md", "report.html"))
    assert report.count("without --strict") == (0 if strict else 2)


def test_an_address_alone_is_a_target(pytester: pytest.Pytester) -> None:
    """Where only an address is given, what is checked is called url, though nothing was asked of it."""
    result = run(pytester, HOLDS, options=("--tunedmodels-url", "http://localhost:9000"))

    assert last(result).startswith("contracts: url http://localhost:9000: 1 of 1 required clause held; ")


EXCHANGE = Exchange(
    SentRequest("GET", f"https://{HOST}/v1beta/tunedModels"),
    ReceivedResponse(200, body=b"{}\n"),
)


@pytest.mark.parametrize(
    ("provenance", "expected"),
    [
        (Provenance("live", "us", date(2026, 1, 2), note="held with these answers: a/holds"), "live recording"),
        (Provenance("live", "us", date(2026, 1, 2)), "none"),  # nobody says that a clause held with it
        (Provenance("hand-written", "us", note="held with these answers: a/holds", stand_in=True), "none"),
    ],
)
def test_recordings_are_evidence_for_other_targets(
    pytester: pytest.Pytester, provenance: Provenance, expected: str
) -> None:
    """What is in a folder of recordings counts for a run on the fake, beside what is published."""
    folder = pytester.mkdir("recordings")
    recording = Recording("a.holds", provenance, (EXCHANGE,))
    save(recording if provenance.stand_in else recording.with_digest(), folder / "a.holds.yaml")
    how = (*ON, "--tunedmodels-recordings", "recordings", "--tunedmodels-report", ".")
    result = run(pytester, HOLDS, BREAKS, options=how)

    assert "invalid recording, ignored: " not in result.stdout.str()
    evidence = json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))["evidence"]
    assert {name: found["kind"] for name, found in evidence.items()} == {
        "a/holds": expected,
        "get/missing-model": "published",
    }


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--tunedmodels-recordings", "none"), "--tunedmodels-recordings: there is no folder none"),
        (("--tunedmodels-mutant", "percent-fall"), "There is no mutant 'percent-fall'; did you mean percent-falls[?]"),
        (("--tunedmodels-clause", "a/hold"), "There is no clause 'a/hold'; did you mean a/holds[?]"),
        (("--tunedmodels-target", "live", "-n", "2"), "the target live counts its costs in one process*"),
    ],
)
def test_options_that_name_nothing(pytester: pytest.Pytester, options: tuple[str, ...], said: str) -> None:
    """A mistake in an option ends pytest before any test, with what may have been meant."""
    result = run(pytester, HOLDS, options=(*ON, *options))

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR:*{said}"])


def test_nothing_for_others(pytester: pytest.Pytester) -> None:
    """Who does not ask for the suite gets nothing of it, and pays nothing for it."""
    pytester.makepyfile(
        """
        import sys

        def test_own():
            assert "tunedmodels_contracts.session.pytest_session" not in sys.modules
        """
    )
    result = pytester.runpytest_subprocess()

    assert result.ret == 0
    result.stdout.no_fnmatch_line("contracts:*")


def test_only_collecting(pytester: pytest.Pytester) -> None:
    """Nothing is summed up where nothing was to run."""
    result = run(pytester, HOLDS, options=(*ON, "--collect-only"))

    assert result.ret == 0
    result.stdout.no_fnmatch_line("contracts:*")


@pytest.mark.parametrize("workers", ["0", "2"])
def test_suite_by_pytests_own_command(pytester: pytest.Pytester, workers: str) -> None:
    """The suite is found by its name, and its plugin by ``-p``; workers of xdist load it too."""
    how = ("-n", workers, "--pyargs", "tunedmodels_contracts.suite", "--tunedmodels-clause", "get/missing-model")
    result = pytester.runpytest_subprocess(*PLUGIN, "-p", "no:cacheprovider", *how)

    assert result.ret == 0
    assert last(result).startswith("contracts: fake: 1 of 1 required clause held")


def test_suite_without_its_plugin(pytester: pytest.Pytester) -> None:
    """Without the plugin the suite says how to load it."""
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--pyargs", "tunedmodels_contracts.suite")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*The suite needs its own plugin: add -p tunedmodels_contracts.session.plugin"])
