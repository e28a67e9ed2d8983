"""Tests the file of a recording: what it keeps, how the library ``responses`` reads it, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
import yaml  # type: ignore[import-untyped, unused-ignore]  # its types are a distribution of their own
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tunedmodels_contracts import recordings
from tunedmodels_contracts.recordings import (
    Exchange,
    Provenance,
    ReceivedResponse,
    Recording,
    RecordingError,
    SentRequest,
    check,
    load,
    save,
)
from tunedmodels_contracts.strict_yaml import reader as yaml_text
from tunedmodels_contracts.strict_yaml.reader import read

URL = "https://generativelanguage.googleapis.com/v1beta/tunedModels"
JSON = ("Content-Type", "application/json; charset=UTF-8")
PRETTY = b'{\n  "name": "tunedModels/m",\n  "displayName": "\xe5\x85\xad"\n}\n'
PUBLISHED = Path(recordings.__file__).parent / "published"

tokens = st.text("abcdefghij-ABCDEFGHIJ", min_size=1, max_size=12)
words = st.text(st.characters(codec="latin-1", exclude_categories=["C", "Z"]), max_size=12)
headers = st.lists(st.tuples(tokens, words), max_size=4).map(tuple)
texts = st.text(st.characters(codec="utf-8") | st.sampled_from("\n\r \t:#-'\"\x85\u2028\ufeff"), max_size=60)
bodies = texts.map(str.encode) | st.binary(max_size=30)
seconds = st.floats(0, 1e9)
exchanges = st.builds(
    Exchange,
    st.builds(SentRequest, st.sampled_from(["GET", "POST", "DELETE"]), tokens.map(f"{URL}/".__add__), headers, bodies),
    st.builds(ReceivedResponse, st.integers(200, 299), words, headers, bodies, st.sampled_from(["", "gzip"])),
    seconds,
    seconds,
)


def exchange(body: bytes = PRETTY, **changes: Any) -> Exchange:
    return Exchange(SentRequest("GET", URL), ReceivedResponse(200, "OK", (JSON,), body), **changes)


def by_hand(*recorded: Exchange, **changes: Any) -> Recording:
    provenance = Provenance("hand-written", "this test")
    return Recording("sample", replace(provenance, **changes), recorded or (exchange(),))


def edit_file(path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """Edit the recording at *path* as with an editor, and return *path*."""
    value = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(value)
    path.write_text(yaml.safe_dump(value), encoding="utf-8")
    return path


@settings(max_examples=50)
@given(st.lists(exchanges, min_size=1, max_size=4).map(tuple))
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, recorded: tuple[Exchange, ...]) -> None:
    """The file keeps each exchange to the byte."""
    path = tmp_path_factory.mktemp("recordings") / "sample.yaml"
    recording = by_hand(*recorded).with_digest()
    try:
        save(recording, path)
    except RecordingError as error:
        assume("looks like a secret" not in str(error))
        raise

    assert load(path) == recording


@settings(max_examples=30)
@given(bodies, words)
def test_responses_reads_the_file(tmp_path_factory: pytest.TempPathFactory, body: bytes, value: str) -> None:
    """The loader of ``responses`` reads the file, and its mock answers with the status, body and headers."""
    path = tmp_path_factory.mktemp("recordings") / "sample.yaml"
    headers = (JSON, ("Vary", "Origin"), ("X-Sample", value.strip()), ("Vary", "Referer"))
    save(by_hand(Exchange(SentRequest("GET", f"{URL}?pageSize=2"), ReceivedResponse(404, "", headers, body))), path)
    with responses.RequestsMock() as mock:
        mock._add_from_file(path)
        answer = requests.get(f"{URL}?pageSize=2", timeout=1)

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == JSON[1]
    assert answer.headers["Vary"] == "Origin, Referer"
    text = "body_base64" not in path.read_text(encoding="utf-8")
    assert answer.content == (body if text else b"")


@given(texts)
def test_both_yaml_loaders_read_the_same(text: str) -> None:
    """libyaml's loader and the one in Python, which ``responses`` uses, both return the text of any body."""
    written = yaml_text.write({"body": [text]})

    assert yaml.safe_load(written) == {"body": [text]}
    assert read(written, "sample") == {"body": [text]}


def test_pretty_printed_body_is_readable_in_the_file(tmp_path: Path) -> None:
    """The file has each line of a pretty-printed body on a line of its own."""
    save(by_hand(), tmp_path / "sample.yaml")

    lines = (tmp_path / "sample.yaml").read_text(encoding="utf-8").splitlines()
    begin = lines.index("    body: |")
    assert lines[begin + 1 : begin + 5] == [f"      {line}" for line in PRETTY.decode().splitlines()]


def test_binary_body_is_base64(tmp_path: Path) -> None:
    """The file has a binary body as base64, beside an empty body for ``responses``."""
    save(by_hand(exchange(b"\x89PNG\xff")), tmp_path / "sample.yaml")

    assert "body_base64: iVBOR/8=" in (tmp_path / "sample.yaml").read_text(encoding="utf-8")
    assert load(tmp_path / "sample.yaml").exchanges[0].response.body == b"\x89PNG\xff"


def test_refused_recording_replaces_no_file(tmp_path: Path) -> None:
    """A recording that is refused replaces no file, and leaves no other file behind."""
    path = tmp_path / "sample.yaml"
    save(by_hand(), path)
    before = path.read_bytes()
    with pytest.raises(RecordingError):
        save(by_hand(exchange(b'"AIza0123456789abcdef"')), path)

    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_hand_written_file_needs_no_digest(tmp_path: Path) -> None:
    """A file that is written by hand needs neither a digest nor a reason phrase."""
    path = tmp_path / "sample.yaml"
    save(by_hand(), path)
    edit_file(
        path,
        lambda value: (value["contract"]["provenance"].pop("sha256"), value["responses"][0]["response"].pop("reason")),
    )

    assert load(path).exchanges[0].response == ReceivedResponse(200, "", (JSON,), PRETTY)


REFUSED: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "newer format": (
        lambda value: value["contract"].update(format=2),
        "sample.yaml: contract.format is 2, and this release reads 1; use a newer release of tunedmodels",
    ),
    "a file of the recorder of responses": (
        lambda value: value.pop("contract"),
        "sample.yaml: contract is missing; it has to be a mapping",
    ),
    "unknown field": (
        lambda value: value["contract"]["provenance"].update(colour="red"),
        "sample.yaml: contract.provenance.colour is not a field of this file; remove it, or correct its name",
    ),
    "missing field": (
        lambda value: value["responses"][0]["response"].pop("status"),
        "sample.yaml: responses.1.response.status is missing; it has to be a whole number",
    ),
    "wrong type": (
        lambda value: value["responses"][0]["response"].update(status="200"),
        "sample.yaml: responses.1.response.status is a text; it has to be a whole number",
    ),
    "a status that is true": (
        lambda value: value["responses"][0]["response"].update(status=True),
        "sample.yaml: responses.1.response.status is True; it has to be a whole number",
    ),
    "no day": (
        lambda value: value["contract"]["provenance"].update(captured="last spring"),
        "sample.yaml: contract.provenance.captured is 'last spring'; it has to be a day, as '2024-03-14'",
    ),
    "time before the first request": (
        lambda value: value["responses"][0]["timing"].update(at=-1),
        "sample.yaml: responses.1.timing.at is -1.0; it has to be a number of seconds, 0 or more",
    ),
    "nothing recorded": (
        lambda value: value.update(responses=[]),
        "sample.yaml: responses is empty; a recording without answers proves nothing: delete it",
    ),
    "bad name": (
        lambda value: value["contract"].update(name="../sample"),
        "sample.yaml: contract.name is '../sample'; it has to be lower-case letters and digits, joined by - and .",
    ),
    "a variable in no request": (
        lambda value: value["contract"].update(variables={"id": "nowhere"}),
        "sample.yaml: contract.variables.id is 'nowhere', which is in no request; remove it",
    ),
    "a short variable": (
        lambda value: value["contract"].update(variables={"id": "v1"}),
        "sample.yaml: contract.variables.id is 'v1'; use 4 characters or more: a shorter text also occurs in "
        "other places",
    ),
    "a contradiction": (
        lambda value: value["responses"][0]["response"].update(body_base64="aGk="),
        "sample.yaml: responses.1.response.body differs from its other form in the file; the library responses "
        "reads it, and it must agree with `body_base64`: change both",
    ),
    "no base64": (
        lambda value: value["responses"][0]["response"].update(body="", body_base64="?"),
        "sample.yaml: responses.1.response.body_base64 is not base64; record it again",
    ),
    "a compressed body": (
        lambda value: value["responses"][0]["response"].update(headers={"Content-Encoding": "gzip"}),
        "sample.yaml: responses.1.response has a body in 'gzip', which hides secrets; store the body decoded",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_invalid_file_is_refused(tmp_path: Path, name: str) -> None:
    """The error names the file, the field and its value, and says what to do."""
    change, sentence = REFUSED[name]
    path = tmp_path / "sample.yaml"
    save(by_hand(), path)
    edit_file(path, lambda value: (value["contract"]["provenance"].pop("sha256"), change(value)))
    with pytest.raises(RecordingError) as error:
        load(path)

    assert str(error.value) == sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: 1\na: 2\n", "sample.yaml: the file has 'a' twice in line 2; keep one of the two"),
        ("a: &x 1\n", "sample.yaml: the file has an anchor or alias in line 1; write the value out"),
        ("a: !!python/name:os.system x\n", "sample.yaml: the file has a tag in line 1; remove the tag"),
        ("<<: {a: 1}\n", "sample.yaml: the file has a value of an odd type in line 1; quote it"),
        ("1: a\n", "sample.yaml: the file has a key that is not a text in line 1; quote it"),
        ("a: 0b_\n", "sample.yaml: the file has an invalid number; quote it if it is a text"),
        ("[" * 13 + "]" * 13, "sample.yaml: the file nests deeper than 12 levels in line 1; flatten it"),
        ("", "sample.yaml: the file is null; it has to be a mapping"),
        ("[]", "sample.yaml: the file is a list; it has to be a mapping"),
    ],
)
def test_misleading_yaml_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    """YAML that means something else than a reader sees, or that nests deeply, is refused."""
    (tmp_path / "sample.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(RecordingError) as error:
        load(tmp_path / "sample.yaml")

    assert str(error.value) == sentence


@pytest.mark.parametrize("text", ["a: [", "- a: 'b\n", "a: b: c", "a\x00b", "--- 1\n--- 2\n", "[" * 200_000])
def test_broken_yaml_is_refused(tmp_path: Path, text: str) -> None:
    """A file that is no YAML is refused with an error of recordings, which does not show its text."""
    (tmp_path / "sample.yaml").write_text(text, encoding="utf-8")

    with pytest.raises(RecordingError, match=r"^sample\.yaml: the file (is not YAML|nests deeper)"):
        load(tmp_path / "sample.yaml")


def test_long_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file above the limit is not read."""
    save(by_hand(), tmp_path / "sample.yaml")
    monkeypatch.setattr(yaml_text, "LIMIT", 100)

    with pytest.raises(RecordingError, match=r"^sample\.yaml: the file has \d+ bytes; split it$"):
        load(tmp_path / "sample.yaml")


def test_binary_file_is_refused(tmp_path: Path) -> None:
    """A file that is not UTF-8 is no recording."""
    (tmp_path / "sample.yaml").write_bytes(b"a: \xff\n")

    with pytest.raises(RecordingError, match=r"^sample\.yaml: the file is not UTF-8; record it again$"):
        load(tmp_path / "sample.yaml")


@pytest.mark.parametrize("path", sorted(PUBLISHED.glob("*.yaml")), ids=lambda path: path.stem)
def test_published_recording_is_what_save_writes(path: Path, tmp_path: Path) -> None:
    """Each has its provenance, ``responses`` reads it, and ``save`` writes the same bytes."""
    recording = load(path)
    save(recording, tmp_path / path.name)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock._add_from_file(path)
        (one,) = recording.exchanges
        answer = requests.request(one.request.method, one.request.url, timeout=1)

    assert (tmp_path / path.name).read_bytes() == path.read_bytes()
    assert answer.content == one.response.body
    assert recording.provenance.kind == "published"
    assert recording.provenance.captured == date(2024, 3, 14)
    assert recording.provenance.licence == "Apache-2.0"


def test_published_create_has_the_bytes_that_curl_counted() -> None:
    """On the page curl says that it sent 1,984 bytes and received 296, so the transcript is verbatim."""
    (created,) = load(PUBLISHED / "tutorial.create-by-curl.yaml").exchanges

    assert (len(created.request.body), len(created.response.body)) == (1984, 296)
    assert json.loads(created.response.body)["metadata"]["totalSteps"] == 38


def test_published_fragment() -> None:
    """The page has one line of the last poll, and the recording has only its members."""
    recording = load(PUBLISHED / "tutorial.last-poll.yaml")
    metadata = json.loads(recording.exchanges[0].response.body)["metadata"]
    line = f"{metadata['completedPercent']:.2f}% - {metadata['snapshots'][-1]}"

    assert recording.provenance.transcription == "elided"
    assert line in recording.provenance.note
    assert set(metadata) == {"completedPercent", "snapshots"}


def test_check_names_every_problem(tmp_path: Path) -> None:
    """The check reports unused files, edits, secrets, files that are no recording, and drafts."""
    save(by_hand(), tmp_path / "sample.yaml")
    save(by_hand(), tmp_path / "other.yaml")
    edit_file(
        tmp_path / "other.yaml", lambda value: value["responses"][0]["response"].update(body="AIza0123456789abcdef")
    )
    (tmp_path / "broken.yaml").write_text("[]", encoding="utf-8")
    (tmp_path / "binary.yaml").write_bytes(b"\xff")
    (tmp_path / "first.draft").write_text("", encoding="utf-8")
    texts = [problem.text for problem in check(tmp_path, names={"used"})]

    assert [text.split(" is '")[0] for text in texts] == [
        "binary.yaml: the file is not UTF-8; record it again",
        "broken.yaml: the file is a list; it has to be a mapping",
        "first.draft: the file ends in .draft; recordings end in .yaml: rename it, or delete it",
        "other.yaml: contract.provenance.sha256",
        "other.yaml: line 22 looks like a secret (api-key): AIza… (20 characters); remove it",
        "other.yaml: responses.1.response.body looks like a secret (api-key): AIza… (20 characters); remove it",
        "other.yaml: the file contains the recording 'sample'; rename it to sample.yaml",
        "other.yaml: the file is not in use; delete it, or use it",
        "sample.yaml: the file is not in use; delete it, or use it",
    ]


def test_check_of_an_empty_folder(tmp_path: Path) -> None:
    """A folder without recordings is a problem."""
    texts = [problem.text.split(": ")[1] for problem in check(tmp_path)]

    assert texts == ["the folder has no recordings; look in another"]
