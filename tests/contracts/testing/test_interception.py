"""Tests interception: a mock server in this process answers code that calls the real service."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import unittest
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from types import ModuleType
from typing import Any, TypeVar

import aiohttp
import google.auth.transport.requests
import pytest
import requests
import responses
from google.oauth2.credentials import Credentials
from requests.adapters import HTTPAdapter

from tunedmodels import Client
from tunedmodels_contracts.testing import InterceptTestCase, World, intercept
from tunedmodels_contracts.testing.interception.hosts import HOSTS, URL, NotIntercepted
from tunedmodels_mockserver import Clock, Mode, Settings
from tunedmodels_mockserver.core.callers.grants import RefreshGrant
from tunedmodels_mockserver.core.callers.scopes import TUNING

pytest_plugins = ["pytester"]

T = TypeVar("T")

MODELS = f"{URL}/v1beta/tunedModels"
GENERATE = f"{URL}/v1beta/models/gemini-1.5-flash:generateContent"
PROMPT = {"contents": [{"parts": [{"text": "hello"}]}]}


@pytest.fixture(params=["httpx", "httpx2"])
def httpx(request: pytest.FixtureRequest) -> ModuleType:
    """Each of the two forks that is installed."""
    module: ModuleType = pytest.importorskip(request.param)
    return module


@pytest.fixture
def world() -> Iterator[World]:
    """The world of a block around the test."""
    with intercept() as world:
        yield world


def text_of(answer: Any) -> str:
    return str(answer.json()["candidates"][0]["content"]["parts"][0]["text"])


def test_requests(world: World) -> None:
    """A call through requests is answered, with any key, and is in the world's journal."""
    world.canned.add("Hello!", text="hello")

    assert text_of(requests.post(GENERATE, json=PROMPT, params={"key": "test-elsewhere"}, timeout=5)) == "Hello!"
    assert [entry["method"] for entry in world.journal()] == ["models.generateContent"]


def test_our_client(world: World) -> None:
    """Our client without arguments calls the real service. The world's clock brings its run to the end."""
    world.clock.freeze()
    with Client() as client:
        assert client.base_url == URL
        operation = client.tuned_models.create(
            base_model="gemini-1.0-pro-001", display_name="n", training_data=[("1", "2")]
        )
        world.run_to_end()
        model = operation.result(timeout=5)
        chunks = [chunk.text for chunk in client.tuned_models.stream_generate_content(model, "LXIII")]

    assert "".join(chunks) == "LXIV"
    assert [item.name for item in world.client.tuned_models.list()] == [model.name]


def test_google_auth(world: World) -> None:
    """A session of google-auth is answered. It gets an access token from the mock server's own endpoint."""
    settings: dict[str, Any] = {"client_id": "me", "client_secret": "made-up", "token_uri": f"{URL}/token"}
    refresh = RefreshGrant("alice@example.com", TUNING, "one").token()
    session = google.auth.transport.requests.AuthorizedSession(Credentials(None, refresh_token=refresh, **settings))

    assert session.get(MODELS).json() == {}
    assert [(entry["path"], entry["caller"]) for entry in world.journal()] == [
        ("/token", None),
        ("/v1beta/tunedModels", "alice@example.com"),
    ]


def test_httpx(world: World, httpx: ModuleType) -> None:
    """A call through httpx is answered, and so is a stream of a client."""
    world.canned.add("Hello!", text="hello")

    assert text_of(httpx.post(GENERATE, json=PROMPT)) == "Hello!"
    with httpx.Client() as client, client.stream("GET", MODELS) as answer:
        assert (answer.status_code, answer.read()) == (200, b"{}\n")


def test_older_httpx_client(httpx: ModuleType) -> None:
    """A client that is older than the block is answered within it."""
    with httpx.Client() as client, intercept():
        assert client.get(MODELS).json() == {}


def test_httpx_async(world: World, httpx: ModuleType) -> None:
    """An asynchronous client of httpx is answered."""
    world.canned.add("Hello!", text="hello")

    async def ask() -> str:
        async with httpx.AsyncClient() as client:
            return text_of(await client.post(GENERATE, json=PROMPT))

    assert asyncio.run(ask()) == "Hello!"


def in_session(ask: Callable[[aiohttp.ClientSession], Awaitable[T]]) -> T:
    """Call *ask* with a plain session of aiohttp, and return its result."""

    async def run() -> T:
        async with aiohttp.ClientSession() as session:
            return await ask(session)

    return asyncio.run(run())


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def test_aiohttp(world: World) -> None:
    """A session of aiohttp is answered, also as a stream, and if it sends a body in chunks."""
    world.canned.add("Hello", text="hello")
    prompt = json.dumps(PROMPT).encode()

    async def ask(session: aiohttp.ClientSession) -> list[bytes]:
        async with session.post(GENERATE, json=PROMPT, params={"key": "test-elsewhere"}) as whole:
            answers = [await whole.read()]
        async with session.post(GENERATE, data=chunks(prompt[:9], prompt[9:])) as whole:
            answers.append(await whole.read())
        async with session.post(GENERATE.replace("generate", "streamGenerate") + "?alt=sse", json=PROMPT) as stream:
            answers.append(b"".join([line async for line in stream.content]).removeprefix(b"data: "))
        async with session.head(f"{URL}/health") as head:
            assert (head.status, await head.read()) == (200, b"")
        async with session.get(f"{MODELS}/nope") as refused:
            assert (refused.status, refused.reason) == (404, "Not Found")
        return answers

    for answer in in_session(ask):
        assert json.loads(answer)["candidates"][0]["content"]["parts"][0]["text"] == "Hello"
    assert [entry["status"] for entry in world.journal()] == [200, 200, 200, 404]


def test_older_aiohttp_session() -> None:
    """A session that is older than the block is answered within it, and keeps no connection of the block."""

    async def ask(session: aiohttp.ClientSession) -> None:
        for _ in range(2):
            with intercept() as world:
                async with session.get(MODELS) as answer:
                    assert await answer.json() == {}
                assert len(world.journal()) == 1
        assert session.connector is not None
        assert not session.connector._conns  # the pool, which has no public name

    in_session(ask)


def test_aiohttp_in_two_blocks() -> None:
    """Each task of a loop is in the world of its own block."""

    async def ask(session: aiohttp.ClientSession) -> None:
        entered = [asyncio.Event(), asyncio.Event()]

        async def side(number: int) -> int:
            with intercept() as world:
                entered[number].set()
                await entered[1 - number].wait()
                for _ in range(1 + number):
                    async with session.get(MODELS):
                        pass
                return len(world.journal())

        assert [*await asyncio.gather(side(0), side(1))] == [1, 2]

    in_session(ask)


@pytest.fixture(params=[True, False], ids=["aiohttp", "no aiohttp"])
def _with_aiohttp(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make google-genai use aiohttp, or not."""
    from google.genai import _api_client

    assert _api_client.has_aiohttp
    monkeypatch.setattr(_api_client, "has_aiohttp", request.param)


@pytest.mark.clients
@pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")  # google-genai's own
@pytest.mark.usefixtures("_with_aiohttp")
def test_google_genai(world: World) -> None:
    """google-genai without a word about a server is answered, also as a stream and asynchronously."""
    from google import genai

    world.canned.add("Hello!", text="hello")

    async def ask(client: genai.client.AsyncClient) -> tuple[str | None, str]:
        async with client:
            whole = await client.models.generate_content(**prompt)
            stream = await client.models.generate_content_stream(**prompt)
            return whole.text, "".join([str(chunk.text) async for chunk in stream])

    with genai.Client() as client:
        prompt: dict[str, Any] = {"model": "gemini-1.5-flash", "contents": "hello"}
        assert client.models.generate_content(**prompt).text == "Hello!"
        assert "".join(str(chunk.text) for chunk in client.models.generate_content_stream(**prompt)) == "Hello!"
        assert asyncio.run(ask(client.aio)) == ("Hello!", "Hello!")


def test_broken_connections(world: World, httpx: ModuleType) -> None:
    """A reset and a truncated body raise the same errors as on a socket."""
    for kind in ({"reset": True}, {"truncate": {"bytes": 1}}) * 2:
        world.faults.arm({"method": "tunedModels.list", **kind})

    with pytest.raises(requests.ConnectionError, match="a fault"):
        requests.get(MODELS, timeout=5)
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match=r"closed after 1 of [0-9]+ bytes"):
        requests.get(MODELS, timeout=5)
    with pytest.raises(httpx.ReadError, match="a fault"):
        httpx.get(MODELS)
    with pytest.raises(httpx.RemoteProtocolError, match=r"closed after 1 of [0-9]+ bytes"):
        httpx.get(MODELS)


def test_broken_connections_of_aiohttp(world: World) -> None:
    """A reset, a truncated body and an unfinished stream raise the same errors as on a socket."""
    stream = f"{URL}/v1beta/models/gemini-1.5-flash:streamGenerateContent"
    world.faults.arm({"method": "models.generateContent", "reset": True})
    world.faults.arm({"method": "tunedModels.list", "truncate": {"bytes": 1}})
    world.faults.arm({"method": "models.streamGenerateContent", "stall": {"after": 1, "seconds": 0}})

    async def ask(session: aiohttp.ClientSession) -> None:
        with pytest.raises(aiohttp.ClientOSError, match="a fault"):
            await session.post(GENERATE, json=PROMPT)
        for request in (session.get(MODELS), session.post(stream, json=PROMPT)):
            async with request as answer:
                assert answer.status == 200
                with pytest.raises(aiohttp.ClientPayloadError, match="not completed"):
                    await answer.read()

    in_session(ask)


def over_http_client() -> None:
    http.client.HTTPSConnection("generativelanguage.googleapis.com", timeout=5).request("GET", "/")


def over_a_proxy() -> None:
    http.client.HTTPSConnection("127.0.0.1", 1).set_tunnel("generativelanguage.googleapis.com")


@pytest.mark.parametrize(
    "way",
    [
        pytest.param(lambda: urllib.request.urlopen(MODELS, timeout=5), id="urllib"),
        pytest.param(over_http_client, id="http.client"),
        pytest.param(over_a_proxy, id="a proxy"),
        pytest.param(lambda: socket.create_connection(("GenerativeLanguage.googleapis.com.", 443), 5), id="a socket"),
        pytest.param(lambda: socket.gethostbyname("generativelanguage.googleapis.com"), id="a name"),
    ],
)
def test_other_libraries_are_refused(world: World, way: Callable[[], object]) -> None:
    """A call that cannot be answered raises an error that no client retries, and that says what to do."""
    with pytest.raises(NotIntercepted, match="nothing was sent"):
        way()

    assert world.journal() == []


def test_other_hosts_are_not_intercepted(world: World, httpx: ModuleType, tunedmodels_server: Any) -> None:
    """Calls to other hosts reach them, also if the name begins like the service's."""
    health = f"{tunedmodels_server.url}/health"
    for get in (requests.get, httpx.get):
        assert get(health, timeout=5).json()["status"] == "ok"

    async def ask(session: aiohttp.ClientSession) -> Any:
        async with session.get(health) as answer:
            return await answer.json()

    assert in_session(ask)["status"] == "ok"
    with urllib.request.urlopen(f"{tunedmodels_server.url}/health", timeout=5) as answer:
        assert answer.status == 200
    with responses.RequestsMock() as other:
        other.get("https://generativelanguage.googleapis.com.example.com/", body="elsewhere")
        assert requests.get("https://generativelanguage.googleapis.com.example.com/", timeout=5).text == "elsewhere"
    assert world.journal() == []


@responses.activate
def test_mocks_of_responses_still_answer() -> None:
    """A test can mock other hosts with responses inside a block."""
    responses.get("https://example.com/", body="mocked")
    with intercept():
        assert requests.get("https://example.com/", timeout=5).text == "mocked"
        assert requests.get(MODELS, timeout=5).json() == {}


def test_patches_are_removed(httpx: ModuleType) -> None:
    """After the last block each patched function is the original one."""
    finders = [*sys.meta_path]

    def places() -> list[object]:
        return [
            HTTPAdapter.send,
            httpx.HTTPTransport.handle_request,
            httpx.AsyncHTTPTransport.handle_async_request,
            aiohttp.TCPConnector.connect,
            socket.getaddrinfo,
            socket.gethostbyname,
            http.client.HTTPConnection.set_tunnel,
            dict(os.environ),
        ]

    before = places()
    with intercept(), intercept():
        assert not any(one == other for one, other in zip(places(), before, strict=True))
    assert places() == before
    assert sys.meta_path == finders


LATE = """
import asyncio, sys
from tunedmodels_contracts.testing import intercept

URL = "https://generativelanguage.googleapis.com/v1beta/tunedModels"
names = {"httpx", "httpx2", "aiohttp"}


async def ask():
    async with aiohttp.ClientSession() as session, session.get(URL) as answer:
        return await answer.json()


with intercept() as world:
    assert not names & {*sys.modules}
    import aiohttp, httpx

    assert httpx.get(URL).json() == asyncio.run(ask()) == {}
    assert len(world.journal()) == 2
real = aiohttp.TCPConnector.connect
with intercept():
    assert aiohttp.TCPConnector.connect is not real
    assert asyncio.run(ask()) == {}
assert aiohttp.TCPConnector.connect is real
"""


def test_library_is_imported_within_a_block() -> None:
    """A block imports no client library, and answers one that is imported later."""
    run = subprocess.run([sys.executable, "-W", "error", "-c", LATE], capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stderr


def test_environment_of_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a block there is an API key, and no variable that names another server or credentials."""
    names = ("GOOGLE_GEMINI_BASE_URL", "TUNEDMODELS_EMULATOR_HOST", "GOOGLE_APPLICATION_CREDENTIALS", "GEMINI_API_KEY")
    for name in names:
        monkeypatch.setenv(name, "elsewhere")
    with intercept():
        assert os.environ["GOOGLE_API_KEY"] == "test-intercepted"
        assert "elsewhere" not in os.environ.values()

    assert os.environ["TUNEDMODELS_EMULATOR_HOST"] == "elsewhere"


def test_nested_blocks() -> None:
    """The inner block answers, and after it the outer one."""
    with intercept() as outer:
        with intercept() as inner:
            requests.get(MODELS, timeout=5)
            assert (len(inner.journal()), len(outer.journal())) == (1, 0)
        requests.get(MODELS, timeout=5)
        requests.get(MODELS, timeout=5)

        assert len(outer.journal()) == 2


def test_threads() -> None:
    """Each thread is in the world of its own block, whichever ends first. A thread without a block is in the latest."""
    both, first_end = threading.Barrier(2, timeout=20), threading.Event()
    requests_of: dict[int, int] = {}

    def side(number: int) -> None:
        with intercept() as world:
            both.wait()
            for _ in range(number):
                requests.get(MODELS, timeout=5)
            both.wait()
            if number == 2:
                first_end.wait(20)
                requests.get(MODELS, timeout=5)
            requests_of[number] = len(world.journal())
        if number == 1:
            first_end.set()

    threads = [threading.Thread(target=side, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert requests_of == {1: 1, 2: 3}

    with intercept() as world:
        helper = threading.Thread(target=requests.get, args=(MODELS,), kwargs={"timeout": 5})
        helper.start()
        helper.join(30)
        assert len(world.journal()) == 1


def test_settings() -> None:
    """The mock server has the settings of the block."""
    with intercept(Settings(clock=Clock(Mode.MANUAL))) as world:
        assert world.clock.mode == "manual"


def test_decorator() -> None:
    """Each call of a decorated function has a world of its own, also of an asynchronous one."""

    @intercept()
    def ask(model_id: str) -> list[str]:
        with Client() as client:
            client.tuned_models.create(
                base_model="gemini-1.0-pro-001", tuned_model_id=model_id, training_data=[("1", "2")]
            )
            return [model.name for model in client.tuned_models.list()]

    @intercept()
    async def ask_later() -> Any:
        return requests.get(MODELS, timeout=5).json()

    assert [ask("one"), ask("two")] == [["tunedModels/one"], ["tunedModels/two"]]
    assert asyncio.run(ask_later()) == {}


def test_fault_that_never_fired_fails_the_block() -> None:
    """The block raises an error at its end, unless it has an error of its own."""

    @intercept()
    def arm(error: type[Exception] | None) -> None:
        with intercept() as world:
            world.faults.arm(method="tunedModels.list", error="INTERNAL")
            if error:
                raise error

    with pytest.raises(AssertionError, match="never fired"):
        arm(None)
    with pytest.raises(KeyError):
        arm(KeyError)


def test_unittest() -> None:
    """Each test of a test case has a world of its own."""

    class Users(InterceptTestCase):
        def test_it(self) -> None:
            assert requests.get(MODELS, timeout=5).json() == {}
            assert len(self.world.journal()) == 1

        def test_unfired(self) -> None:
            self.world.faults.arm(method="tunedModels.list", error="INTERNAL")

    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Users).run(result)

    assert (result.testsRun, len(result.errors), len(result.failures)) == (2, 0, 1)
    assert "never fired" in result.failures[0][1]


def test_fixture(pytester: pytest.Pytester) -> None:
    """The fixture is a block around the test. It starts no server process."""
    pytester.makepyfile(
        """
        import pytest, requests

        def test_it(tunedmodels_intercepted):
            assert requests.get("https://generativelanguage.googleapis.com/v1beta/tunedModels", timeout=5).ok
            assert len(tunedmodels_intercepted.journal()) == 1

        def test_unfired(tunedmodels_intercepted):
            tunedmodels_intercepted.faults.arm(method="tunedModels.list", error="INTERNAL")

        def test_failed(tunedmodels_intercepted):
            requests.get("https://generativelanguage.googleapis.com/v1beta/tunedModels/nope", timeout=5)
            assert False
        """
    )
    pytester.makepyfile(httptools="raise ImportError('no server is needed')")
    result = pytester.runpytest_subprocess("-W", "error")

    result.assert_outcomes(passed=2, failed=1, errors=1)
    result.stdout.fnmatch_lines(["*last requests of the world intercepted*"])


def test_names_of_the_service() -> None:
    """Only names of Google's service are intercepted."""
    assert URL.removeprefix("https://") in HOSTS
    assert all(host.endswith(".googleapis.com") for host in HOSTS)


def test_generators_and_classes_cannot_be_decorated() -> None:
    """Their code runs after the block of the decorator, so it would call the real service."""

    def generator() -> Iterator[None]:
        yield

    class Tests:
        pass

    with pytest.raises(TypeError, match=r"^generator is a generator; write 'with intercept\(\):'"):
        intercept()(generator)
    with pytest.raises(TypeError, match=r"^Tests is a class; .* InterceptTestCase\.$"):
        intercept()(Tests)
    with pytest.raises(TypeError, match=r"@intercept\(\) with parentheses"):
        intercept(generator)  # type: ignore[arg-type]


def test_a_block_sees_nothing_of_an_earlier_one() -> None:
    """Blocks share a mock server one after the other, but no world: not even one that a request named itself."""
    names = []
    for _ in range(2):
        with intercept() as world:
            names.append(world.name)
            for headers in ({}, {"X-Test-Id": "another"}):
                assert requests.get(MODELS, headers=headers, timeout=5).json() == {}
                model = {"displayName": "a model", "baseModel": "models/gemini-1.5-flash-001-tuning"}
                assert requests.post(MODELS, json=model, headers=headers, timeout=5).ok
            assert [entry["number"] for entry in world.journal()] == [1, 2]
    assert len({*names}) == 2
