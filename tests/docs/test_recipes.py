"""The recipes of the docs, which are pages and jobs of continuous integration, run unchanged.

The shell runs each line in a new folder, with the commands of this environment. The tests change only the ports, and
the lines of pip, which install nothing.
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
from pathlib import Path
from typing import Any

import pytest
import yaml

from ..contracts.stand_in import run_stand_in

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
WORKFLOWS = ROOT / ".github" / "workflows"
FENCED = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# The test that runs the shell and the jobs of each page. Add a new page here.
RUN_BY = {
    "README.md": "test_readme.py",
    "client.md": "test_readme.py",
    "command.md": "test_command.py",
    "contracts.md": "test_readme.py",  # the job: here
    "credentials.md": "here",
}

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

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the recipes are for a POSIX shell")


def blocks(page: Path) -> list[tuple[str, str]]:
    return FENCED.findall(page.read_text("utf-8"))


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return str(server.getsockname()[1])


def without_pip(script: str) -> str:
    """Replace the lines of pip by one that says so."""
    return re.sub(r"^pip install .*$", r"echo 'not installed by this test'", script, flags=re.MULTILINE)


def run(script: str, folder: Path, environment: Mapping[str, str]) -> str:
    """Run *script* as continuous integration does, end its processes, and return its output."""
    (folder / "script.sh").write_text(script, "utf-8")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "GOOGLE_"))}
    scripts = os.pathsep.join((sysconfig.get_path("scripts"), os.environ["PATH"]))
    with (folder / "printed").open("w") as printed:
        shell = subprocess.Popen(
            ["sh", "-e", "script.sh"],
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


def page_script(page: Path) -> str:
    """Return the shell and the Python of a page as one session at a terminal."""
    lines = [START]
    for number, (tag, text) in enumerate(blocks(page)):
        if tag == "python":
            lines.append(f"cat > block{number}.py <<'END'\n{text}END\npython -W error block{number}.py\n")
        elif tag == "sh":
            lines.append(re.sub(r"^(?=tunedmodels-mockserver serve (?!.*&$))", "start ", text, flags=re.MULTILINE))
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


def test_every_page_with_shell_is_run() -> None:
    """A page with commands or a job has a test that runs them."""
    pages = {
        page.name
        for page in (ROOT / "README.md", *DOCS.glob("*.md"))
        if any(tag == "sh" or "\njobs:\n" in text for tag, text in blocks(page))
    }

    assert pages == RUN_BY.keys()
    assert all(name == "here" or (Path(__file__).parent / name).is_file() for name in RUN_BY.values())


def test_the_page_about_credentials(tmp_path: Path) -> None:
    """The page's key file, session and tokens work against the servers that it starts, until the token expires."""
    port = free_port()
    script = page_script(DOCS / "credentials.md").replace("9480", port)
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
    (job,) = [text for tag, text in blocks(DOCS / "contracts.md") if tag == "yaml" and "\njobs:\n" in text]
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
