"""Repro: a journal's requests as a script that makes them again in a world of its own and checks the statuses.

Credentials are dummies; the script moves its world's clock to the moments of the journal, and arms the faults that
refused an answer or lost it. Names that the service makes up are exchanged for those that it makes up then.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from shlex import quote as shell
from typing import Any
from urllib.parse import quote

from ...wire.protojson.timestamps import format_timestamp
from ..defaults import API_KEY, DEVELOPER
from .journal import Entry
from .masking import MASK

LOST = "lost"  # what a script expects instead of a status where the connection ends

_REPEATED_HEADERS = ("Content-Type", "X-Goog-FieldMask", "X-Goog-User-Project", "X-HTTP-Method-Override")
_CREDENTIALS = ("Authorization", "X-Goog-Api-Key")
_ERROR_EFFECTS = ("error", "quota", "expired_token")
_LOST_CONNECTIONS = ("reset", "commit_then_drop")


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a script. ``names`` are texts of the journal's answer and the members that have the new ones."""

    number: int
    http: str
    target: str
    expected: int | str
    headers: Mapping[str, str]
    body: str | None
    moment: str | None
    fault: Mapping[str, Any] | None
    names: tuple[tuple[str, str], ...]
    remark: str


def steps(entries: Iterable[Entry]) -> tuple[list[Step], list[str]]:
    """Return the steps that repeat *entries*, and a sentence on each entry that cannot be repeated."""
    found, left_out = [], []
    for entry in entries:
        reason = _unrepeatable_reason(entry)
        if reason:
            left_out.append(f"Request {entry.number} is left out: {reason}.")
        else:
            found.append(_step(entry))
    return found, left_out


def pytest_file(entries: Sequence[Entry]) -> str:
    """Return a pytest file, which needs requests."""
    found, left_out = steps(entries)
    lines = [_PYTEST_HEAD.format(count=len(found))]
    lines += [f"    # {_one_line(text)}" for text in left_out]
    for step in found:
        lines += [f"\n    # request {step.number}{_one_line(step.remark)}"]
        if step.moment:
            lines += [f'    admin("POST", "clock", {{"set": {step.moment!r}}})']
        if step.fault:
            lines += [f'    admin("POST", "faults", {dict(step.fault)!r})']
        arguments = [repr(step.http), repr(step.target), repr(step.expected), repr(dict(step.headers))]
        arguments += [repr(step.body)] if step.body is not None else []
        lines += [f"    answer = ask({', '.join(arguments)})"]
        lines += [f"    names[{old!r}] = member(answer, {name!r})" for old, name in step.names]
    lines += ['\n    admin("DELETE", "world")']
    return "\n".join(lines) + "\n"


def curl_script(entries: Sequence[Entry]) -> str:
    """Return a bash script, which needs curl."""
    found, left_out = steps(entries)
    lines = [_CURL_HEAD]
    lines += [f"# {_one_line(text)}" for text in left_out]
    for step in found:
        lines += [f"\n# request {step.number}{_one_line(step.remark)}"]
        if step.moment:
            lines += [f"admin POST clock {shell(json.dumps({'set': step.moment}))}"]
        if step.fault:
            lines += [f"admin POST faults {shell(json.dumps(step.fault))}"]
        headers = [f"-H {shell(f'{name}: {value}')}" for name, value in step.headers.items()]
        words = [str(step.number), str(step.expected), step.http, shell(step.target), shell(step.body or ""), *headers]
        lines += [f"ask {' '.join(words)}"]
        lines += [f"rename {shell(old)} {shell(name)}" for old, name in step.names]
    lines += ["\nadmin DELETE world", f"echo {shell(f'{len(found)} requests were answered as before.')}"]
    return "\n".join(lines) + "\n"


def _step(entry: Entry) -> Step:
    kind = _kind(entry)
    fault = _fault(entry, kind)
    return Step(
        number=entry.number,
        http=entry.http,
        target=quote(entry.path, safe="/:$@,;=+!*'()~") + (f"?{query}" if (query := _query(entry)) else ""),
        expected=LOST if entry.lost else entry.status,
        headers=dict(_headers(entry)),
        body=entry.request.data.decode() or None,
        moment=None if entry.at is None else format_timestamp(entry.at, 9),
        fault=fault,
        names=tuple(_names(entry)),
        remark="" if not kind or fault else f": the fault {entry.fault} is not armed again",
    )


def _unrepeatable_reason(entry: Entry) -> str:
    if entry.path in ("/token", "/revoke"):
        return "its credentials were not kept"
    if entry.request.is_truncated:
        return f"of its body of {entry.request.size} bytes only a part was kept"
    if b"\0" in entry.request.data or not _is_text(entry.request.data):
        return "its body is no text"
    if entry.lost and _kind(entry) not in _LOST_CONNECTIONS:
        return "its connection was lost, and not by a fault that can be armed again"
    return ""


def _kind(entry: Entry) -> str:
    return entry.fault.rpartition(" ")[2]


def _fault(entry: Entry, kind: str) -> dict[str, Any] | None:
    """Return the fault that answers as *entry* was answered, None where there is none such."""
    error = entry.answer_fields.error
    if kind in _LOST_CONNECTIONS:
        return {"method": entry.method, kind: True}
    if kind == "page":
        return {"method": entry.method, "page": {"status": entry.status}}
    if kind not in _ERROR_EFFECTS or error is None or not error.status:
        return None
    made: dict[str, Any] = {"code": error.status, "message": error.message}
    if entry.answer_fields.retry_delay is not None:
        made["retry_delay"] = entry.answer_fields.retry_delay
    return {"method": entry.method, "error": made}


def _query(entry: Entry) -> str:
    """Return the query without its credentials; a key comes in a header instead."""
    return "&".join(pair for pair in entry.query.split("&") if pair and not pair.endswith(f"={MASK}"))


def _headers(entry: Entry) -> Iterator[tuple[str, str]]:
    yield from ((name, value) for name, value in entry.headers if name in _REPEATED_HEADERS)
    given = any(name in _CREDENTIALS for name, _ in entry.headers) or f"={MASK}" in entry.query
    if given or entry.caller not in ("", DEVELOPER):
        yield "X-Goog-Api-Key", API_KEY if entry.caller in ("", DEVELOPER) else entry.caller


def _names(entry: Entry) -> Iterator[tuple[str, str]]:
    """Yield what the service made up in an answer, and the member in which it is."""
    if entry.status != 200 or entry.lost:
        return
    if entry.method == "tunedModels.create" and entry.operation and entry.answer_fields.metadata.tuned_model:
        yield f"/operations/{entry.operation}", "name"
        yield entry.answer_fields.metadata.tuned_model, "tunedModel"
    if entry.answer_fields.next_page_token:
        yield entry.answer_fields.next_page_token, "nextPageToken"


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _one_line(text: str) -> str:
    return text.encode("unicode_escape").decode("ascii")


_PYTEST_HEAD = '''"""Makes {count} requests of a mock server's journal again, and checks that the statuses are the same.

It needs pytest and requests, and a mock server at TUNEDMODELS_EMULATOR_HOST, by default http://127.0.0.1:9480.
"""

import os
import re
import uuid

import pytest
import requests

HOST = os.environ.get("TUNEDMODELS_EMULATOR_HOST", "http://127.0.0.1:9480")
BASE = (HOST if "://" in HOST else f"http://{{HOST}}").rstrip("/")


def test_the_requests_are_answered_as_before():
    world = {{"X-Test-Id": f"repro-{{uuid.uuid4().hex}}"}}
    names = {{}}  # what the service made up in the journal, and what it makes up now

    def renamed(text):
        for old, new in names.items():
            text = re.sub(re.escape(old) + r"(?![\\w-])", lambda _: new, text)
        return text

    def admin(http, path, body=None):
        requests.request(http, f"{{BASE}}/_emulator/{{path}}", json=body, headers=world, timeout=30).raise_for_status()

    def ask(http, target, expected, headers, body=None):
        data = None if body is None else renamed(body).encode()
        arguments = {{"data": data, "headers": {{**headers, **world}}, "timeout": 30}}
        if expected == "lost":
            with pytest.raises(requests.ConnectionError):
                requests.request(http, BASE + renamed(target), **arguments)
            return None
        answer = requests.request(http, BASE + renamed(target), **arguments)
        assert answer.status_code == expected, f"{{http}} {{target}}: {{answer.text}}"
        return answer

    def member(answer, name):
        found = re.search(f'"{{name}}": *"([^"]*)"', answer.text)
        assert found, f"the answer has no {{name}}: {{answer.text}}"
        return re.sub("^.*(?=/operations/)", "", found[1])

    admin("POST", "clock", {{"mode": "manual"}})'''

_CURL_HEAD = r"""#!/usr/bin/env bash
# Makes requests again that a mock server's journal had, and checks that the statuses are the same.
# It needs curl, and a mock server at TUNEDMODELS_EMULATOR_HOST, by default http://127.0.0.1:9480.
set -euo pipefail

host=${TUNEDMODELS_EMULATOR_HOST:-http://127.0.0.1:9480}
case $host in
    *://*) base=${host%/} ;;
    *) base=http://${host%/} ;;
esac
world=repro-$$-$RANDOM-$(date +%s)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
: >"$work/names" # what the service made up in the journal, and what it makes up now

admin() { # METHOD PATH [BODY]
    curl -sS --fail --noproxy '*' -o "$work/admin" -X "$1" -H "X-Test-Id: $world" \
        -H 'Content-Type: application/json' ${3+--data-binary "$3"} "$base/_emulator/$2"
}

ask() { # NUMBER STATUS METHOD TARGET BODY [-H HEADER]...
    local number=$1 expected=$2 http=$3 target body=$5 status data=()
    target=$(printf '%s' "$4" | sed -f "$work/names")
    shift 5
    if [ -n "$body" ]; then
        printf '%s' "$body" | sed -f "$work/names" >"$work/body"
        data=(--data-binary "@$work/body")
    fi
    status=$(curl -sS --globoff --path-as-is --noproxy '*' --max-time 30 -o "$work/answer" -w '%{http_code}' \
        -X "$http" -H 'Content-Type:' "$@" -H "X-Test-Id: $world" ${data[@]+"${data[@]}"} "$base$target" \
        2>"$work/errors") || status=lost
    if [ "$status" != "$expected" ]; then
        echo "request $number: $http $target: expected $expected, got $status" >&2
        cat "$work/errors" "$work/answer" >&2 || true
        exit 1
    fi
}

rename() { # OLD MEMBER
    local new
    new=$(grep -o "\"$2\": *\"[^\"]*\"" "$work/answer" | sed -n '1s/.*"\([^"]*\)"$/\1/p')
    case $new in */operations/*) new=/operations/${new##*/} ;; esac
    printf 's#%s#%s#g\n' "$1" "$new" >>"$work/names"
}

admin POST clock '{"mode": "manual"}'"""
