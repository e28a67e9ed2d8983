"""Where a recording says it comes from: what it may say, and what is refused."""

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
def test_three_kinds(tmp_path: Path, provenance: Provenance) -> None:
    """A recording is live, published or hand-written, and all that it says of itself is kept."""
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
    "a published stand-in": (
        recording(replace(PUBLISHED, stand_in=True)),
        "contract.provenance.stand_in is true and kind is 'published'; the answers of a stand-in count as hand-written",
    ),
    "live, no day": (
        recording(replace(LIVE, captured=None)),
        "contract.provenance.captured is missing; say on which day the service answered, as '2024-03-14'",
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
    "live, guessed": (
        recording(replace(LIVE, guessed=("status",))),
        "contract.provenance.guessed names status; in a live recording nothing is guessed",
    ),
    "published, nothing guessed": (
        recording(replace(PUBLISHED, guessed=())),
        "contract.provenance.guessed is empty; name what the source does not show: status, headers, …",
    ),
    "published, transcribed somehow": (
        recording(replace(PUBLISHED, transcription="")),
        "contract.provenance.transcription is missing; it is verbatim, from-repr or elided",
    ),
    "transcribed oddly": (
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
def test_refused(tmp_path: Path, name: str) -> None:
    """What a recording may not say of itself is not written, and the sentence tells why."""
    refused, sentence = REFUSED[name]
    with pytest.raises(RecordingError) as caught:
        save(refused, tmp_path / "sample.yaml")

    assert str(caught.value) == f"sample.yaml: {sentence}"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://generativelanguage.googleapis.com/v1", "http://generativelanguage.googleapis.com"),
        ("https://generativelanguage.googleapis.com:8443/v1", "https://generativelanguage.googleapis.com:8443"),
        ("https://generativelanguage.googleapis.com.test/v1", "https://generativelanguage.googleapis.com.test"),
        ("https://generativelanguage.googleapis.com@127.0.0.1/v1", "https://127.0.0.1"),
        ("http://127.0.0.1:9480/v1?key=secret", "http://127.0.0.1:9480"),
    ],
)
@pytest.mark.parametrize("provenance", [LIVE, PUBLISHED], ids=["live", "published"])
def test_only_the_real_host_is_the_service(tmp_path: Path, url: str, shown: str, provenance: Provenance) -> None:
    """An address that is not the service's, whatever it looks like, is in no live or published recording."""
    with pytest.raises(RecordingError) as caught:
        save(recording(provenance, url), tmp_path / "sample.yaml")

    assert str(caught.value) == (
        f"sample.yaml, exchange 1: url is at {shown}; "
        f"a {provenance.kind} recording can only have answers of https://generativelanguage.googleapis.com"
    )


def change_answer(value: dict[str, Any]) -> None:
    value["responses"][0]["response"]["body"] = "{}\n"


def change_request(value: dict[str, Any]) -> None:
    value["responses"][0]["response"]["url"] += "?pageSize=1"


def change_timing(value: dict[str, Any]) -> None:
    value["responses"][0]["timing"]["elapsed"] = 9.0


def change_day(value: dict[str, Any]) -> None:
    value["contract"]["provenance"]["captured"] = "2026-11-23"


def change_kind(value: dict[str, Any]) -> None:
    value["contract"]["provenance"]["kind"] = "hand-written"


@pytest.mark.parametrize("change", [change_answer, change_request, change_timing, change_day, change_kind])
@pytest.mark.parametrize("provenance", [LIVE, PUBLISHED], ids=["live", "published"])
def test_an_edit_is_noticed(tmp_path: Path, change: Callable[[dict[str, Any]], None], provenance: Provenance) -> None:
    """A file that was edited by hand is not what was recorded any more, whatever the edit was."""
    path = tmp_path / "sample.yaml"
    save(recording(provenance), path)
    value = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(value)
    path.write_text(yaml.safe_dump(value), encoding="utf-8")

    with pytest.raises(
        RecordingError, match=r"^sample\.yaml: contract\.provenance\.sha256 is '\w{64}' and not '\w{64}'; "
    ):
        load(path)


def test_an_edited_live_file_says_what_to_do(tmp_path: Path) -> None:
    """The sentence tells the two ways out: record it again, or call it what it is."""
    path = tmp_path / "sample.yaml"
    save(recording(LIVE), path)
    path.write_text(
        path.read_text(encoding="utf-8").replace('"tunedModels": []', '"tunedModels": [1]'), encoding="utf-8"
    )
    with pytest.raises(RecordingError) as caught:
        load(path)

    assert caught.value.file == "sample.yaml"
    assert caught.value.field == "contract.provenance.sha256"
    assert (
        caught.value.fix
        == "the file was edited: record it again, or change its kind to hand-written and remove the digest"
    )


def test_layout_is_no_edit(tmp_path: Path) -> None:
    """Another layout of the same YAML is the same recording."""
    path = tmp_path / "sample.yaml"
    save(recording(LIVE), path)
    value = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text("# as it was\n" + yaml.safe_dump(value), encoding="utf-8")

    assert load(path) == recording(LIVE)


def test_live_is_not_sealed_anew(tmp_path: Path) -> None:
    """Changing a live recording in memory and saving it does not make it live again."""
    changed = replace(recording(LIVE), name="other")

    with pytest.raises(RecordingError, match=r"sha256 is '\w+' and not '\w+'; the file was edited: record it again"):
        save(changed, tmp_path / "other.yaml")


def test_fragment() -> None:
    """What was elided is a fragment; laws of whole answers cannot be asked of it."""
    assert [replace(PUBLISHED, transcription=each).is_fragment for each in ("verbatim", "from-repr", "elided")] == [
        False,
        False,
        True,
    ]
