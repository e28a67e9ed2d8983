"""Tests which origins a recording can have, and how an edited recording is detected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped, unused-ignore]  # its types are a distribution of their own

from tunedmodels_contracts.recordings import (
    Exchange,
    Provenance,
    ReceivedResponse,
    Recording,
    RecordingError,
    SentRequest,
    load,
    save,
)

URL = "https://generativelanguage.googleapis.com/v1beta/tunedModels"
DAY = date(2026, 11, 22)
LIVE = Provenance("live", "the contract suite", DAY)
PUBLISHED = Provenance("published", "a page", DAY, guessed=("status",), transcription="verbatim")
BY_HAND = Provenance("hand-written", "this test")


def recording(provenance: Provenance, url: str = URL, **answer: Any) -> Recording:
    headers = answer.pop("headers", (("Content-Type", "application/json"),))
    received = ReceivedResponse(200, "OK", headers, b'{\n  "tunedModels": []\n}\n', **answer)
    return Recording("sample", provenance, (Exchange(SentRequest("GET", url), received),)).with_digest()


@pytest.mark.parametrize("provenance", [LIVE, PUBLISHED, BY_HAND], ids=lambda provenance: provenance.kind)
def test_round_trip_of_each_kind(tmp_path: Path, provenance: Provenance) -> None:
    """A recording is live, published or hand-written. The file keeps all that it says about its origin."""
    whole = replace(provenance, scrubbed=("token",), note="as it was", licence="Apache-2.0")
    save(recording(whole), tmp_path / "sample.yaml")

    assert load(tmp_path / "sample.yaml") == recording(whole)


REFUSED: dict[str, tuple[Recording, str]] = {
    "no kind fake": (
        recording(replace(BY_HAND, kind="fake")),
        "contract.provenance.kind is 'fake'; it has to be live, published or hand-written",
    ),
    "no source": (
        recording(replace(BY_HAND, source=" ")),
        "contract.provenance.source is empty; say where a reader can find the answers",
    ),
    "a live stand-in": (
        recording(replace(LIVE, stand_in=True)),
        "contract.provenance.stand_in is true and kind is 'live'; the answers of a stand-in count as hand-written",
    ),
    "published, no day": (
        recording(replace(PUBLISHED, captured=None)),
        "contract.provenance.captured is missing; say on which day the service answered, as '2024-03-14'",
    ),
    "live, another host": (
        recording(replace(LIVE, host="localhost")),
        "contract.provenance.host is 'localhost'; only generativelanguage.googleapis.com is the service; for another "
        "host, write hand-written",
    ),
    "live, with a guess": (
        recording(replace(LIVE, guessed=("status",))),
        "contract.provenance.guessed names status; in a live recording nothing is guessed",
    ),
    "published, without a guess": (
        recording(replace(PUBLISHED, guessed=())),
        "contract.provenance.guessed is empty; name what the source does not show: status, headers, …",
    ),
    "published, no transcription": (
        recording(replace(PUBLISHED, transcription="")),
        "contract.provenance.transcription is missing; it is verbatim, from-repr or elided",
    ),
    "an unknown transcription": (
        recording(replace(BY_HAND, transcription="roughly")),
        "contract.provenance.transcription is 'roughly'; it is verbatim, from-repr or elided",
    ),
    "live, no digest": (
        replace(recording(LIVE), provenance=LIVE),
        "contract.provenance.sha256 is missing; the file was edited: record it again, or change its kind to "
        "hand-written and remove the digest",
    ),
    "signed by the mock server": (
        recording(LIVE, headers=(("Server", "tunedmodels-mockserver/0.1.0"),)),
        "contract.provenance.stand_in is false, and responses.1 is signed by the mock server; set stand_in to true",
    ),
    "a note of the mock server": (
        recording(BY_HAND, headers=(("x-tunedmodels-note", "hi"),)),
        "contract.provenance.stand_in is false, and responses.1 is signed by the mock server; set stand_in to true",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_invalid_origin_is_refused(tmp_path: Path, name: str) -> None:
    """A recording with an invalid origin is not written, and the error says why."""
    invalid, sentence = REFUSED[name]
    with pytest.raises(RecordingError) as error:
        save(invalid, tmp_path / "sample.yaml")

    assert str(error.value) == f"sample.yaml: {sentence}"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://generativelanguage.googleapis.com/v1", "http://generativelanguage.googleapis.com"),
        ("https://generativelanguage.googleapis.com:8443/v1", "https://generativelanguage.googleapis.com:8443"),
        ("https://generativelanguage.googleapis.com.test/v1", "https://generativelanguage.googleapis.com.test"),
        ("https://generativelanguage.googleapis.com@127.0.0.1/v1", "https://127.0.0.1"),
        ("http://127.0.0.1:9480/v1?key=secret", "http://127.0.0.1:9480"),
    ],
)
@pytest.mark.parametrize("provenance", [LIVE, PUBLISHED], ids=["live", "published"])
def test_only_the_real_host_is_the_service(tmp_path: Path, url: str, origin: str, provenance: Provenance) -> None:
    """A live or published recording has no other address than the service's, even if it looks similar."""
    with pytest.raises(RecordingError) as error:
        save(recording(provenance, url), tmp_path / "sample.yaml")

    assert str(error.value) == (
        f"sample.yaml, exchange 1: url is at {origin}; "
        f"a {provenance.kind} recording can only have answers of https://generativelanguage.googleapis.com"
    )


EDITS: dict[str, Callable[[dict[str, Any]], object]] = {
    "answer": lambda value: value["responses"][0]["response"].update(body="{}\n"),
    "request": lambda value: value["responses"][0]["response"].update(url=f"{URL}?pageSize=1"),
    "timing": lambda value: value["responses"][0]["timing"].update(elapsed=9.0),
    "day": lambda value: value["contract"]["provenance"].update(captured="2026-11-23"),
    "kind": lambda value: value["contract"]["provenance"].update(kind="hand-written"),
}


FIXES = {
    "live": "the file was edited: record it again, or change its kind to hand-written and remove the digest",
    "published": "check the edit, then write the file with save(), which computes it",
    "hand-written": "remove it, or write the file with save()",
}


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("provenance", [LIVE, PUBLISHED], ids=["live", "published"])
def test_edited_file_is_refused(tmp_path: Path, name: str, provenance: Provenance) -> None:
    """A file that was edited by hand is no longer a recording. The error says what to do."""
    path = tmp_path / "sample.yaml"
    save(recording(provenance), path)
    value = yaml.safe_load(path.read_text(encoding="utf-8"))
    EDITS[name](value)
    path.write_text(yaml.safe_dump(value), encoding="utf-8")
    with pytest.raises(RecordingError, match=r"sha256 is '\w{64}' and not '\w{64}'; ") as error:
        load(path)

    assert (error.value.file, error.value.field) == ("sample.yaml", "contract.provenance.sha256")
    assert error.value.fix == FIXES[value["contract"]["provenance"]["kind"]]


def test_layout_is_no_edit(tmp_path: Path) -> None:
    """The same YAML in another layout is the same recording."""
    path = tmp_path / "sample.yaml"
    save(recording(LIVE), path)
    value = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text("# as it was\n" + yaml.safe_dump(value), encoding="utf-8")

    assert load(path) == recording(LIVE)


def test_changed_live_recording_is_refused(tmp_path: Path) -> None:
    """A live recording that was changed in memory cannot be saved as a live one."""
    changed = replace(recording(LIVE), name="other")

    with pytest.raises(RecordingError, match=r"sha256 is '\w+' and not '\w+'; the file was edited: record it again"):
        save(changed, tmp_path / "other.yaml")
