"""Every block of the README and of the pages about the client and the contracts runs, and its commands exist."""

import http.server
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import textwrap
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click
import pytest

from tunedmodels_contracts.cli import main as contracts_group
from tunedmodels_mockserver import Settings
from tunedmodels_mockserver.cli import main as mockserver_group
from tunedmodels_mockserver.core.runs.durations import Pace

from ..servers import serve
from . import stand_in_command

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
COMMAND = "tunedmodels-mockserver"
EXECUTABLE = Path(sysconfig.get_path("scripts")) / COMMAND
CLIENT = "tunedmodels"
CONTRACTS = "tunedmodels-contracts"

# Commands of the contracts that send requests to the real API: the tests check their options, and do not run them.
LIVE = {"record", "sweep", "live"}

# The clause of runs that would take the whole suite; the recipes run that.
CLAUSE = "operations/done-is-absorbing"

# The address of the mock server in the README; that of the test has another port.
WRITTEN_BASE = "http://127.0.0.1:9480"

# Blocks that a reader does not type.
PASSIVE = {"json", "mermaid", "text", "toml", "yaml"}

# Variables of the environment that select a server or credentials. A reader has none.
LEADING = ("PYTEST_", "TUNEDMODELS_", "GOOGLE_", "GEMINI_")

# Packages of other projects that the README installs.
OTHERS = {"google-genai"}

FILE = re.compile(r"[\w-]+\.\w+")  # in the folder where the reader is
FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})(?P<tag>[^`]*)$")


@dataclass(frozen=True)
class Block:
    """A fenced block: its tag, its text without the fences, and the line at which its text begins."""

    tag: str
    text: str
    line: int


def blocks_of(markdown: str) -> list[Block]:
    """The fenced blocks in their order."""
    blocks: list[Block] = []
    opened: re.Match[str] | None = None
    lines: list[str] = []
    for number, line in enumerate(markdown.splitlines(), start=1):
        fence = FENCE.match(line)
        if opened is None:
            opened, lines = fence, []
        elif fence and not fence["tag"].strip() and fence["fence"].startswith(opened["fence"]):
            text = textwrap.dedent("\n".join(lines)) + "\n"
            blocks.append(Block(opened["tag"].strip(), text, number - len(lines)))
            opened = None
        else:
            lines.append(line)
    if opened is not None:
        pytest.fail(f"the README's last {opened['fence']} block has no end")
    return blocks


def commands_of(text: str) -> Iterator[str]:
    """The commands of a shell block without comments; continued lines and quoted line ends stay together."""
    command = ""
    for line in text.replace("\\\n", " ").splitlines():
        command = f"{command}\n{line}" if command else line.strip()
        if not command or command.startswith("#"):
            command = ""
            continue
        try:
            words_of(command)
        except ValueError:  # a quotation is still open
            continue
        yield command
        command = ""
    if command:
        pytest.fail(f"the README has a command whose quotation does not end: {command}")


def words_of(line: str) -> list[str]:
    """The words of a shell line; operators are words of their own, and comments none."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    return list(lexer)


@dataclass
class Runner:
    """Runs the blocks of one page in their order, against one mock server."""

    url: str
    scratch: Path
    root: Path = ROOT
    command: Sequence[str] = (str(EXECUTABLE),)
    client: Sequence[str] = (str(EXECUTABLE.with_name(CLIENT)),)
    contracts: Sequence[str] = (str(EXECUTABLE.with_name(CONTRACTS)),)
    group: click.Group = mockserver_group
    exported: dict[str, str | None] = field(default_factory=dict[str, "str | None"])  # None: unset

    def run(self, block: Block) -> None:
        tag, _, name = block.tag.partition(" ")
        if block.tag == "python":
            self.run_python(block)
        elif block.tag == "sh":
            self.run_shell(block)
        elif name and re.fullmatch(rf"[\w-]+\.{tag}", name):
            (self.scratch / name).write_text(block.text, encoding="utf-8")
        elif block.tag not in PASSIVE:
            pytest.fail(f"the README has a block that no test runs: its tag is {block.tag!r}")

    def run_python(self, block: Block) -> None:
        """Run a program; run a block with tests by pytest."""
        if re.search(r"^(async )?def test_", block.text, re.MULTILINE):
            path = self.scratch / "test_readme_block.py"
            arguments = ["-m", "pytest", "-q", str(path)]
        else:
            path = self.scratch / "readme_block.py"
            arguments = ["-W", "error", str(path)]
        # As many empty lines as stand above it in the README, so that a traceback names the README's line.
        path.write_text("\n" * (block.line - 1) + block.text, encoding="utf-8")
        self.run_program([sys.executable, *arguments])

    def run_shell(self, block: Block) -> None:
        """Run or check each line, without a shell."""
        without_curl = False
        for line in commands_of(block.text):
            evaluated = re.fullmatch(r'eval "\$\((.*)\)"', line)
            if evaluated:
                self.evaluate(self.parse(evaluated[1]))
                continue
            match self.parse(line):
                case ["export", assignment] if re.fullmatch(r"\w+=.*", assignment):
                    name, _, value = assignment.partition("=")
                    self.exported[name] = value
                case [script, *arguments] if script.startswith("scripts/"):
                    self.check_script(script, arguments)
                case [command, *arguments, ">", name] if command == COMMAND and FILE.fullmatch(name):
                    (self.scratch / name).write_text(self.run_program([*self.command, *arguments]), encoding="utf-8")
                case [command, "exec", *arguments] if command == COMMAND:
                    self.run_program([*self.command, "exec", *arguments])
                case ["python", name] if FILE.fullmatch(name):
                    self.run_program([sys.executable, name])
                case [command, *arguments] if command == COMMAND:
                    self.check_options(arguments)
                case [command, *arguments] if command == CLIENT:
                    self.run_program([*self.client, *arguments])
                case [command, *arguments] if command == CONTRACTS and LIVE & {*arguments}:
                    self.check_options(arguments, CONTRACTS)
                case [command, *arguments] if command == CONTRACTS:
                    one_clause = arguments[0] in ("run", "selftest") and not {"--clause", "--target"} & {*arguments}
                    more = ("--clause", CLAUSE) if one_clause else ()
                    # A difference between two targets is no failure.
                    statuses = (0, 1) if arguments[0] == "diff" else (0,)
                    self.run_program([*self.contracts, *arguments, *more], statuses)
                case ["pytest", *arguments]:
                    self.run_program([sys.executable, "-m", "pytest", "-q", *arguments])
                case ["pip", "install", *arguments] | ["python", "-m", "pip", "install", *arguments]:
                    self.check_requirements(arguments)
                case ["curl", *arguments] if shutil.which("curl"):
                    self.run_curl(arguments)
                case ["curl", *_]:
                    without_curl = True
                case _:
                    pytest.fail(f"the README has a command that no test runs: {line}")
        if without_curl:
            pytest.skip("curl is not installed here; the other lines of the block are fine")

    def evaluate(self, words: Sequence[str]) -> None:
        """Run the output of the command in a shell, and keep the environment."""
        if words[0] != COMMAND:
            pytest.fail(f"the README has a command that no test runs, it takes a shell: {shlex.join(words)}")
        before = self.environment()
        printed = self.run_program([*self.command, *words[1:]])
        after = dict(
            pair.split("=", 1) for pair in self.run_program(["sh", "-c", f"{printed}\nenv -0"]).split("\0") if pair
        )
        self.exported |= dict.fromkeys(before.keys() - after.keys()) | after

    def parse(self, line: str) -> list[str]:
        """Return the words, with the mock server's address and the exported variables in them."""
        host = self.url.removeprefix("http://")
        words = words_of(line.replace(WRITTEN_BASE.removeprefix("http://"), host))
        if words[-1] == "&" and words[0] == COMMAND:
            words.pop()
        into_file = words[0] == COMMAND and words[-2:-1] == [">"] and FILE.fullmatch(words[-1])
        without = words[:-2] if into_file else words
        if any(re.fullmatch(r"[();<>|&]+", word) for word in without) or "$(" in line or "`" in line:
            pytest.fail(f"the README has a command that no test runs, it takes a shell: {line}")
        environment = self.environment()
        return [re.sub(r"\$(?:(\w+)|\{(\w+)\})", lambda m: environment.get(m[1] or m[2], m[0]), w) for w in words]

    def check_script(self, script: str, arguments: Sequence[str]) -> None:
        """The script exists and can be run; the demo's options exist."""
        path = self.root / script
        if not path.is_file() or not os.access(path, os.X_OK):
            pytest.fail(f"the README names {script}, which is not an executable file of the repository")
        if script == "scripts/demo" and arguments:
            self.check_options(["demo", *arguments])

    def check_options(self, arguments: Sequence[str], name: str = COMMAND) -> None:
        """Fail unless the subcommand exists and has every long option."""
        command: click.Command = contracts_group if name == CONTRACTS else self.group
        # The words after -- belong to another command.
        words = list(arguments[: arguments.index("--")] if "--" in arguments else arguments)
        while isinstance(command, click.Group) and words and not words[0].startswith("-"):
            name = f"{name} {words[0]}"
            if words[0] not in command.commands:
                pytest.fail(f"the README uses {name}, which does not exist")
            command = command.commands[words.pop(0)]
        options = {"--help", *(option for param in command.params for option in (*param.opts, *param.secondary_opts))}
        for option in (word.partition("=")[0] for word in words):
            if option.startswith("--") and option not in options:
                pytest.fail(f"the README uses {option}, which {name} does not have")

    def check_requirements(self, arguments: Sequence[str]) -> None:
        """Fail unless pip installs this project, with extras that it has."""
        for argument in arguments:
            if argument.startswith("-"):
                continue
            if argument in OTHERS:
                continue
            match = re.fullmatch(r"(?:tunedmodels|\./?)(?:\[([\w,\s-]+)\])?(?:\s*(?:@|[=~><!]=?).*)?", argument)
            if match is None:
                pytest.fail(f"the README installs {argument}, which is not this project")
            unknown = {extra.strip() for extra in (match[1] or "").split(",")} - extras_of(self.root) - {""}
            if unknown:
                pytest.fail(f"the README names an extra which pyproject.toml does not have: {', '.join(unknown)}")

    def run_curl(self, arguments: Sequence[str]) -> None:
        """Send the request to the mock server; an error status is a failure."""
        for address in re.findall(r"\w+://[^/\s]*", " ".join(arguments)):
            if address != self.url:
                pytest.fail(f"the README's curl asks {address}, which is not the mock server at {WRITTEN_BASE}")
        self.run_program(["curl", "--fail", "--silent", "--show-error", "--max-time", "20", *arguments])

    def run_program(self, arguments: Sequence[str], statuses: Sequence[int] = (0,)) -> str:
        """Run the program in the scratch folder, and return its output. Fail the test for another status."""
        try:
            program = subprocess.run(
                arguments,
                cwd=self.scratch,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                timeout=600,
                check=False,
            )
        except FileNotFoundError:
            pytest.fail(f"{arguments[0]} is not there: is the project installed?")
        if program.returncode not in statuses:
            pytest.fail(f"{shlex.join(arguments)} ended with status {program.returncode}:\n{program.stdout}")
        return program.stdout

    def environment(self) -> dict[str, str]:
        """Return the environment without variables for clients, with the port and the exported variables."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(LEADING)}
        variables = {
            **inherited,
            "PATH": f"{EXECUTABLE.parent}{os.pathsep}{inherited.get('PATH', '')}",
            "PYTHONIOENCODING": "utf-8",
            "COLUMNS": "100",
            # The README's server has the usual port.
            "TUNEDMODELS_MOCKSERVER_PORT": self.url.rpartition(":")[2],
            **self.exported,
        }
        return {name: value for name, value in variables.items() if value is not None}


def extras_of(root: Path) -> set[str]:
    """The extras of pyproject.toml; read with a pattern, since Python 3.10 has no reader for TOML."""
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    section = re.search(r"^\[project\.optional-dependencies\]\n(.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
    return set(re.findall(r"^([\w-]+) = \[", section[1], re.MULTILINE)) if section else set()


def readme_blocks() -> list[Block]:
    """Return the blocks of the README; none if it is missing, for test_readme_is_there."""
    return blocks_of(README.read_text(encoding="utf-8")) if README.is_file() else []


@pytest.fixture(scope="module")
def mock_server() -> Iterator[str]:
    """The address of a mock server."""
    with serve(Settings(pace=Pace(tuning_time=1))) as url:
        yield url


@pytest.fixture(scope="module")
def reader(mock_server: str, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """A reader of the README. Later blocks use the variables and files of earlier blocks."""
    return Runner(mock_server, tmp_path_factory.mktemp("readme"))


@pytest.mark.parametrize("block", [pytest.param(b, id=f"line {b.line} {b.tag}") for b in readme_blocks()])
def test_block_of_the_readme_runs(block: Block, reader: Runner) -> None:
    """A reader who types the blocks from top to bottom gets no error."""
    reader.run(block)


@pytest.mark.parametrize(("page", "file"), [("contracts", "reports/all/report.html"), ("client", "examples.csv")])
def test_page_runs(mock_server: str, tmp_path: Path, page: str, file: str) -> None:
    """A reader who types the blocks of a page from top to bottom gets no error, and has its last file."""
    reader = Runner(mock_server, tmp_path)
    for block in blocks_of((ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")):
        reader.run(block)

    assert (tmp_path / file).is_file()


def test_readme_is_there() -> None:
    """There is a README with a program, a test and commands in it, for the test above to run."""
    assert README.is_file(), "README.md is missing"
    blocks = readme_blocks()

    assert {"python", "sh"} <= {block.tag for block in blocks}
    assert any("def test_" in block.text for block in blocks if block.tag == "python")


def test_readme_names_the_limits() -> None:
    """A section of the README says what the mock server does not do."""
    assert README.is_file(), "README.md is missing"
    headings = re.findall(r"^#+ +(.+?)\s*$", README.read_text(encoding="utf-8"), re.MULTILINE)

    assert "What the fake does not do" in headings


# --- the runner itself, on small READMEs with a stand-in for the command and for the mock server


class FoundOnly(http.server.BaseHTTPRequestHandler):
    """Answers 200 for /found and 404 for other paths."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/found" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Say nothing."""


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    """A runner with a repository, a command and a server of its own."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "demo").touch(mode=0o755)
    (tmp_path / "scripts" / "notes").touch(mode=0o644)
    (tmp_path / "pyproject.toml").write_text(
        '[project.optional-dependencies]\nmockserver = []\ndev = [\n    "x",\n]\n\n[tool.x]\nother = []\n'
    )
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), FoundOnly) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Runner(
            f"http://127.0.0.1:{server.server_port}",
            scratch=tmp_path,
            root=tmp_path,
            command=[sys.executable, stand_in_command.__file__],
            group=stand_in_command.main,
            client=[sys.executable, "-c", "import sys; open(sys.argv[1]).close()"],
        )
        server.shutdown()
        thread.join()


def run(runner: Runner, tag: str, text: str) -> None:
    """Run a page of one block."""
    for block in blocks_of(f"# A title\n\n```{tag}\n{text}\n```\n"):
        runner.run(block)


def test_blocks_are_found_with_tag_text_and_line() -> None:
    """A block has fences of either kind, longer ones around others, or is in a list."""
    commands = "a\n```sh\nb\n```\n"
    in_list = "1. list\n\n   ~~~python\n   if c:\n       d\n   ~~~\n"
    around_another = "````text\n```\ne\n```\n````\n"

    assert blocks_of(commands + in_list + around_another) == [
        Block("sh", "b\n", 3),
        Block("python", "if c:\n    d\n", 8),
        Block("text", "```\ne\n```\n", 12),
    ]


def test_block_without_an_end_is_refused() -> None:
    """A forgotten closing fence does not hide what follows it."""
    with pytest.raises(pytest.fail.Exception, match="has no end"):
        blocks_of("```sh\nrm -r x\n")


needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed here")


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("python", "import os\nassert 'TUNEDMODELS_EMULATOR_HOST' not in os.environ"),
        ("python", "def test_one():\n    assert True"),
        ("text", "only shown"),
        ("sh", "# a comment\n\nscripts/demo  # another"),
        ("sh", "scripts/demo --quick"),
        ("sh", "pip install tunedmodels"),
        ("sh", "pip install -e '.[dev, mockserver]'\npython -m pip install 'tunedmodels[dev]>=0.1'"),
        ("sh", "tunedmodels pyproject.toml"),
        ("csv new.csv", "text_input,output"),
        ("py new.py", "raise SystemExit(3)"),
        ("sh", "pip install google-genai"),
        ("sh", "tunedmodels-mockserver exec -- 0"),
        ("sh", "tunedmodels-mockserver --help"),
        ("sh", "tunedmodels-mockserver serve --port=1 \\\n    --no-fast &"),
        ("sh", "tunedmodels-mockserver clock advance 10 --rate 2 -- other --unknown"),
        pytest.param("sh", "curl http://127.0.0.1:9480/found", marks=needs_curl),
        pytest.param("sh", 'curl -d \'{\n"a": "b | c"\n}\' -X GET \\\n http://127.0.0.1:9480/found', marks=needs_curl),
        pytest.param("sh", 'export AT=127.0.0.1:9480/found\ncurl "http://${AT}"', marks=needs_curl),
    ],
)
def test_good_block_passes(runner: Runner, tag: str, text: str) -> None:
    """A block whose programs work and whose commands exist does not fail."""
    run(runner, tag, text)


@pytest.mark.parametrize(
    ("tag", "text", "message"),
    [
        ("python", "raise SystemExit(3)", "ended with status 3"),
        ("python", "import warnings\nwarnings.warn('old')", "UserWarning: old"),
        ("python", "1 / 0", r'readme_block.py", line 4'),
        ("python", "def test_one():\n    assert 1 == 2", "assert 1 == 2"),
        ("bash", "true", "no test runs: its tag is 'bash'"),
        ("csv new.txt", "a,b", "no test runs: its tag is 'csv new.txt'"),
        ("sh", "tunedmodels missing.csv", "missing.csv"),
        ("sh", "make all", "no test runs: make all"),
        ("sh", "python missing.py", "ended with status 2"),
        ("sh", "tunedmodels-mockserver exec -- 3", "ended with status 3"),
        ("sh", 'eval "$(make)"', "it takes a shell: make"),
        ("sh", "curl http://127.0.0.1:9480/found | sh", "it takes a shell"),
        ("sh", "tunedmodels-mockserver --help | make > help.txt", "it takes a shell"),
        ("sh", "curl http://127.0.0.1:9480/found > found.txt", "it takes a shell"),
        ("sh", "tunedmodels-mockserver --help > ../help.txt", "it takes a shell"),
        ("sh", 'export NAME="$(make)"', "it takes a shell"),
        ("sh", "curl 'http://127.0.0.1:9480", "quotation does not end"),
        ("sh", "scripts/missing", "scripts/missing, which is not an executable"),
        ("sh", "scripts/notes", "scripts/notes, which is not an executable"),
        ("sh", "scripts/demo --slow", "--slow, which tunedmodels-mockserver demo does not have"),
        ("sh", "pip install other", "other, which is not this project"),
        ("sh", "pip install 'tunedmodels[dev,none]'", "does not have: none"),
        ("sh", "tunedmodels-mockserver none", "tunedmodels-mockserver none, which does not exist"),
        ("sh", "tunedmodels-mockserver --port 1", "--port, which tunedmodels-mockserver does not have"),
        ("sh", "tunedmodels-mockserver serve --por 1", "--por, which tunedmodels-mockserver serve does not have"),
        ("sh", "tunedmodels-mockserver clock advance --fast", "clock advance does not have"),
        pytest.param("sh", "curl http://127.0.0.1:9480/missing", "404", marks=needs_curl),
        pytest.param("sh", "curl https://example.com/", "https://example.com, which is not", marks=needs_curl),
    ],
)
def test_bad_block_fails(runner: Runner, tag: str, text: str, message: str) -> None:
    """A block that does not work, or that no test can check, fails and says why."""
    with pytest.raises(pytest.fail.Exception, match=message):
        run(runner, tag, text)


def test_later_block_finds_a_file(runner: Runner) -> None:
    """A command finds the file of an earlier block, or the file that an earlier command printed."""
    run(runner, "csv new.csv", "text_input,output")
    run(runner, "sh", "tunedmodels-mockserver --help > help.txt")
    run(runner, "sh", "tunedmodels new.csv\ntunedmodels help.txt")

    assert (runner.scratch / "new.csv").read_text(encoding="utf-8") == "text_input,output\n"
    assert "Usage" in (runner.scratch / "help.txt").read_text(encoding="utf-8")


def test_later_block_has_the_variables(runner: Runner) -> None:
    """A program has the variables of earlier commands, with the server's address, and none that they unset."""
    run(runner, "sh", "export EXPORTED=1\nexport BASE=http://127.0.0.1:9480/v1")
    run(runner, "sh", 'eval "$(tunedmodels-mockserver env)"')
    run(
        runner,
        "python",
        f"from os import environ\nassert environ['BASE'] == '{runner.url}/v1'\nassert environ['SET'] == 'a b'\n"
        "assert 'EXPORTED' not in environ",
    )
