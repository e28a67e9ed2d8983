"""Defines the command ``demo``, which runs the tuning tutorial against a mock server with plain HTTP requests."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from .. import interrupts

if TYPE_CHECKING:  # --help needs neither requests nor a progress bar
    import requests

# The fifteen examples of the published tuning tutorial.
EXAMPLES = {
    "1": "2",
    "3": "4",
    "-3": "-2",
    "twenty two": "twenty three",
    "two hundred": "two hundred one",
    "ninety nine": "one hundred",
    "8": "9",
    "-98": "-97",
    "1,000": "1,001",
    "10,100,000": "10,100,001",
    "thirteen": "fourteen",
    "eighty": "eighty one",
    "one": "two",
    "three": "four",
    "seven": "eight",
}
PROMPTS = ("LXIII", "六")

_HEADERS = {"Authorization": "Bearer demo-token", "x-goog-user-project": "demo-project"}
_POLL = 0.5
_PATIENCE = 60.0

Json = dict[str, Any]


@click.command()
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="The port to use.  [default: a free one]")
def demo(port: int) -> None:
    """Run the tuning tutorial against a mock server of its own, in under 30 seconds."""
    sys.exit(run(port))


def run(port: int) -> int:
    """Start a mock server on *port* (0: a free one), run the tutorial against it and return the exit status."""
    import requests

    command = [sys.executable, "-m", "tunedmodels_mockserver", "serve", "--with-parent", "--port", str(port)]
    with interrupts.as_keyboard_interrupt(), subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            ready = server.stdout.readline() if server.stdout else ""
            if not ready.startswith("READY "):
                return server.wait() or 1
            url = ready.split()[1].removeprefix("url=")
            click.echo(f"A mock server of the Gemini API answers at {url}")
            tutorial(url)
        except requests.RequestException as error:
            click.echo(f"The mock server gave an unexpected answer: {error}", err=True)
            return 1
        finally:
            server.terminate()
    return 0


def tutorial(url: str) -> None:
    """Tune a model to count, wait for it, generate text with it, and delete it. Raise requests.RequestException."""
    import requests

    with requests.Session() as session:
        session.headers.update(_HEADERS)
        session.trust_env = False  # a proxy of the user cannot reach the loopback address of this machine
        operation = _call(session, "POST", f"{url}/v1beta/tunedModels", _create_body())
        name = operation["metadata"]["tunedModel"]
        click.echo(f"Tuning {name}: {operation['metadata']['totalSteps']} steps")
        operation = _watch(session, url, operation)
        _draw(operation["metadata"]["snapshots"])

        model = _call(session, "GET", f"{url}/v1beta/{name}")
        click.echo(f"{name} is {model['state']} since {model['tuningTask']['completeTime']}")
        for prompt in PROMPTS:
            answer = _call(session, "POST", f"{url}/v1beta/{name}:generateContent", _prompt_body(prompt))
            click.echo(f"{prompt} -> {answer['candidates'][0]['content']['parts'][0]['text']}")
        page = _call(session, "GET", f"{url}/v1beta/tunedModels")
        click.echo(f"The list has {len(page['tunedModels'])} tuned model")
        _call(session, "DELETE", f"{url}/v1beta/{name}")
        click.echo(f"{name} is deleted")


def _watch(session: requests.Session, url: str, operation: Json) -> Json:
    """Poll the operation until it is done, with a progress bar of step, epoch and loss."""
    import requests
    from tqdm import tqdm

    deadline = time.monotonic() + _PATIENCE
    with tqdm(total=operation["metadata"]["totalSteps"], unit="step") as bar:
        while not operation.get("done"):
            if time.monotonic() > deadline:
                raise requests.Timeout(f"the operation is not done after {_PATIENCE:.0f} seconds")
            time.sleep(_POLL)
            operation = _call(session, "GET", f"{url}/v1/{operation['name']}")
            snapshots = operation["metadata"].get("snapshots")
            if snapshots:
                last = snapshots[-1]
                bar.set_postfix(epoch=last.get("epoch", 0), loss=f"{last['meanLoss']:.4f}", refresh=False)
                bar.update(last["step"] - bar.n)
    return operation


def _draw(snapshots: list[Json]) -> None:
    import plotille

    steps = [row["step"] for row in snapshots]
    figure = plotille.Figure()
    # The labels beside the curve take about fifteen characters.
    figure.width, figure.height = min(64, max(10, shutil.get_terminal_size().columns - 16)), 12
    figure.x_label, figure.y_label = "step", "mean loss"
    figure.with_colors = False
    figure.set_x_limits(min_=0, max_=steps[-1])
    figure.set_y_limits(min_=0)
    figure.register_label_formatter(float, _tick)
    figure.plot(steps, [row["meanLoss"] for row in snapshots])
    click.echo(figure.show())


def _tick(val: float, chars: int, delta: float, left: bool = False) -> str:
    return f"{val:{'<' if left else '>'}{chars}.{0 if delta > 2 else 1 if delta > 0.1 else 3}f}"


def _create_body() -> Json:
    rows = [{"textInput": number, "output": following} for number, following in EXAMPLES.items()]
    return {
        "displayName": "number generator",
        "baseModel": "models/gemini-1.0-pro-001",
        "tuningTask": {
            "hyperparameters": {"batchSize": 4, "learningRate": 0.001, "epochCount": 5},
            "trainingData": {"examples": {"examples": rows}},
        },
    }


def _prompt_body(prompt: str) -> Json:
    return {"contents": [{"parts": [{"text": prompt}]}]}


def _call(session: requests.Session, method: str, url: str, body: Json | None = None) -> Json:
    response = session.request(method, url, json=body, timeout=10)
    response.raise_for_status()
    result: Json = response.json()
    return result
