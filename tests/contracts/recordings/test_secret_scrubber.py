"""Tests that no secret of an exchange gets into a file, and that the scan finds secrets in files."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tunedmodels_contracts.recordings import (
    Exchange,
    Provenance,
    ReceivedResponse,
    Recording,
    RecordingError,
    Scrubber,
    SentRequest,
    file_format,
    load,
    save,
    scan,
)
from tunedmodels_contracts.strict_yaml import reader

URL = "https://generativelanguage.googleapis.com/v1beta/tunedModels"
JSON = ("Content-Type", "application/json")

mixed = "abcdefghijkmnopqrstuvwxyzABCDEFGHIJKLMNPQRSTUVWXYZ0123456789"
tails = st.text(mixed + "-_", min_size=20, max_size=40)
# Each of these has the form of a secret.
recognizable = st.one_of(
    tails.map("AIza{}".format),
    tails.map("AQ.{}".format),
    tails.map("ya29.{}".format),
    tails.map("GOCSPX-{}".format),
    tails.map("1//{}".format),
    st.tuples(tails, tails, tails).map(lambda parts: "eyJ{}.{}.{}".format(*parts)),
    st.tuples(st.text("abcdefghij", min_size=3), st.text("klmnop", min_size=3)).map("{0[0]}@{0[1]}.de".format),
    st.integers(2 * 10**11, 9 * 10**11).map("projects/{}".format),
    st.tuples(st.text("abc", min_size=3), st.text("xyz", min_size=6)).map(
        "{0[0]}@{0[1]}.iam.gserviceaccount.com".format
    ),
)
# These are secrets only because of their place.
inconspicuous = st.text(mixed + "\"'\\/+=%&# .~", min_size=8, max_size=30).filter(lambda text: text == text.strip())


def spellings_of(secret: str) -> list[str]:
    """Return the ways in which a text can have the secret."""
    return [secret, quote(secret, safe=""), quote(secret), json.dumps(secret)[1:-1]]


def in_places(secret: str) -> list[Exchange]:
    """Return exchanges that have the secret, each in another place."""
    quoted, dumped = quote(secret, safe=""), json.dumps(secret)
    escaped = '"' + "".join(f"\\u{ord(character):04x}" for character in secret) + '"'
    stream = (("Content-Type", "text/event-stream"),)
    form = (("Content-Type", "application/x-www-form-urlencoded"),)

    def describe_request(url: str = URL, headers: tuple[tuple[str, str], ...] = (), body: str = "") -> Exchange:
        return Exchange(SentRequest("POST", url, headers, body.encode()), ReceivedResponse(200, "OK", (JSON,), b"{}"))

    def response_exchange(body: str, headers: tuple[tuple[str, str], ...] = (JSON,)) -> Exchange:
        return Exchange(SentRequest("GET", URL), ReceivedResponse(200, "OK", headers, body.encode()))

    return [
        describe_request(f"{URL}/{quoted}/permissions"),
        describe_request(f"{URL}?filter={quoted}&pageSize=2"),
        describe_request(headers=(("X-Sample", secret),)),
        describe_request(body=json.dumps({"contents": [{"parts": [{"text": f"it is {secret} indeed"}]}]}, indent=2)),
        describe_request(headers=form, body=f"grant_type=x&sample={quoted}"),
        response_exchange(f'{{\n  "text": {dumped}\n}}\n'),
        response_exchange(f'{{"text": {escaped}}}'),
        response_exchange(json.dumps({"text": json.dumps({"text": secret})})),
        response_exchange(f'data: {{"text": {dumped}}}\r\n\r\ndata: {{"done": true}}\r\n\r\n', stream),
        response_exchange(f'[{{"text": {dumped}}}\n,\r\n{{}}]'),
        response_exchange("{}", (JSON, ("X-Sample", secret))),
        response_exchange(f"\xff\x00 {secret} \xff", (("Content-Type", "application/octet-stream"),)),
    ]


PLACES = len(in_places(""))


def write_scrubbed(exchanges: list[Exchange], folder: Path, scrubber: Scrubber) -> str:
    """Scrub the exchanges, and return the text of their file."""
    provenance = Provenance("hand-written", "this test", scrubbed=scrubber.kinds)
    save(Recording("sample", provenance, scrubber.scrub(exchanges)), folder / "sample.yaml")
    load(folder / "sample.yaml")
    return (folder / "sample.yaml").read_text(encoding="utf-8")


PROVENANCE = Provenance("hand-written", "this test", date(2026, 11, 22))
SKELETON = reader.write(file_format.document("sample", PROVENANCE, in_places(""), {"id": ""})) + "body_base64"


@settings(max_examples=60)
@given(recognizable, st.integers(0, PLACES - 1))
def test_recognizable_secret_is_scrubbed(tmp_path_factory: pytest.TempPathFactory, secret: str, place: int) -> None:
    """A text with the form of a secret is not written, even if it is in only one place."""
    text = write_scrubbed([in_places(secret)[place]], tmp_path_factory.mktemp("scrubbed"), Scrubber())

    assert [each for each in spellings_of(secret) if each in text] == []


@settings(max_examples=60)
@given(
    inconspicuous,
    st.integers(0, PLACES - 1),
    st.sampled_from(["authorization", "x-goog-api-key", "key", "access_token", "cookie", "member", "argument"]),
)
def test_secret_is_scrubbed_in_all_places(
    tmp_path_factory: pytest.TempPathFactory, secret: str, place: int, where: str
) -> None:
    """A text that is a secret because of one place is not written in any other place, either."""
    headers: tuple[tuple[str, str], ...] = ()
    url, body, scrubber = URL, b"", Scrubber()
    if where == "argument":
        scrubber = Scrubber([secret])
    elif where == "member":
        body = json.dumps({"access_token": secret}).encode()
    elif where == "cookie":
        secret = secret.replace(";", "")
        headers = (("Cookie", f"a={secret}; b=1"),)
    elif where in ("key", "access_token"):
        url = f"{URL}?alt=sse&{where}={quote(secret, safe='')}"
    else:
        headers = ((where, secret),)
    assume(secret not in SKELETON)
    first = Exchange(SentRequest("POST", url, headers, body), ReceivedResponse(200, "OK", (JSON,), b"{}"))
    text = write_scrubbed([in_places(secret)[place], first], tmp_path_factory.mktemp("scrubbed"), scrubber)

    assert [each for each in spellings_of(secret) if each in text] == []


def scrub(text: str) -> str:
    return Scrubber().scrub_text(text)


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ('{"access_token": "abc", "expires_in": 3599}', '{"access_token": "scrubbed-token-1", "expires_in": 3599}'),
        ('{"api_key": "a\\"b\'c"}', '{"api_key": "scrubbed-api-key-1"}'),
        ("a=x&assertion=abc&refresh_token=de", "a=x&assertion=scrubbed-token-1&refresh_token=scrubbed-token-2"),
        ("https://h/v1?key=abc&alt=sse", "https://h/v1?key=scrubbed-api-key-1&alt=sse"),
        ("https://h/v1?%24alt=json&key=a%2Fb#x", "https://h/v1?%24alt=json&key=scrubbed-api-key-1#x"),
        ('"emailAddress": "me@corp.de"', '"emailAddress": "scrubbed-email-1@example.com"'),
        ("/me%40corp.de/", "/scrubbed-email-1@example.com/"),
        ("has not been used in project 123456789012 before", "has not been used in project 100000000001 before"),
        ('"consumer": "projects/123456789012"', '"consumer": "projects/100000000001"'),
        (
            '"readerProjectNumbers": ["123456789", "2234567"]',
            '"readerProjectNumbers": ["100000000001", "100000000002"]',
        ),
        ('"projectNumber": 123456789', '"projectNumber": 100000000001'),
        ("tunedModels/m/permissions/112286092137849817462", "tunedModels/m/permissions/100000000000000000001"),
        ("permission of 112286092137849817462.", "permission of 100000000000000000001."),
        ("IP address of the call (203.0.113.7) violates", "IP address of the call (scrubbed-address-1) violates"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n", "scrubbed-private-key-1\n"),
        ("87071151422-n1a3cb6c7f.apps.googleusercontent.com", "scrubbed-client-id-1"),
        ("code=4/0AeaYSHBKrY911S466QjKQ&scope=x", "code=scrubbed-token-1&scope=x"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic scrubbed-token-1"),
        ("x-goog-user-project: mine", "x-goog-user-project: scrubbed-project-1"),
    ],
)
def test_placeholder_replaces_a_secret(text: str, scrubbed: str) -> None:
    """A placeholder names the kind of the secret, is valid in its place, and changes nothing around it."""
    assert scrub(text) == scrubbed


@pytest.mark.parametrize(
    "text",
    [
        '{"@type": "type.googleapis.com/google.ai.generativelanguage.v1beta.CreateTunedModelMetadata"}',
        '{"computeTime": "2024-03-14T15:11:23.766989274Z", "nextPageToken": "Cg8KDQ", "done": true}',
        '{"parts": [{"text": "the key = value; token: a, password"}]}',
        'Bearer realm="https://accounts.google.com/", error="invalid_token"',
        "somebody@example.com and person@corp.test",
    ],
)
def test_other_text_is_not_scrubbed(text: str) -> None:
    """Words, names and times of the service are no secrets, for the scrubber and for the scan."""
    assert scrub(text) == text
    assert scan(text) == []


def test_secret_has_the_same_placeholder_everywhere() -> None:
    """A secret has one placeholder in all exchanges, so a reader can still tell two secrets apart."""
    scrubber = Scrubber()
    (one, two) = scrubber.scrub(
        [
            Exchange(SentRequest("GET", URL, (("Authorization", "Bearer first-of-all"),)), ReceivedResponse(200)),
            Exchange(
                SentRequest("GET", URL, (("authorization", "Bearer second-one"), ("X-Was", "first-of-all"))),
                ReceivedResponse(200, body=b'{"a": "me@corp.de", "b": "you@corp.de", "c": "me@corp.de"}'),
            ),
        ]
    )

    assert one.request.headers == (("Authorization", "Bearer scrubbed-token-1"),)
    assert two.request.headers == (("authorization", "Bearer scrubbed-token-2"), ("X-Was", "scrubbed-token-1"))
    assert [value.split("@")[0] for value in json.loads(two.response.body).values()] == [
        "scrubbed-email-1",
        "scrubbed-email-2",
        "scrubbed-email-1",
    ]
    assert scrubber.kinds == ("email", "token")


def test_only_the_value_of_a_cookie_is_scrubbed() -> None:
    """The name and the attributes of a cookie stay."""
    received = ReceivedResponse(
        200, headers=(("Set-Cookie", "NID=511=abc_def; expires=Fri; path=/"), ("set-cookie", "b=2"))
    )
    (one,) = Scrubber().scrub([Exchange(SentRequest("GET", URL, (("Cookie", "NID=511=abc_def; b=2"),)), received)])

    assert one.request.headers == (("Cookie", "NID=scrubbed-cookie-1; b=scrubbed-cookie-2"),)
    assert one.response.headers == (
        ("Set-Cookie", "NID=scrubbed-cookie-1; expires=Fri; path=/"),
        ("set-cookie", "b=scrubbed-cookie-2"),
    )


@given(st.binary(max_size=200))
def test_body_without_secrets_is_unchanged(body: bytes) -> None:
    """A body without a secret stays the same to the byte."""
    (one,) = Scrubber().scrub([Exchange(SentRequest("GET", URL), ReceivedResponse(200, body=body))])

    assert one.response.body == body or "scrubbed-" in one.response.body.decode("latin-1")


def test_scrubbing_twice_changes_nothing() -> None:
    """The scrubber changes no placeholder."""
    once = Scrubber().scrub(in_places("AIza0123456789abcdefXYZ me@corp.de projects/123456789"))

    assert Scrubber().scrub(once) == once


def test_short_secret_is_refused() -> None:
    """A secret of two letters would occur in all texts."""
    with pytest.raises(ValueError, match="a secret needs 6 characters or more"):
        Scrubber(["ab"])


LEAKS = {
    "in a comment": "# AIza0123456789abcdef\na: b\n",
    "in a key": "AIza0123456789abcdef: b\n",
    "with escapes of YAML": 'a: "AI\\x7aa0123456789abcdef"\n',
    "with escapes of JSON": 'a: \'{"b": "AI\\u007aa0123456789abcdef"}\'\n',
    "in a URL": "url: https://h/%41%49za0123456789abcdef\n",
    "in base64": "body_base64: QUl6YTAxMjM0NTY3ODlhYmNkZWY=\n",
    "in a header": "headers:\n  Authorization: Bearer letmein\n",
    "in a list of headers": "headers:\n- - X-Goog-Api-Key\n  - letmein\n",
    "in no YAML": "a: [ AIza0123456789abcdef\n",
    "by chance": "a: q7Rk2Lm9Xw4Tz8Bv3Nc6Hj1Pd5Gf0Sy\n",
}


@pytest.mark.parametrize("name", LEAKS)
def test_scan_finds_a_secret(name: str) -> None:
    """The scan of a file finds secrets in each place and encoding, and does not show them."""
    leaks = scan(LEAKS[name])

    assert leaks
    assert not [leak for leak in leaks if re.search(r"\w{13}|letmein", leak.excerpt)]


@pytest.mark.parametrize("name", ["in a URL", "in a header"])
def test_leak_has_a_place(name: str) -> None:
    """A leak names the field with the secret."""
    assert {leak.place for leak in scan(LEAKS[name])} & {"url", "headers.Authorization"}


def test_recording_with_a_secret_is_not_written(tmp_path: Path) -> None:
    """A recording of any kind is not written if a text in it looks like a secret."""
    body = b'{"text": "AIza0123456789abcdef"}'
    leaking = Recording(
        "sample",
        Provenance("hand-written", "this test"),
        (Exchange(SentRequest("GET", URL), ReceivedResponse(200, "OK", (JSON,), body)),),
    )
    with pytest.raises(RecordingError) as error:
        save(leaking, tmp_path / "sample.yaml")

    assert str(error.value) == (
        "sample.yaml: line 27 looks like a secret (api-key), and so do 1 more; "
        "pass it in secrets= when recording, or remove it and change the kind to hand-written"
    )
    assert list(tmp_path.iterdir()) == []


def test_live_file_with_a_secret_is_not_read(tmp_path: Path) -> None:
    """A secret in a comment is refused, although a comment does not change the digest."""
    path = tmp_path / "sample.yaml"
    answer = Exchange(SentRequest("GET", URL), ReceivedResponse(200, "OK", (JSON,), b"{}"))
    save(Recording("sample", Provenance("live", "a run", date(2026, 11, 22)), (answer,)).with_digest(), path)
    path.write_text(path.read_text(encoding="utf-8") + "# ya29.a0AfH6SMBx\n", encoding="utf-8")

    with pytest.raises(RecordingError, match=r"^sample\.yaml: line 31 looks like a secret \(token\); pass it"):
        load(path)
