"""Converts a recording to the content of its file and back. The library ``responses`` can read the same file."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from ..strict_yaml.errors import RecordingError
from ..strict_yaml.fields import Fields
from .exchange import FRAMING, Exchange, Headers, ReceivedResponse, SentRequest, header
from .provenance import Provenance

FORMAT = 1

RecordingParts = tuple[str, Provenance, tuple[Exchange, ...], Mapping[str, str]]


def document(
    name: str, provenance: Provenance, exchanges: Sequence[Exchange], variables: Mapping[str, str]
) -> dict[str, Any]:
    """Return the content of a recording's file as a value."""
    contract: dict[str, Any] = {"format": FORMAT, "name": name, "provenance": _provenance(provenance)}
    if variables:
        contract["variables"] = dict(variables)
    return {"contract": contract, "responses": [_exchange(exchange) for exchange in exchanges]}


def digest(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the content of *document*, without the digest in it. The YAML layout does not matter."""
    contract = dict(document["contract"])
    contract["provenance"] = {key: value for key, value in contract["provenance"].items() if key != "sha256"}
    text = json.dumps({**document, "contract": contract}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def parts(value: Any, file: str) -> RecordingParts:
    """Return the parts of the recording in *value*.

    Raises RecordingError, which names *file*, if *value* is not a recording.
    """
    top = Fields(value, file)
    contract = top.inner("contract")
    version = contract.take("format", int)
    if version != FORMAT:
        fix = "use a newer release of tunedmodels" if version > FORMAT else "there is no such format"
        raise RecordingError(file, "contract.format", f"is {version}, and this release reads {FORMAT}", fix)
    name = contract.take("name", str)
    provenance = _read_provenance(contract.inner("provenance"))
    variables = contract.mapping("variables")
    contract.refuse_rest()
    entries = top.take("responses", list)
    top.refuse_rest()
    exchanges = tuple(_read_exchange(entry, file, f"responses.{n}") for n, entry in enumerate(entries, 1))
    return name, provenance, exchanges, variables


def _provenance(provenance: Provenance) -> dict[str, Any]:
    p = provenance
    return {
        "kind": p.kind,
        "host": p.host,
        "source": p.source,
        "captured": p.captured and p.captured.isoformat(),
        "transcription": p.transcription,
        "note": p.note,
        "guessed": list(p.guessed),
        "scrubbed": list(p.scrubbed),
        "stand_in": p.stand_in,
        "licence": p.licence,
        "sha256": p.sha256,
    }


def _read_provenance(fields: Fields) -> Provenance:
    captured = fields.optional("captured")
    try:
        day = None if captured is None else date.fromisoformat(captured)
        if day is not None and day.isoformat() != captured:
            raise ValueError
    except ValueError:
        raise fields.error("captured", f"is {captured!r:.40}", "it has to be a day, as '2024-03-14'") from None
    provenance = Provenance(
        kind=fields.take("kind", str),
        host=fields.take("host", str, ""),
        source=fields.take("source", str),
        captured=day,
        transcription=fields.take("transcription", str, ""),
        note=fields.take("note", str, ""),
        guessed=fields.texts("guessed"),
        scrubbed=fields.texts("scrubbed"),
        stand_in=fields.take("stand_in", bool, False),
        licence=fields.take("licence", str, ""),
        sha256=fields.take("sha256", str, ""),
    )
    fields.refuse_rest()
    return provenance


def _exchange(exchange: Exchange) -> dict[str, Any]:
    request, response = exchange.request, exchange.response
    content_type = header(response.headers, "Content-Type")
    headers: dict[str, str] = {}
    for name, value in response.headers:
        if name.lower() == "content-type" or name.lower() in FRAMING:
            continue
        present = next((key for key in headers if key.lower() == name.lower()), name)
        headers[present] = f"{headers[present]}, {value}" if present in headers else value
    answer: dict[str, Any] = {
        "method": request.method,
        "url": request.url,
        "status": response.status,
        "reason": response.reason,
        "content_type": content_type,
    }
    if headers:
        answer["headers"] = headers
    if _plain_headers(content_type, headers) != response.headers:
        answer["header_list"] = [[name, value] for name, value in response.headers]
    if response.decoded:
        answer["decoded"] = response.decoded
    request_members = {"headers": _headers(request.headers), **_body(request.body)}
    timing = {"at": exchange.at, "elapsed": exchange.elapsed}
    # The stock loader needs this member. If it is true, the loader adds a header that the server did not send.
    answer["auto_calculate_content_length"] = False
    return {"request": request_members, "response": {**answer, **_body(response.body)}, "timing": timing}


def _read_exchange(value: Any, file: str, path: str) -> Exchange:
    entry = Fields(value, file, path)
    request_fields = entry.inner("request")
    response_fields = entry.inner("response")
    timing = entry.inner("timing")
    entry.refuse_rest()
    request = SentRequest(
        method=response_fields.take("method", str),
        url=response_fields.take("url", str),
        headers=_read_headers(request_fields),
        body=_read_body(request_fields),
    )
    content_type = response_fields.optional("content_type")
    headers = _plain_headers(content_type, response_fields.mapping("headers"))
    if response_fields.has("header_list"):
        headers = _pairs(response_fields, "header_list")
    response_fields.take("auto_calculate_content_length", bool)
    response = ReceivedResponse(
        status=response_fields.take("status", int),
        reason=response_fields.take("reason", str, ""),
        headers=headers,
        decoded=response_fields.take("decoded", str, ""),
        body=_read_body(response_fields),
    )
    exchange = Exchange(request, response, _seconds(timing, "at"), _seconds(timing, "elapsed"))
    for fields in (request_fields, response_fields, timing):
        fields.refuse_rest()
    _refuse_contradiction(value["response"], _exchange(exchange)["response"], file, path)
    return exchange


def _refuse_contradiction(answer: Mapping[str, Any], derived: Mapping[str, Any], file: str, path: str) -> None:
    """Refuse an answer that means one thing to the stock loader and another thing to this one."""
    pairs = [
        *([("content_type", "header_list"), ("headers", "header_list")] if "header_list" in answer else []),
        *([("body", "body_base64")] if "body_base64" in answer else []),
    ]
    for name, other_form in pairs:
        if answer.get(name) != derived.get(name):
            fix = f"the library responses reads it, and it must agree with `{other_form}`: change both"
            raise RecordingError(file, f"{path}.response.{name}", "differs from its other form in the file", fix)


def _headers(headers: Headers) -> dict[str, str] | list[list[str]]:
    pairs = dict(headers)
    return pairs if len(pairs) == len(headers) else [[name, value] for name, value in headers]


def _read_headers(fields: Fields) -> Headers:
    return _pairs(fields, "headers") if fields.is_list("headers") else tuple(fields.mapping("headers").items())


def _plain_headers(content_type: str | None, headers: Mapping[str, str]) -> Headers:
    first = () if content_type is None else (("Content-Type", content_type),)
    return (*first, *headers.items())


def _pairs(fields: Fields, name: str) -> Headers:
    pairs: list[tuple[str, str]] = []
    for pair in fields.take(name, list):
        if not (isinstance(pair, list) and len(pair) == 2 and all(isinstance(text, str) for text in pair)):
            raise fields.error(name, "has an entry that is not a header", "each has to be a list of name and value")
        pairs.append((pair[0], pair[1]))
    return tuple(pairs)


def _body(body: bytes) -> dict[str, str]:
    try:
        return {"body": body.decode()}
    except UnicodeDecodeError:
        return {"body": "", "body_base64": base64.b64encode(body).decode()}


def _read_body(fields: Fields) -> bytes:
    text = fields.take("body", str)
    if not fields.has("body_base64"):
        return text.encode()
    try:
        return base64.b64decode(fields.take("body_base64", str), validate=True)
    except binascii.Error:
        raise fields.error("body_base64", "is not base64", "record it again") from None


def _seconds(fields: Fields, name: str) -> float:
    value = fields.take(name, float)
    if not (math.isfinite(value) and value >= 0):
        raise fields.error(name, f"is {value}", "it has to be a number of seconds, 0 or more")
    return value
