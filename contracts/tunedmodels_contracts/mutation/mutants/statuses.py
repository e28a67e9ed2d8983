"""Mutants that answer one status in place of another: a row in ``TABLE`` for each."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...schema.surface import surface
from ..messages import Json, change_messages
from ..mutant import MutantGroup
from ..request import MutantRequest
from ..response import MutantResponse

GROUP = MutantGroup("statuses")

GENERATE = ("POST tunedModels/*:generateContent", "POST tunedModels/*:streamGenerateContent")
_GENERATE_BY_ANY = (*GENERATE, "POST models/*:generateContent", "POST models/tunedModels/*:generateContent")
_INVALID_VALUE = r'(?s)\A(?!.*("details"|not ready))'  # an error of the method, not of the parser
_PAGE = r"\A\s*[^\s{[]"  # the answer to an unknown path is no JSON
_LARGE = 1_000_000


@dataclass(frozen=True)
class Case:
    """The requests that match one of *patterns* and have *condition*, and the answers that contain the regex *text*."""

    patterns: tuple[str, ...] = ()
    condition: Callable[[MutantRequest], object] = lambda _: True
    text: str = ""

    def includes(self, request: MutantRequest) -> bool:
        """Whether the case includes *request*."""
        return (not self.patterns or request.matches(*self.patterns)) and bool(self.condition(request))


def update_mask(request: MutantRequest) -> str:
    """Return the mask of a patch; empty if there is none."""
    return request.query.get("updateMask", request.query.get("update_mask", ""))


def hyperparameters(request: MutantRequest) -> Json:
    """Return the hyperparameters that a create request sends; empty if there are none."""
    task = request.json.get("tuningTask")
    sent = task.get("hyperparameters") if isinstance(task, dict) else None
    return sent if isinstance(sent, dict) else {}


def _in_body(pattern: bytes) -> Callable[[MutantRequest], object]:
    return lambda request: len(request.body) < _LARGE and re.search(pattern, request.body)


def _is_at_limit(request: MutantRequest) -> bool:
    return 40 in (len(request.query.get("tunedModelId", "")), len(str(request.json.get("displayName", "")).encode()))


def _asks_for_large_page(request: MutantRequest) -> bool:
    size = request.query.get("pageSize", "")
    return size.isdigit() and int(size) > 1000


_CREATE, _PATCH = ("POST tunedModels",), ("PATCH tunedModels/*",)
CASES = {
    "any": Case(),
    "no-credentials": Case(text="unregistered callers"),
    "unknown-key": Case(text="API_KEY_INVALID"),
    "key-without-user": Case(text="CREDENTIALS_MISSING"),
    "model": Case(condition=lambda request: request.model),
    "create": Case(_CREATE, text=_INVALID_VALUE),
    "create-at-limit": Case(_CREATE, _is_at_limit),
    "create-without-hyperparameters": Case(
        _CREATE, lambda request: "baseModel" in request.json and not hyperparameters(request)
    ),
    "create-with-multiplier": Case(_CREATE, lambda request: "learningRateMultiplier" in hyperparameters(request)),
    "whole-model": Case(_CREATE + _PATCH, lambda request: {"state", "createTime"} <= set(request.json)),
    "patch-without-mask": Case(_PATCH, lambda request: not update_mask(request)),
    "mask-in-snake-case": Case(_PATCH, lambda request: "_" in update_mask(request)),
    "mask-with-bare-comma": Case(_PATCH, lambda request: "," in request.url.partition("?")[2]),
    "grant": Case(("POST tunedModels/*/permissions",), text=_INVALID_VALUE),
    "transfer": Case(("POST tunedModels/*:transferOwnership",), text=_INVALID_VALUE),
    "cancel-without-body": Case(("POST tunedModels/*/operations/*:cancel",), lambda request: not request.body),
    "generate": Case(_GENERATE_BY_ANY, text=_INVALID_VALUE),
    "generate-in-creation": Case(GENERATE, text="not ready"),
    "generate-with-config": Case(GENERATE, lambda request: {"generationConfig", "contents"} <= set(request.json)),
    "large-page": Case(condition=_asks_for_large_page),
    "system-parameter": Case(
        condition=lambda request: {"quotaUser", "$quotaUser", "uploadType", "upload_protocol"} & set(request.query)
    ),
    "client-header": Case(
        condition=lambda request: (
            {"x-goog-request-params", "x-goog-request-reason"} & {*map(str.lower, request.headers)}
        )
    ),
    "trailing-comma": Case(condition=_in_body(rb",\s*[\]}]")),
    "member-in-snake-case": Case(condition=_in_body(rb'"[a-z]+(?:_[a-z]+)+"\s*:')),
    "enum-by-number": Case(condition=_in_body(rb'"(?:role|granteeType|state)":\s*\d')),
    "broken-json": Case(text="Invalid JSON payload received. (?!Unknown name)"),
    "large-body": Case(text="payload size exceeds"),
    "unknown-name": Case(text="Cannot find field|Cannot bind query parameter"),
    "wrong-type": Case(text="Invalid value at|not repeating|Root element|scalar field"),
    "system-instruction-in-v1": Case(condition=lambda request: request.version == "v1", text="systemInstruction"),
    "unknown-path": Case(text=_PAGE),
}
"""The requests and answers of the rows. A row from OK only uses the request: it does not reach the server."""

TABLE = (
    ("any", "FAILED_PRECONDITION", "INVALID_ARGUMENT"),
    ("any", "INVALID_ARGUMENT", "FAILED_PRECONDITION"),
    ("any", "INVALID_ARGUMENT", "UNPROCESSABLE"),
    ("any", "ALREADY_EXISTS", "INVALID_ARGUMENT"),
    ("any", "UNAUTHENTICATED", "PERMISSION_DENIED"),
    ("no-credentials", "PERMISSION_DENIED", "UNAUTHENTICATED"),
    ("unknown-key", "INVALID_ARGUMENT", "PERMISSION_DENIED"),
    ("key-without-user", "UNAUTHENTICATED", "OK"),
    ("model", "NOT_FOUND", "PERMISSION_DENIED"),
    ("model", "PERMISSION_DENIED", "NOT_FOUND"),
    ("create", "PERMISSION_DENIED", "ALREADY_EXISTS"),
    ("create", "INVALID_ARGUMENT", "OK"),
    ("create-at-limit", "OK", "INVALID_ARGUMENT"),
    ("create-without-hyperparameters", "OK", "INVALID_ARGUMENT"),
    ("create-with-multiplier", "OK", "INVALID_ARGUMENT"),
    ("whole-model", "OK", "INVALID_ARGUMENT"),
    ("patch-without-mask", "OK", "INVALID_ARGUMENT"),
    ("mask-in-snake-case", "OK", "INVALID_ARGUMENT"),
    ("mask-with-bare-comma", "OK", "INVALID_ARGUMENT"),
    ("grant", "INVALID_ARGUMENT", "OK"),
    ("transfer", "INVALID_ARGUMENT", "OK"),
    ("cancel-without-body", "OK", "INVALID_ARGUMENT"),
    ("generate", "INVALID_ARGUMENT", "OK"),
    ("generate", "NOT_FOUND", "OK"),
    ("generate-in-creation", "INVALID_ARGUMENT", "OK"),
    ("generate-with-config", "OK", "INVALID_ARGUMENT"),
    ("large-page", "OK", "INVALID_ARGUMENT"),
    ("system-parameter", "OK", "INVALID_ARGUMENT"),
    ("client-header", "OK", "INVALID_ARGUMENT"),
    ("trailing-comma", "OK", "INVALID_ARGUMENT"),
    ("member-in-snake-case", "OK", "INVALID_ARGUMENT"),
    ("enum-by-number", "OK", "INVALID_ARGUMENT"),
    ("broken-json", "INVALID_ARGUMENT", "INTERNAL"),
    ("large-body", "INVALID_ARGUMENT", "FAILED_PRECONDITION"),
    ("unknown-name", "INVALID_ARGUMENT", "OK"),
    ("wrong-type", "INVALID_ARGUMENT", "OK"),
    ("system-instruction-in-v1", "INVALID_ARGUMENT", "NOT_FOUND"),
    ("unknown-path", "NOT_FOUND", "METHOD_NOT_ALLOWED"),
    ("unknown-path", "NOT_FOUND", "OK"),
)

_STATUSES = surface("v1beta").http
_CODES = {**_STATUSES, "UNPROCESSABLE": 422, "METHOD_NOT_ALLOWED": 405}  # names of HTTP alone: the API's name stays
_METADATA = "type.googleapis.com/google.ai.generativelanguage.v1beta.CreateTunedModelMetadata"


def generated_answer(request: MutantRequest) -> MutantResponse:
    """Return an answer of a model to *request*, as a stream if the request asks for one."""
    content = {"parts": [{"text": "4"}], "role": "model"}
    answer = {"candidates": [{"content": content, "finishReason": "STOP", "index": 0}]}
    return MutantResponse.from_json([answer] if "stream" in request.path else answer)


def started_operation(name: str) -> MutantResponse:
    """Return the answer to a create request for the model *name*."""
    metadata = {"@type": _METADATA, "totalSteps": 38, "tunedModel": name}
    return MutantResponse.from_json({"name": f"{name}/operations/abcdefghijkl", "metadata": metadata})


def _successful_answer(request: MutantRequest) -> MutantResponse:
    if request.matches(*_GENERATE_BY_ANY):
        return generated_answer(request)
    if request.matches(*_CREATE):
        return started_operation(f"tunedModels/{request.query.get('tunedModelId', 'unchecked')}")
    if request.matches(*CASES["grant"].patterns):
        return MutantResponse.from_json({"name": f"{request.model}/permissions/1", **request.json})
    return MutantResponse.from_json({})


def _change_status(request: MutantRequest, response: MutantResponse, status: str) -> None:
    if status == "OK":
        response.replace_with(_successful_answer(request))
        return
    members: dict[str, Any] = {"code": _CODES[status], **({"status": status} if status in _STATUSES else {})}
    change_messages(request, response, lambda value: value.update(members), "Error")
    response.status = _CODES[status]


def _add(case: Case, name: str, old: str, new: str) -> None:
    def refuse(request: MutantRequest) -> MutantRequest | MutantResponse:
        return MutantResponse.from_error(_CODES[new], new) if case.includes(request) else request

    def change(request: MutantRequest, response: MutantResponse) -> None:
        has_status = response.status == _CODES[old] and response.error.get("status", old) == old
        if has_status and case.includes(request) and re.search(case.text, response.text):
            _change_status(request, response, new)

    mutant = f"{name}/{old}-as-{new}".lower().replace("_", "-")
    description = f"The server answers {new} in place of {old} ({name.replace('-', ' ')})."
    if old == "OK":
        GROUP.add_request(mutant, description, refuse)
    else:
        GROUP.add_response(mutant, description, change)


for _name, _old, _new in TABLE:
    _add(CASES[_name], _name, _old, _new)
