"""Times calls without a socket, worlds and fixtures in turn, and prints microseconds as JSON: ROUNDS."""

import importlib.util
import json
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack

import requests

from tunedmodels_contracts.testing import intercept
from tunedmodels_contracts.testing.server_process import run_server
from tunedmodels_contracts.testing.world import World

URL = "https://generativelanguage.googleapis.com/v1beta/tunedModels"
OTHER = "https://example.com/v1beta/tunedModels"


def main(rounds: int) -> dict[str, list[float]]:
    """Return the microseconds of each action."""
    with ExitStack() as stack:
        actions: dict[str, Callable[[], object]] = {}
        session = stack.enter_context(requests.Session())
        server = stack.enter_context(run_server([]))
        body = b"{}\n"

        if importlib.util.find_spec("responses"):
            import responses

            mock = stack.enter_context(responses.RequestsMock(assert_all_requests_are_fired=False))
            mock.add(responses.GET, OTHER, body=body, content_type="application/json")
            mock.add_passthru("http://127.0.0.1")
            mock.add_passthru("http://localhost")
            actions["responses"] = lambda: session.get(OTHER)
        if importlib.util.find_spec("requests_mock"):
            import requests_mock  # pyright: ignore[reportMissingImports]

            adapter = requests_mock.Adapter()
            adapter.register_uri("GET", "mock://example.com/v1beta/tunedModels", content=body)
            session.mount("mock://", adapter)
            actions["requests-mock"] = lambda: session.get("mock://example.com/v1beta/tunedModels")
        stack.enter_context(intercept())
        actions["call through intercept()"] = lambda: session.get(URL)

        number = iter(range(10**9))

        def fresh() -> None:
            world = World(server.url, f"bench-{next(number)}")
            world.close()

        def block() -> None:
            with intercept():
                pass

        shared = World(server.url, "shared")

        actions["block of intercept(): a fresh world"] = block
        actions["world of a server, without a call"] = fresh
        actions["reset of a world of a server"] = shared.reset
        times: dict[str, list[float]] = {name: [] for name in actions}
        for _ in range(rounds):
            for name, action in actions.items():
                began = time.perf_counter()
                action()
                times[name].append((time.perf_counter() - began) * 1e6)
        return times


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))
