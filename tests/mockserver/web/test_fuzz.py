"""Tests that every request gets a well-formed answer, and never the answer for a bug of the mock server.

Each route gets random bytes, random JSON, and requests with the right names and odd values, under each of its versions;
so do the admin surface and the discovery document. The environment variable ``TUNEDMODELS_FUZZ_EXAMPLES`` is the number
of requests for each route. The default is small enough for every run; some thousands find more.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tunedmodels_mockserver import ManualClock, Settings, create_app
from tunedmodels_mockserver.core.callers import grants, signing
from tunedmodels_mockserver.core.callers.token_endpoint import JWT_BEARER
from tunedmodels_mockserver.web.routes import Route, routes
from tunedmodels_mockserver.wire.status import Code
from tunedmodels_mockserver.wire.surface import Field, Message, Surface, surface_of

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import TestResponse

EXAMPLES = int(os.environ.get("TUNEDMODELS_FUZZ_EXAMPLES", "8"))
START = 1_710_409_530_123_456_000

# -- Odd values ----------------------------------------------------------------------------------------------

ODD_TEXT = st.text(max_size=50) | st.sampled_from(
    (
        *("", " ", "a", "A-b_c", "me@example.com", "EVERYONE", "七" * 14, "\0", "<&>\u2028", "a" * 5_001),
        *("tunedModels/a", "models/gemini-1.0-pro-001", "a,b", "*", "role"),
        *("2024-03-14T12:00:00.5Z", "1.5s", "NaN", "1e9", "-1", "true", "9" * 30),
        *("x" * 100_000, "9" * 5_000, "9" * 100_000 + "x", f"-0.{'0' * 5_000}1", "1e" + "9" * 5_000, " " * 20_000),
    )
)
ODD_NUMBERS = (
    st.sampled_from(
        [
            *(0, 1, -1, 0.0, -0.0, 0.5, 1.5, 1e-45, 1e-320, 3.4e38, 1e39, 1e308, 2**31 - 1, 2**31, -(2**31), 2**63),
            *(-(2**63) - 1, 2**64, 10**400, -(10**4000)),
        ]
    )
    | st.integers(-10, 10_000)
    | st.floats(allow_nan=False, allow_infinity=False)
)
ODD = st.one_of(ODD_TEXT, ODD_NUMBERS, st.none(), st.booleans(), st.just([]), st.just({}), st.just([[]]), st.just([{}]))
JSON_VALUES = st.recursive(
    ODD, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ODD_TEXT, inner, max_size=4)
)

FIT: dict[str, st.SearchStrategy[Any]] = {
    "string": ODD_TEXT,
    "bool": st.booleans(),
    "bytes": st.sampled_from(["", "AA==", "_-"]),
    "int32": ODD_NUMBERS | ODD_NUMBERS.map(str),
    "int64": ODD_NUMBERS | ODD_NUMBERS.map(str),
    "float": ODD_NUMBERS | st.sampled_from(["NaN", "Infinity", "-Infinity", "1e-50"]),
    "double": ODD_NUMBERS | st.sampled_from(["NaN", "Infinity", "-Infinity"]),
    "google.protobuf.Timestamp": st.sampled_from(["2024-03-14T12:00:00Z", "0001-01-01T00:00:00+01:00", "x"]),
    "google.protobuf.Duration": st.sampled_from(["1s", "-0.5s", "1"]),
    "google.protobuf.FieldMask": ODD_TEXT,
}
# Values that make sense to a method are drawn more often for the members that it reads.
LIKELY: dict[str, st.SearchStrategy[Any]] = {
    "base_model": st.sampled_from(
        ["models/gemini-1.0-pro-001", "models/text-bison-001", "models/gemini-1.5-flash-001-tuning"]
    ),
    "tuned_model": st.sampled_from(["tunedModels/known", "tunedModels/none"]),
    "tuned_model_id": st.sampled_from(["known", "new", "a" * 41, "-", "A"]),
    "display_name": st.text(max_size=15),
    "text": st.sampled_from(["1", "twenty two", "", "七", "IX", "a" * 200, "9" * 400]),
    "text_input": st.sampled_from(["1", "twenty two", "", "七", "a" * 40_001]),
    "output": st.sampled_from(["2", "twenty three", "", "八", "a" * 5_001]),
    "update_mask": st.sampled_from(
        ["role", "role", "description", "displayName,top_k", "*", "name", "tuningTask.hyperparameters", ","]
    ),
    "role": st.sampled_from(["user", "model", ""]),
    "page_token": st.sampled_from(["", "Ghdl", "x", "GhdlAAAA"]),
    "filter": st.sampled_from(["owner:me", "readers:everyone", "writers:you", '"a b" c', '"', "::"]),
    "fields": st.sampled_from(["name", "*", "a(b", "name,done", "tunedModels/name", "x"]),
    "alt": st.sampled_from(["json", "sse", "json;enum-encoding=int", "proto"]),
}


SANE: dict[str, st.SearchStrategy[Any]] = {
    "string": st.text(max_size=10),
    "int32": st.integers(1, 20),
    "int64": st.integers(0, 2**40),
    "float": st.floats(0, 1, width=32),
    "double": st.floats(0, 1),
    "google.protobuf.Timestamp": st.just("2024-03-14T12:00:00Z"),
    "google.protobuf.Duration": st.just("1s"),
}
# Without these members few requests pass the first checks.
NEEDED = {"base_model", "tuning_task", "training_data", "examples", "text_input", "output", "contents", "parts", "text"}
NEEDED |= {"prompt", "role", "email_address", "update_mask", "display_name"}


@st.composite
def messages(draw: st.DrawFn, message: Message, surface: Surface, sane: bool, depth: int = 6) -> dict[str, Any]:
    """Draw an object with members of *message*; if *sane*, the service would accept most of it."""
    fields = message.fields
    if not fields:
        return {}
    members_to_set = draw(st.lists(st.sampled_from(fields), max_size=6, unique=sane))
    if sane:
        members_to_set += [field for field in fields if field.name in NEEDED and field not in members_to_set]
        members_to_set = list({field.oneof or field.name: field for field in members_to_set}.values())
    result: dict[str, Any] = {}
    for field in members_to_set:
        name = draw(st.sampled_from([field.name, field.json_name]))
        odd = draw(st.integers(0, 99 if sane else 9)) == 5  # hypothesis likes the ends of a range too much
        result[name] = draw(ODD if odd else members(field, surface, sane, depth))
    if not sane and draw(st.integers(0, 9)) == 5:
        result[draw(ODD_TEXT)] = draw(ODD)
    return result


def members(field: Field, surface: Surface, sane: bool, depth: int) -> st.SearchStrategy[Any]:
    """Return values of *field*."""
    kind = field.map_of or field.type
    if field.name in LIKELY and kind in FIT:
        one = LIKELY[field.name] if sane else LIKELY[field.name] | FIT[kind]
    elif kind in FIT:
        one = SANE.get(kind, FIT[kind]) if sane else FIT[kind]
    elif surface.is_enum(kind):
        names = sorted(surface.enum(kind).numbers)
        one = st.sampled_from(names if sane else [*names, names[0].lower(), 0, 1, 2, 3, 99, -1, "2", "X"])
    elif kind.startswith("google.protobuf."):
        one = st.just({}) if sane else JSON_VALUES
    elif depth > 0:
        one = messages(surface.message(kind), surface, sane, depth - 1)
    else:
        one = st.just({}) if sane else ODD
    if field.map_of:
        return st.dictionaries(ODD_TEXT, one, max_size=2)
    return st.lists(one, min_size=1, max_size=2) if field.repeated else one


# -- Credentials ---------------------------------------------------------------------------------------------

SIGNS = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_categories=["Cc"]), max_size=20)
# UTF-8 has no lone surrogates, but the escapes of JSON do.
CLAIMS = st.recursive(
    st.text(st.characters())
    | st.sampled_from(["\ud800", "a@b.example", "7" * 401])
    | st.none()
    | st.integers()
    | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.just("sub"), inner, max_size=3)
    ),
    max_leaves=5,
)


def jwt(payload: bytes) -> str:
    return f"e30.{base64.urlsafe_b64encode(payload).decode().rstrip('=')}.c2ln"


CREDENTIALS = st.one_of(
    SIGNS,
    CLAIMS.map(lambda claims: jwt(json.dumps(claims).encode())),
    CLAIMS.map(lambda subject: jwt(json.dumps({"sub": subject}).encode())),
    st.binary(max_size=40).map(jwt),
    st.sampled_from(
        ["me@example.com", "A@B.example", "@", "a@b@c", "a.e30.c", "..", "x" * 100_000, jwt(b"[" * 10_000)]
    ),
    st.builds("{}@{}".format, SIGNS, SIGNS),
    st.builds("tunedmodels-{}~{}~{}".format, st.sampled_from(["access", "refresh", "key"]), SIGNS, SIGNS),
    st.sampled_from(
        [
            grants.AccessGrant("a@b.example", ("x",), 1 << 40, "1").token(),
            grants.RefreshGrant("a@b.example", (), "2").token(),
        ]
    ),
    st.builds("test-{}{}".format, st.sampled_from(["w1", "", "x" * 200, "fuzz"]), SIGNS),
)


@st.composite
def credentials(draw: st.DrawFn) -> tuple[dict[str, str], str]:
    """Draw headers and a query string with credentials in some of the possible places."""
    headers = {}
    if draw(st.booleans()):
        scheme = draw(st.sampled_from(["Bearer ", "bearer ", "Basic ", "Bearer", ""]))
        headers["Authorization"] = scheme + draw(CREDENTIALS)
    for name in ("X-Goog-Api-Key", "X-Goog-User-Project"):
        if draw(st.booleans()):
            headers[name] = draw(CREDENTIALS | st.sampled_from(["1", "9" * 5_000, "１"]).map(in_latin))
    names = ["key", "$key", "access_token", "$access_token", "oauth_token"]
    pairs = [f"{name}={quote(draw(CREDENTIALS))}" for name in names if draw(st.integers(0, 3)) == 1]
    return headers, "&".join(pairs)


def in_latin(text: str) -> str:
    """Return *text* as an application gets it in a header or path: its bytes, decoded as Latin-1."""
    return text.encode().decode("latin-1")


# -- Requests ------------------------------------------------------------------------------------------------


class Request(NamedTuple):
    """A request. The path after the version and the query are sent unchanged."""

    path: str
    query: str
    body: bytes
    headers: dict[str, str]


@st.composite
def requests(draw: st.DrawFn, route: Route, surface: Surface) -> Request:
    """Draw a request for *route*: in two of three only one member of the body is odd."""
    sane = draw(st.sampled_from([True, True, False]))
    path = "".join(draw(segments(part, sane)) for part in split(route.path))
    message = surface.message(route.method.request or "GetModelRequest")  # any message will do if the method reads none
    raw = st.binary(max_size=40).map(lambda data: data.decode("latin-1"))
    query = draw(queries(route, message, sane) if sane else queries(route, message, sane) | raw)
    headers = {"X-Test-Id": "fuzz"}
    if not sane:
        headers["Accept-Encoding"] = draw(st.sampled_from(["", "gzip", "gzip;q=0", ";;q=,", "*"]))
        more, credential = draw(credentials())
        headers |= more
        query = "&".join(filter(None, (query, credential)))
    return Request(path, query, draw(bodies(route, message, surface, sane)), headers)


def split(path: str) -> list[str]:
    """Return *path* in pieces, with its stars separate."""
    return [piece for part in path.split("*") for piece in (part, "*")][:-1]


def segments(piece: str, sane: bool) -> st.SearchStrategy[str]:
    """Return values for *piece* of a path: a star is a known, unknown or odd name."""
    if piece != "*":
        return st.just(piece)
    if sane:
        return st.just("known")
    names = st.sampled_from(["known", "none", "everyone", "1" * 21, "%", "a b", ".."])
    return names | st.text(st.characters(exclude_characters="/:", exclude_categories=["Cs"]), min_size=1, max_size=8)


@st.composite
def queries(draw: st.DrawFn, route: Route, message: Message, sane: bool) -> str:
    """Draw a query string with members of the request and system parameters."""
    texts = {"alt": LIKELY["alt"], "$alt": LIKELY["alt"], "prettyPrint": st.just("false"), "$.xgafv": st.just("1")}
    if not sane:
        texts |= dict.fromkeys(("fields", "key", "x", ""), LIKELY["fields"])
    for name, field in message.by_name.items():
        if not sane or (field.name not in (route.method.path_field, route.method.body) and route.method.body != "*"):
            texts[name] = LIKELY.get(field.name, SANE.get(field.type, ODD_TEXT))
    names = draw(st.lists(st.sampled_from(sorted(texts)), max_size=2))
    names += [name for name in sorted(texts) if sane and name in NEEDED]
    pairs = []
    for name in names:
        value = str(draw(texts[name] if sane else texts[name] | ODD_TEXT))
        pairs.append(f"{quote(name)}={quote(value) if draw(st.booleans()) else in_latin(value)}")
    return "&".join(pairs)


def bodies(route: Route, message: Message, surface: Surface, sane: bool) -> st.SearchStrategy[bytes]:
    """Return bodies: the message of the method, any JSON, or any bytes."""
    inner = message
    if route.method.body not in (None, "*"):
        inner = surface.message(message.by_name[route.method.body or ""].type)
    fitting = messages(inner, surface, sane).map(encode)
    return fitting if sane else st.one_of(fitting, JSON_VALUES.map(encode), st.binary(max_size=60))


def encode(value: Any) -> bytes:
    return json.dumps(value).encode()


# -- The fake ------------------------------------------------------------------------------------------------

PAIRS = [{"text_input": "1", "output": "2"}, {"text_input": "one", "output": "two"}]
MODEL = {
    "display_name": "known",
    "base_model": "models/gemini-1.0-pro-001",
    "tuning_task": {"training_data": {"examples": {"examples": PAIRS}}},
}


@cache
def fake(strict: bool, auth: Literal["any", "strict"] = "any") -> Flask:
    return create_app(Settings(seed=1, strict=strict, auth=auth), ManualClock(START).now)


def ask(route: Route, version: str, request: Request, age: float, strict: bool) -> TestResponse:
    """Send a request to a new world with a model ``known`` that is *age* seconds old and that everyone may read."""
    app = fake(strict)
    world = app.extensions["tunedmodels"].get("fuzz")
    client = app.test_client()
    try:
        answer = client.post("/v1beta/tunedModels?tunedModelId=known", json=MODEL, headers={"X-Test-Id": "fuzz"})
        operation = answer.get_json()["name"].rpartition("/")[2]
        world.change(lambda old: replace(old, clock=old.clock.advance(START, age)))
        everyone = {"granteeType": "EVERYONE", "role": "READER"}
        client.post("/v1beta/tunedModels/known/permissions", json=everyone, headers={"X-Test-Id": "fuzz"})
        path = f"/{version}/{request.path}".replace("permissions/known", "permissions/everyone")
        path = path.replace("operations/known", f"operations/{operation}")
        if route.path.startswith("models/*"):
            path = path.replace("models/known", "models/gemini-1.5-flash" if age else "models/text-bison-001")
        response = client.open(
            method=route.method.http,
            data=request.body,
            headers=request.headers,
            environ_overrides={
                "PATH_INFO": in_latin(path),
                "QUERY_STRING": request.query,
            },
        )
        response.get_data()
        return response
    finally:
        app.extensions["tunedmodels"].drop("fuzz")


def assert_well_formed(response: TestResponse) -> None:
    """Check that *response* is a page for an unknown route, or JSON that agrees with its status."""
    assert response.status_code < 500 or response.status_code == Code.UNIMPLEMENTED.http, response.text
    data = response.data
    if response.headers.get("Content-Encoding") == "gzip":
        data = gzip.decompress(data)
    if response.content_type == "text/html; charset=UTF-8":
        assert response.status_code == 404
        return
    if response.content_type == "text/event-stream":
        *events, rest = data.decode().split("\r\n\r\n")
        assert rest == ""
        answers = [json.loads(event.removeprefix("data: ")) for event in events]
    else:
        assert response.content_type == "application/json; charset=UTF-8"
        answer = json.loads(data)
        assert data.endswith(b"]" if isinstance(answer, list) else b"}\n")
        answers = answer if isinstance(answer, list) else [answer]
    assert all(isinstance(answer, dict) for answer in answers)
    if response.status_code == 200:
        assert all("error" not in answer or "name" in answer for answer in answers)
        return
    assert len(answers) == 1
    error = answers[0]["error"]
    assert set(error) <= {"code", "message", "errors", "status", "details"}
    assert error["code"] == response.status_code == Code[error["status"]].http
    assert error["message"]


ROUTES = {f"{route.method.http} {route.path} {'/'.join(route.versions)}": route for route in routes()}


@pytest.mark.parametrize("name", ROUTES)
@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(data=st.data())
def test_any_request(name: str, data: st.DataObject) -> None:
    """Any path, query and body on any route gets an answer in the form of the service."""
    route = ROUTES[name]
    version = data.draw(st.sampled_from(route.versions), "version")
    surface = surface_of(version if version in route.method.versions else "v1beta")
    request = data.draw(requests(route, surface), "request")
    age = data.draw(st.sampled_from([60.0, 60.0, 10.0, 0.0]), "age")
    strict = data.draw(st.booleans(), "strict")

    assert_well_formed(ask(route, version, request, age, strict))


@settings(max_examples=4 * EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(credentials())
def test_any_credentials(parts: tuple[dict[str, str], str]) -> None:
    """Every caller is accepted, and the same credentials read and delete their models in their world."""
    headers, query = parts
    client = fake(False).test_client()

    def ask(method: str, path: str, body: Any = None) -> TestResponse:
        response = client.open(
            path, method=method, headers=headers, json=body, environ_overrides={"QUERY_STRING": query}
        )
        assert response.status_code == 200, response.text
        return response

    try:
        assert_well_formed(ask("POST", "/v1beta/tunedModels", MODEL))
        (model,) = ask("GET", "/v1beta/tunedModels").get_json()["tunedModels"]
        assert_well_formed(ask("GET", f"/v1beta/{model['name']}/permissions"))
    finally:
        ask("DELETE", "/_emulator/world")
    assert ask("GET", "/v1beta/tunedModels").get_json() == {}
    ask("DELETE", "/_emulator/world")


@settings(max_examples=8 * EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(credentials(), st.sampled_from(["GET /v1beta/tunedModels", "GET /v1beta/models", "POST /v1/x", "GET /"]))
def test_any_credentials_with_strict_auth(parts: tuple[dict[str, str], str], call: str) -> None:
    """The server accepts the credentials, or refuses them in the form of the service."""
    headers, query = parts
    method, path = call.split()
    response = (
        fake(False, "strict")
        .test_client()
        .open(path, method=method, headers=headers, environ_overrides={"QUERY_STRING": query})
    )

    assert response.status_code in (200, 400, 401, 403, 404)
    assert_well_formed(response)


HEADS = st.sampled_from(
    [
        *({}, [], 7, {"alg": "RS256"}, {"alg": "RS256", "kid": 7}, {"alg": "none", "kid": "\ud800"}),
        {"alg": "RS256", "kid": signing.sign("key", ["a@b.example", "f" * 512])},
    ]
)
ASSERTIONS = st.builds(
    lambda head, claims, end: ".".join([*(base64_of(json.dumps(part).encode()) for part in (head, claims)), end]),
    HEADS,
    st.dictionaries(st.sampled_from(["iss", "sub", "aud", "iat", "exp", "scope"]), CLAIMS) | CLAIMS,
    st.sampled_from(["c2ln", "", "=", "\xff"]),
)
FORMS = st.dictionaries(
    st.sampled_from(["grant_type", "assertion", "refresh_token", "scope", "token", "client_secret", ""]),
    CREDENTIALS | ASSERTIONS | ODD_TEXT | st.sampled_from([JWT_BEARER, "refresh_token"]),
)


def base64_of(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@settings(max_examples=16 * EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(["/token", "/revoke"]),
    FORMS.map(lambda form: urlencode(form, errors="replace").encode())
    | st.builds(lambda text: f"grant_type={quote(JWT_BEARER)}&assertion={quote(text)}".encode(), ASSERTIONS)
    | st.binary(max_size=60),
    credentials(),
    st.sampled_from(["any", "strict"]),
)
def test_any_form_at_the_token_endpoint(
    path: str, body: bytes, parts: tuple[dict[str, str], str], auth: Literal["any", "strict"]
) -> None:
    """The answer is a token that the API accepts, or an error in the form of OAuth."""
    headers, query = parts
    client = fake(False, auth).test_client()
    response = client.post(path, data=body, headers=headers, environ_overrides={"QUERY_STRING": query})

    answer = response.get_json()
    assert response.content_type == "application/json; charset=UTF-8"
    if response.status_code == 200:
        assert (answer == {}) == (path == "/revoke")
        assert path == "/revoke" or grants.read_access(answer["access_token"]) is not None
    else:
        assert response.status_code == 400
        assert set(answer) == {"error", "error_description"}
        assert re.fullmatch("[a-z_]+", answer["error"])


@settings(max_examples=4 * EXAMPLES, deadline=None)
@given(st.binary(max_size=40), SIGNS, SIGNS)
def test_any_scopes_at_the_metadata_server(query: bytes, flavor: str, host: str) -> None:
    """The answer has the form of the metadata server."""
    path = "/computeMetadata/v1/instance/service-accounts/default/token"
    overrides = {"QUERY_STRING": query.decode("latin-1"), "HTTP_METADATA_FLAVOR": flavor}
    client = fake(False).test_client()

    assert client.get(path, environ_overrides=overrides).status_code in (200, 403)
    overrides |= {"HTTP_METADATA_FLAVOR": "Google", "HTTP_HOST": host}
    assert client.get(path, environ_overrides=overrides).status_code in (200, 400)


MOVES = st.builds(lambda seconds: {"advance": seconds}, ODD_NUMBERS | ODD) | JSON_VALUES


@settings(max_examples=8 * EXAMPLES, deadline=None)
@given(MOVES.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60), credentials(), st.booleans())
def test_any_move_of_a_clock(body: bytes, parts: tuple[dict[str, str], str], has_world: bool) -> None:
    """The clock moves, or the answer says why it does not."""
    headers, query = parts
    client = fake(False).test_client()
    overrides = {"QUERY_STRING": query, **({"HTTP_X_TEST_ID": "clock"} if has_world else {})}
    try:
        before = client.get("/_emulator/clock", headers=headers, environ_overrides=overrides)
        response = client.post("/_emulator/clock", data=body, headers=headers, environ_overrides=overrides)
        after = client.get("/_emulator/clock", headers=headers, environ_overrides=overrides)
    finally:
        client.delete("/_emulator/world", headers=headers, environ_overrides=overrides)

    answer = response.get_json()
    if response.status_code == 200:
        assert answer == {**after.get_json(), "caused": []}
        assert answer["now"] >= before.get_json()["now"]
    else:
        assert response.status_code == 400
        assert after.get_json() == before.get_json()
        assert re.fullmatch(r".+\.", answer["error"], re.DOTALL)


@settings(max_examples=4 * EXAMPLES, deadline=None)
@given(
    st.text(st.characters(min_codepoint=32, max_codepoint=126))
    | st.binary(max_size=20).map(quote)
    | st.binary(max_size=20).map(lambda data: data.decode("latin-1"))
    | st.builds("version={}&{}".format, st.sampled_from(["v1", "v1beta", "v9", "", "%FF"]), ODD_TEXT.map(quote)),
    SIGNS | st.sampled_from(["localhost", "x:1", "[::1]:80"]),
)
def test_any_request_for_the_discovery_document(query: str, host: str) -> None:
    """The document has the host of the request; a bad host or version gets a page."""
    overrides = {"QUERY_STRING": query, "HTTP_HOST": host}
    response = fake(False).test_client().get("/$discovery/rest", environ_overrides=overrides)

    if response.status_code == 200:
        assert response.get_json()["kind"] == "discovery#restDescription"
        assert response.get_json()["rootUrl"].startswith("http://")
    else:
        assert response.status_code in (400, 404)
        assert response.content_type.startswith("text/html; ")


@settings(max_examples=4 * EXAMPLES, deadline=None)
@given(
    st.sampled_from(["GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS"]),
    st.text(st.characters(exclude_categories=["Cs"])) | st.text(st.sampled_from("/:*v1betaunMols%?")),
    st.binary(max_size=20),
)
def test_any_path(method: str, path: str, query: bytes) -> None:
    """A path without a route gets an answer, too."""
    overrides = {"PATH_INFO": f"/{path}".encode().decode("latin-1"), "QUERY_STRING": query.decode("latin-1")}
    response = fake(False).test_client().open(method=method, environ_overrides=overrides)

    assert response.status_code < 500
