"""The README, the pages and the jobs of continuous integration run unchanged.

The shell runs each line in a new folder, with the commands of this environment. The tests change only the ports, the
lines that would install something or ask the real API, and the runs of the whole suite.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml

from tunedmodels_contracts.cli import main as contracts

from ..contracts.stand_in import run_stand_in

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
WORKFLOWS = ROOT / ".github" / "workflows"
FENCED = re.compile(r"^```(\w+)(?: (\w+\.\w+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SERVE = "start tunedmodels-mockserver serve --tuning-time 1\n"
CURL = "command -v curl >/dev/null && alias curl='curl --fail' || alias curl='echo curl is not installed:'\n"

# The pages with commands or a job: what the shell does before, and a file that the last block leaves. None: another
# test runs the page.
PAGES: dict[str, tuple[str, str] | None] = {
    "README.md": (CURL, "report/report.html"),
    "client.md": (SERVE, "examples.csv"),
    "command.md": None,
    "contracts.md": (SERVE, "reports/all/report.html"),
    "credentials.md": None,
}

# Variables that select a server or credentials. A reader has none.
OWN = ("PYTEST_", "TUNEDMODELS_", "GOOGLE_", "GEMINI_")

# A reader starts each server in another terminal, and ends the one before it.
START = """
server=
start() {
    [ -z "$server" ] || { kill "$server"; wait "$server"; }
    "$@" &
    server=$!
    tunedmodels-mockserver wait
}
"""

# Patterns of lines, and what the tests run in their place.
REPLACED = {
    r"^tunedmodels-mockserver serve (?!.*&$)": "start tunedmodels-mockserver serve ",
    r"--tuning-time \d+": "--tuning-time 1",
    r"^scripts/": f"test -x {ROOT}/scripts/",
    r"^tunedmodels-contracts (?:record|sweep) .*": "echo 'this would ask the real API'",
    r"^(tunedmodels-contracts (?:run|selftest))(?!.*--(?:clause|target))": r"\1 --clause operations/done-is-absorbing",
    r"^(tunedmodels-contracts diff .*)": r"\1 || [ $? -eq 1 ]",  # a difference is no failure
}

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the recipes are for a POSIX shell")


def page_path(name: str) -> Path:
    return (ROOT if name == "README.md" else DOCS) / name


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return str(server.getsockname()[1])


def without_pip(script: str) -> str:
    """Replace the lines of pip by one that says so."""
    return re.sub(r"^pip install .*$", r"echo 'not installed by this test'", script, flags=re.MULTILINE)


def run(script: str, folder: Path, environment: Mapping[str, str]) -> str:
    """Run *script* as continuous integration does, end its processes, and return its output."""
    (folder / "script.sh").write_text(script, "utf-8")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}
    scripts = os.pathsep.join((sysconfig.get_path("scripts"), os.environ["PATH"]))
    with (folder / "printed").open("w") as printed:
        shell = subprocess.Popen(
            ["sh", "-ex", "script.sh"],
            cwd=folder,
            env={**inherited, "PATH": scripts, **environment},
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = shell.wait(timeout=1800)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGTERM)  # the group that this shell leads
            shell.wait()
    text = (folder / "printed").read_text("utf-8")
    assert status == 0, text[-6000:]
    return text


def page_script(name: str, before: str = "") -> str:
    """Return the files, the Python and the shell of a page as one session at a terminal, after the lines *before*."""
    lines = [START, before]
    for number, (tag, file, block) in enumerate(FENCED.findall(page_path(name).read_text("utf-8"))):
        if tag == "python":
            file = f"block{number}.py"
        if file:
            lines.append(f"cat > {file} <<'END'\n{block}END\n")
        if tag == "python":
            lines.append(f"python {'-m pytest -q' if 'def test_' in block else '-W error'} {file}\n")
        elif tag == "sh":
            for pattern, replacement in REPLACED.items():
                block = re.sub(pattern, replacement, block, flags=re.MULTILINE)
            lines.append(block)
    return without_pip("\n".join(lines))


def job_script(text: str, values: Mapping[str, str], folder: Path) -> str:
    """Return the steps of a workflow's only job as one script, for the case that each step succeeds.

    *values* are those of GitHub's expressions. Steps that use an action of another project are left out.
    """

    def value(template: str) -> str:
        return re.sub(r"\$\{\{ (.*?) \}\}", lambda match: values[match[1]], template)

    (job,) = yaml.safe_load(text)["jobs"].values()
    lines: list[str] = []
    for number, step in enumerate(job["steps"]):
        if "run" not in step or "== 'failure'" in step.get("if", ""):
            continue
        path = folder / f"step{number}.sh"
        path.write_text(without_pip(step["run"]), "utf-8")
        variables = {**job.get("env", {}), **step.get("env", {})}
        exports = "".join(f"export {name}={shlex.quote(value(text))}; " for name, text in variables.items())
        lines.append(f"({exports}sh -e {path})")
    return "\n".join(lines)


def steps(workflow: Path) -> Iterator[dict[str, Any]]:
    for job in yaml.safe_load(workflow.read_text("utf-8"))["jobs"].values():
        yield from job["steps"]


def test_every_block_is_run() -> None:
    """A page with commands or a job is in the table, and each block has an end and a tag that the tests know."""
    texts = {page.name: page.read_text("utf-8") for page in (ROOT / "README.md", *DOCS.glob("*.md"))}

    assert {name for name, text in texts.items() if re.search(r"^```sh$|^jobs:$", text, re.MULTILINE)} == PAGES.keys()
    for name in PAGES:
        tags = [tag for tag, _, _ in FENCED.findall(texts[name])]
        assert {*tags} <= {"sh", "python", "py", "csv", "json", "mermaid", "text", "toml", "yaml"}, name
        assert texts[name].count("```") == 2 * len(tags), name


@pytest.mark.parametrize("name", [name for name, how in PAGES.items() if how])
def test_page_runs(tmp_path: Path, name: str) -> None:
    """A reader who types the blocks of a page from top to bottom gets no error, and has its last file."""
    before, file = PAGES[name] or ("", "")
    port = free_port()
    script = page_script(name, before).replace("9480", port)
    run(script, tmp_path, {"TUNEDMODELS_MOCKSERVER_PORT": port})

    assert (tmp_path / file).is_file()


@pytest.mark.parametrize("command", ["record", "sweep"])
def test_commands_for_the_real_api_exist(command: str) -> None:
    """The commands that these tests do not run exist, and have the options of the page."""
    (line,) = re.findall(rf"^tunedmodels-contracts {command} .*", page_path("contracts.md").read_text("utf-8"), re.M)
    options = {option for parameter in contracts.commands[command].params for option in parameter.opts}

    assert {word for word in line.split() if word.startswith("-")} <= options


def test_extras_of_the_pages_exist() -> None:
    """The pages install only extras that the project has."""
    text = (ROOT / "README.md").read_text("utf-8") + page_path("contracts.md").read_text("utf-8")
    extras = {name for names in re.findall(r"^pip install '\.\[(.*)\]'", text, re.M) for name in names.split(",")}

    assert {"mockserver", "contracts"} <= extras <= {*metadata("tunedmodels").get_all("Provides-Extra", [])}


def test_readme_names_the_limits() -> None:
    """A section of the README says what the mock server does not do."""
    assert "\n## What the fake does not do\n" in page_path("README.md").read_text("utf-8")


def test_the_page_about_credentials(tmp_path: Path) -> None:
    """The page's key file, session and tokens work against the servers that it starts, until the token expires."""
    port = free_port()
    script = page_script("credentials.md").replace("9480", port)
    printed = run(
        script,
        tmp_path,
        # Requests of google-auth to Google in the background fail.
        {"TUNEDMODELS_MOCKSERVER_PORT": port, "HTTPS_PROXY": "http://127.0.0.1:9"},
    )

    assert printed.count("READY url=") == 2
    assert "Traceback" not in printed
    assert '"code": 401' in printed  # the last line of the page: the token has expired


def test_the_job_for_other_servers(tmp_path: Path) -> None:
    """The job of the page about contracts passes with the mock server: every required clause holds."""
    blocks = FENCED.findall(page_path("contracts.md").read_text("utf-8"))
    (job,) = [text for tag, _, text in blocks if tag == "yaml" and "\njobs:\n" in text]
    summary = tmp_path / "summary.md"
    script = job_script(job.replace("9000", free_port()), {}, tmp_path)
    printed = run(script, tmp_path, {"GITHUB_STEP_SUMMARY": str(summary)})

    assert re.search(r"^contracts: url http://\S+: (\d+) of \1 required clauses held; ", printed, re.MULTILINE), printed
    assert "without --strict" not in printed
    assert ": **passed**, " in summary.read_text("utf-8")
    assert (tmp_path / "report" / "junit.xml").is_file()


def test_the_job_for_the_real_api(tmp_path: Path) -> None:
    """The workflow ``live`` passes against a stand-in, and deletes the credential."""
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (tmp_path / "stand-in").mkdir()
    with run_stand_in(tmp_path / "stand-in") as stand_in:
        environment = {**stand_in.environment, "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
        credential = Path(environment.pop("GOOGLE_APPLICATION_CREDENTIALS")).read_text("utf-8")
        values = {
            "secrets.TUNEDMODELS_LIVE_CREDENTIALS": credential,
            "inputs.spend": "tunings=0,requests=200,seconds=1800",
            "github.workspace": str(workspace),
        }
        printed = run(
            job_script((WORKFLOWS / "live.yml").read_text("utf-8"), values, workspace), workspace, environment
        )

    assert "contracts: stand-in https://127.0.0.1:" in printed
    assert ": **passed**, " in (tmp_path / "summary.md").read_text("utf-8")
    assert (workspace / "report" / "report.html").is_file()
    assert not (tmp_path / "credentials.json").exists()


def test_steps_after_a_failure_of_the_live_job(tmp_path: Path) -> None:
    """After a run that created nothing, the last steps find nothing to delete and nothing to sum up."""
    after = [
        step["run"] for step in steps(WORKFLOWS / "live.yml") if "steps.ask" in step.get("if", "") and "run" in step
    ]

    assert len(after) == 2
    run("\n".join(f"(\n{text}\n)" for text in after), tmp_path, {"GITHUB_STEP_SUMMARY": "summary.md"})


def test_the_job_that_runs_these_tests() -> None:
    """The job runs one script, which is executable and has no syntax error."""
    (script,) = [step["run"] for step in steps(WORKFLOWS / "test.yml") if "run" in step]

    assert os.access(ROOT / script, os.X_OK)
    subprocess.run(["sh", "-n", str(ROOT / script)], check=True)
