"""Tests the header in the words of the storage testbench that gives a request its own fault."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from flask.testing import FlaskClient

from tunedmodels_mockserver.core.faults.instructions import WORDS, parse_effect
from tunedmodels_mockserver.core.strict_input import BadInput

from ...conftest import api_error

HEADER = "x-goog-emulator-instructions"
KIB = 1024


@pytest.mark.parametrize(
    ("words", "body", "expected"),
    [
        ("return-503", 0, {"error": 503}),
        ("return-429", 0, {"error": 429}),
        ("return-400", 0, {"error": 400}),
        ("return-500", 0, {"error": 500}),
        ("return-reset-connection", 0, {"reset": True}),
        ("return-broken-stream", 0, {"truncate": {"fraction": 0.5}}),
        ("return-broken-stream-after-2K", 0, {"stall": {"seconds": 0, "after": 2 * KIB}}),
        ("return-broken-stream-final-chunk-after-7B", 0, {"stall": {"seconds": 0, "after": 7}}),
        ("return-corrupted-data", 0, {"malformed": True}),
        ("stall-always", 0, {"stall": {"seconds": 10, "resumes": True}}),
        ("stall-at-256KiB", 0, {"stall": {"seconds": 10, "after": 256 * KIB, "resumes": True}}),
        ("stall-for-5s", 0, {"latency": {"seconds": 5}}),
        ("stall-for-500ms", 0, {"latency": {"seconds": 0.5}}),
        ("stall-for-5s-after-1K", 0, {"stall": {"seconds": 5, "after": KIB, "resumes": True}}),
        ("return-503-after-1K", KIB - 1, None),
        ("return-503-after-1K", KIB, {"error": 503}),
        ("return-503-after-1K/retry-2", KIB, {"error": 503}),
        ("return-503-after-1K/retry-3", KIB, None),
    ],
)
def test_words_mean_effects(words: str, body: int, expected: dict[str, Any] | None) -> None:
    """The effect is that of the testbench, if an API of JSON can have it."""
    effect = parse_effect(words, body)

    assert (None if effect is None else msgspec.to_builtins(effect)) == expected


@pytest.mark.parametrize("words", WORDS)
def test_every_listed_word_works(words: str) -> None:
    """Each word that the error message lists is accepted."""
    assert parse_effect(words, 1 << 20) is not None


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("return-50", "the nearest is return-503"),
        ("return-reset-conection", "the nearest is return-reset-connection"),
        ("redirect-send-token-abc", "does not know 'redirect-send-token-abc'"),
        ("return-200", "the status of an error must be from 400 to 599"),
        ("stall-for-61s", "<= 60.0"),
    ],
)
def test_unknown_words_are_refused(words: str, sentence: str) -> None:
    """The message has the nearest known words."""
    with pytest.raises(BadInput) as caught:
        parse_effect(words, 0)

    assert sentence in str(caught.value)


def test_request_gets_the_error_of_its_header(http: FlaskClient) -> None:
    """It has the service's envelope and a note; the next request succeeds."""
    answer = http.get("/v1beta/tunedModels", headers={HEADER: "return-503"})

    assert api_error(answer) == ("UNAVAILABLE", "The model is overloaded. Please try again later.")
    assert answer.headers["X-Tunedmodels-Note"] == f"fault {HEADER}: error"
    assert http.get("/v1beta/tunedModels").status_code == 200


def test_unknown_words_are_a_bad_request(http: FlaskClient) -> None:
    """The status is 400, and the message says why."""
    status, message = api_error(http.get("/v1beta/tunedModels", headers={HEADER: "retrun-503"}))

    assert status == "INVALID_ARGUMENT"
    assert "does not know 'retrun-503'; the nearest is return-503" in message


@pytest.mark.parametrize("path", ["/health", "/_emulator/faults", "/_emulator/clock"])
def test_header_applies_to_api_paths_only(http: FlaskClient, path: str) -> None:
    """Health and the admin surface never get a fault."""
    assert http.get(path, headers={HEADER: "return-503"}).status_code == 200


def test_header_wins_over_the_faults_of_the_world(http: FlaskClient) -> None:
    """The fault of the world waits for the next call."""
    http.post("/_emulator/faults", json={"error": {"code": "INTERNAL"}})

    assert http.get("/v1beta/tunedModels", headers={HEADER: "return-429"}).status_code == 429
    assert http.get("/v1beta/tunedModels").status_code == 500
