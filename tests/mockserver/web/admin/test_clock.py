"""Tests reading, moving and freezing the clock of a world over the admin surface."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from tunedmodels_mockserver import Clock, ManualClock, Mode, Pace, Settings, create_app
from tunedmodels_mockserver.core.runs.script import Event

from ...conftest import SharedServers

START = 1_700_000_000_000_000_000
CLOCK = {"now": "2023-11-14T22:13:20.000000000Z", "mode": "manual", "rate": 1.0}
BEYOND = "from its present time are outside of that."


def body(model_id: str = "a", epochs: int = 5) -> dict[str, Any]:
    return {
        "displayName": model_id,
        "baseModel": "models/gemini-1.0-pro-001",
        "tuningTask": {
            "trainingData": {"examples": {"examples": [{"textInput": "1", "output": "2"}]}},
            "hyperparameters": {"epochCount": epochs, "batchSize": 1},
        },
    }


def start(http: FlaskClient, model_id: str = "a", epochs: int = 5) -> str:
    """Create a model with *steps* steps, and return the name of its operation."""
    answer = http.post(f"/v1beta/tunedModels?tunedModelId={model_id}", json=body(model_id, epochs))
    assert answer.status_code == 200, answer.text
    return str(answer.get_json()["name"])


def move(http: FlaskClient, **how: Any) -> Any:
    """Move the clock, and return the answer."""
    answer = http.post("/_emulator/clock", json=how)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


@pytest.fixture
def manual(servers: SharedServers) -> FlaskClient:
    """Return a client of a server whose clocks do not move by themselves."""
    return servers.app(clock=Clock(Mode.MANUAL, moment=START)).test_client()


def test_a_manual_clock_is_read_and_moved(manual: FlaskClient) -> None:
    """GET returns the moment, POST moves it, and the answers of the API follow."""
    assert manual.get("/_emulator/clock").json == CLOCK

    assert move(manual, advance=1.5) == {**CLOCK, "now": "2023-11-14T22:13:21.500000000Z", "caused": []}
    operation = start(manual)
    move(manual, advance=21)
    finished: Any = manual.get(f"/v1/{operation}").json
    assert finished["response"]["createTime"] == "2023-11-14T22:13:21.500000Z"


def test_each_world_has_its_own_clock(manual: FlaskClient) -> None:
    """A move of one world's clock, named by header or key, does not move the others."""
    manual.post("/_emulator/clock", json={"advance": 60}, headers={"X-Test-Id": "w1"})
    later = {**CLOCK, "now": "2023-11-14T22:14:20.000000000Z"}

    assert manual.get("/_emulator/clock", headers={"X-Test-Id": "w1"}).json == later
    assert manual.get("/_emulator/clock?key=test-w1").json == later
    assert manual.get("/_emulator/clock").json == CLOCK


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"advance": "soon"}', "'soon' is none of end, next - at `$.advance`."),
        ('{"advance": true}', "got `bool` - at `$.advance`."),
        ('{"advance": -1}', 'advance must not be negative, got -1.0; send "set" to go back in time.'),
        ('{"advance": null}', 'Send {"advance": SECONDS}, {"advance": "next"} or "end", or one of'),
        ("{}", 'Send {"advance": SECONDS}, {"advance": "next"} or "end", or one of'),
        ('{"advance": NaN}', "This is not valid JSON: "),
        ("", "This is not valid JSON: "),
        ("\xff", "This is not valid JSON: "),
        ("[" * 100_000, "Expected `object`, got `array`."),
        ('{"set": 1}', "Expected `str | null`, got `int` - at `$.set`."),
        ('{"set": "now"}', "set must be a time such as 2026-01-01T00:00:00Z, got 'now'."),
        (
            '{"set": "1969-12-31T23:59:59Z"}',
            "A clock can show 1970 to 2255; -1.0 seconds since 1970 are outside of that.",
        ),
        ('{"advnace": 1}', "There is no member 'advnace'; the nearest is advance."),
        ('{"mode": "fast"}', "'fast' is none of manual, polling, real - at `$.mode`."),
        ('{"rate": 0}', "The rate of a clock must be more than 0 and at most 1000000, got 0.0."),
        ('{"freeze": true, "resume": true}', "mode, freeze and resume exclude each other; send one of them."),
        (f'{{"advance": {"9" * 400}}}', "Number out of range"),
    ],
    ids=lambda value: value[:30],
)
def test_a_bad_move_is_refused(manual: FlaskClient, text: str, sentence: str) -> None:
    """The error names the member and the value, and the clock does not move."""
    answer = manual.post("/_emulator/clock", data=text.encode("latin-1"))

    assert answer.status_code == 400
    assert sentence in answer.get_json()["error"]
    assert manual.get("/_emulator/clock").json == CLOCK


def test_the_clock_stops_in_2255(manual: FlaskClient) -> None:
    """Nanoseconds after that do not fit 64 bits."""
    answers = [manual.post("/_emulator/clock", json={"advance": 1e9}) for _ in range(8)]

    assert [answer.status_code for answer in answers] == [200] * 7 + [400]
    assert answers[-1].json == {"error": f"A clock can show 1970 to 2255; 1000000000.0 seconds {BEYOND}"}
    assert manual.get("/v1beta/tunedModels").json == {}


@pytest.mark.parametrize("seconds", ["1e10", "1e308", f"1{'0' * 18}"])
def test_a_move_beyond_the_end_is_refused(manual: FlaskClient, seconds: str) -> None:
    """The error says that the number is too large, and the clock does not move."""
    answer = manual.post("/_emulator/clock", data=f'{{"advance": {seconds}}}')

    assert answer.status_code == 400
    assert answer.json == {"error": f"A clock can show 1970 to 2255; {float(seconds)} seconds {BEYOND}"}
    assert manual.get("/_emulator/clock").json == CLOCK


def test_a_body_of_twenty_megabytes_is_refused(manual: FlaskClient) -> None:
    """The error is a sentence, and not the page for an unknown route."""
    assert manual.post("/_emulator/clock", data=b" " * (20 * 1024 * 1024 + 1)).status_code == 413


def test_a_real_clock_is_moved_frozen_and_resumed() -> None:
    """A real clock follows the machine's time after a move; a frozen one does not."""
    machine = ManualClock(START)
    http = create_app(Settings(seed=1), machine.now).test_client()
    machine.advance(1)
    assert move(http, advance=60)["now"] == "2023-11-14T22:14:21.000000000Z"

    frozen = move(http, freeze=True)
    machine.advance(5)
    assert (frozen["mode"], http.get("/_emulator/clock").get_json()["now"]) == ("manual", frozen["now"])

    assert move(http, resume=True, rate=60)["mode"] == "real"
    machine.advance(1)
    assert http.get("/_emulator/clock").json == {**CLOCK, "now": "2023-11-14T22:15:21.000000000Z", "rate": 60} | {
        "mode": "real"
    }


def test_mode_polling_moves_the_clock_by_polls(manual: FlaskClient) -> None:
    """Ten polls reach the end of a run."""
    move(manual, mode="polling")
    operation = start(manual)
    looks = [manual.get(f"/v1/{operation}").get_json() for _ in range(10)]

    assert [look.get("done", False) for look in looks] == [False] * 9 + [True]


def test_a_move_lists_the_runs_that_change(manual: FlaskClient) -> None:
    """Each has the steps before and after; runs that do not change are left out."""
    first, second = start(manual, "first"), start(manual, "second", epochs=1)
    assert move(manual, advance=0.2)["caused"] == []

    halfway = move(manual, advance=10)["caused"]
    assert halfway == [
        {
            "operation": first,
            "model": "tunedModels/first",
            "steps": [0, 2],
            "percent": 40.0,
            "state": "CREATING",
            "done": False,
        }
    ]

    end = move(manual, advance=60)["caused"]
    assert [(run["operation"], run["steps"], run["state"], run["done"]) for run in end] == [
        (first, [2, 5], "ACTIVE", True),
        (second, [0, 1], "ACTIVE", True),
    ]
    back = move(manual, set="2023-11-14T22:13:21Z")["caused"]
    assert [(run["steps"], run["state"]) for run in back] == [([5, 0], "CREATING"), ([1, 0], "CREATING")]


def test_a_move_lists_a_hundred_runs_at_most(manual: FlaskClient) -> None:
    """The answer has the number of the rest."""
    for number in range(103):
        start(manual, f"m{number}", epochs=1)
    caused = move(manual, advance=60)

    assert (len(caused["caused"]), caused["more"]) == (100, 3)


def test_advance_next_moves_to_the_next_event(manual: FlaskClient) -> None:
    """It is the start, a step or the end of any run; if all have ended, the clock does not move."""
    start(manual, "first", 2)
    start(manual, "second", 1)
    leaps = [move(manual, advance="next") for _ in range(7)]

    changes = [[(run["model"][12:], run["steps"], run["done"]) for run in leap["caused"]] for leap in leaps]
    assert sorted(change for leap in changes for change in leap) == [
        ("first", [0, 1], False),
        ("first", [1, 2], False),
        ("first", [2, 2], True),
        ("second", [0, 1], False),
        ("second", [1, 1], True),
    ]
    assert changes[0] == [] == changes[-1]
    assert leaps[-1]["now"] == leaps[-2]["now"]


def test_advance_end_moves_to_the_end_of_all_runs() -> None:
    """The answer lists the runs that time does not end."""
    app = create_app(Settings(seed=1, pace=Pace(queue_time=0), clock=Clock(Mode.MANUAL, moment=START)))
    http = app.test_client()
    first, second = start(http, "first"), start(http, "held")
    store = app.extensions["tunedmodels"].get("").store
    record = store.get("held")
    store.replace(record, replace(record, plan=record.plan.with_script((Event(step=3, stall=-1),))))
    end = move(http, advance="end")

    assert end["now"] == "2023-11-14T22:13:40.000000000Z"
    assert [(run["operation"], run["steps"], run["done"]) for run in end["caused"]] == [
        (first, [0, 5], True),
        (second, [0, 3], False),
    ]
    assert end["stalled"] == [second]
    assert move(http, advance="end")["now"] == end["now"]
