"""Mutants of the way a server reads a request: its path, parameters, headers and body."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace

from ..messages import Json
from ..mutant import Memory, MutantGroup, Send
from ..request import MutantRequest
from ..response import MutantResponse
from .statuses import GENERATE, hyperparameters, update_mask

GROUP = MutantGroup("requests")

_CREATE, _CHANGE = "POST tunedModels", "PATCH tunedModels/*/permissions/*"
_LISTS = ("GET tunedModels", "GET models", "GET tunedModels/*/permissions", "GET tunedModels/*/operations")


def _without_header(request: MutantRequest, name: str) -> MutantRequest:
    headers = {known: value for known, value in request.headers.items() if known.lower() != name}
    return replace(request, headers=headers) if len(headers) < len(request.headers) else request


def _without_parameters(request: MutantRequest, *names: str) -> MutantRequest:
    changed = request.with_query(**dict.fromkeys(names))
    return changed if changed.query != request.query else request


# -- Parameters and headers ------------------------------------------------------------------------------------

IGNORED = (
    ("page-token", "pageToken", (), ""),
    ("page-size", "pageSize", (), ""),
    ("filter", "filter", (), ""),
    ("update-mask", "updateMask", ("PATCH tunedModels/*",), ""),
    ("alt", "alt $alt", GENERATE, ""),
    ("enum-encoding", "alt $alt", (), "enum-encoding"),
    ("pretty-print", "prettyPrint $prettyPrint", (), ""),
    ("xgafv", "$.xgafv", (), "xgafv=1"),
    ("key", "key $key access_token oauth_token", (), ""),
)
"""Parameters that a mutant ignores: a name, the parameters, the patterns of the requests, a text in their URL."""


def _add_ignored(name: str, parameters: str, patterns: tuple[str, ...], text: str) -> None:
    def ignore(request: MutantRequest) -> MutantRequest:
        is_included = text in request.url and (not patterns or request.matches(*patterns))
        return _without_parameters(request, *parameters.split()) if is_included else request

    GROUP.add_request(f"parameter/{name}/ignored", f"The server ignores the parameter {parameters.split()[0]}.", ignore)


for _row in IGNORED:
    _add_ignored(*_row)


@GROUP.request
def key_header_ignored(request: MutantRequest) -> MutantRequest:
    """The server ignores a key in a header."""
    return _without_header(request, "x-goog-api-key")


@GROUP.request
def method_override_ignored(request: MutantRequest) -> MutantRequest:
    """The server ignores the header that overrides the method of a POST."""
    return _without_header(request, "x-http-method-override")


@GROUP.request
def field_masks_ignored(request: MutantRequest) -> MutantRequest:
    """The server ignores the mask of an answer."""
    return _without_parameters(_without_header(request, "x-goog-fieldmask"), "fields", "$fields")


@GROUP.request
def field_masks_one_level_deep(request: MutantRequest) -> MutantRequest:
    """The server only reads the first level of the mask of an answer."""
    fields = request.query.get("fields", "")
    return request.with_query(fields=fields.replace("(", "/").split("/")[0]) if {"/", "("} & set(fields) else request


@GROUP.request
def parameters_in_camel_case_alone(request: MutantRequest) -> MutantRequest:
    """The server ignores a parameter that has the name of the protos."""
    return _without_parameters(request, "pageSize") if "page_size" in request.query else request


@GROUP.request
def members_of_a_body_are_parameters(request: MutantRequest) -> MutantRequest:
    """The server accepts a member of the body as a parameter."""
    return _without_parameters(request, *(name for name in request.query if name.endswith("displayName")))


@GROUP.request
def errors_of_the_first_form_by_default(request: MutantRequest) -> MutantRequest:
    """An error has a list of errors, even if the client does not ask for it."""
    return request if "xgafv" in request.url or request.method != "GET" else request.with_query(**{"$.xgafv": "1"})


@GROUP.request
def masks_of_permissions_not_required(request: MutantRequest) -> MutantRequest:
    """A patch of a permission needs no mask."""
    is_without = request.matches(_CHANGE) and not update_mask(request)
    return request.with_query(updateMask="role") if is_without else request


# -- Pages and filters -----------------------------------------------------------------------------------------


@GROUP.request
def all_on_one_page(request: MutantRequest) -> MutantRequest:
    """A page without a size has all entries."""
    is_without = request.query.get("pageSize", "0") == "0" and "page_size" not in request.query
    return request.with_query(pageSize="1000") if request.matches(*_LISTS) and is_without else request


@GROUP.request
def negative_pages_accepted(request: MutantRequest) -> MutantRequest:
    """The server accepts a negative page size."""
    return request.with_query(pageSize=None) if request.query.get("pageSize", "").startswith("-") else request


@GROUP.request
def any_token_accepted(request: MutantRequest) -> MutantRequest:
    """An invalid page token, or one of another list, leads to the first page."""
    token = request.query.get("pageToken")
    is_wrong = token is not None and (len(token) < 13 or "filter" in request.query)
    return request.with_query(pageToken=None) if is_wrong else request


@GROUP.request
def filters_match_nothing(request: MutantRequest) -> MutantRequest:
    """A filter matches nothing."""
    return request.with_query(filter="nothing-has-this-word") if "filter" in request.query else request


@GROUP.request
def shared_models_unlisted(request: MutantRequest) -> MutantRequest:
    """A list has only the models of the caller."""
    is_list = request.matches("GET tunedModels") and "filter" not in request.query
    return request.with_query(filter="owner:me") if is_list else request


# -- Create requests -------------------------------------------------------------------------------------------


@GROUP.request
def bytes_are_characters(request: MutantRequest) -> MutantRequest:
    """The limit of a display name is in characters, not in bytes."""
    sent = request.json if request.matches(_CREATE, "PATCH tunedModels/*") else {}
    name = sent.get("displayName", "")
    return request.with_json({**sent, "displayName": "x" * len(name)}) if isinstance(name, str) and name else request


@GROUP.request
def ids_always_random(request: MutantRequest) -> MutantRequest:
    """The id of a model does not come from its display name."""
    is_without = request.matches(_CREATE) and "tunedModelId" not in request.query
    return request.with_query(tunedModelId=f"m-{secrets.token_hex(8)}") if is_without else request


@GROUP.request
def ids_without_a_random_part(request: MutantRequest) -> MutantRequest:
    """The id of a model is its display name, so two models cannot have the same display name."""
    name = request.json.get("displayName") if request.matches(_CREATE) else None
    if not name or "tunedModelId" in request.query:
        return request
    return request.with_query(tunedModelId=re.sub("[^a-z0-9]+", "-", str(name).lower()).strip("-")[:40])


@GROUP.request
def given_ids_ignored(request: MutantRequest) -> MutantRequest:
    """A model gets a random id in place of the id in the request."""
    given = request.query.get("tunedModelId", "") if request.matches(_CREATE) else ""
    is_given = re.fullmatch("contracts-[0-9a-f]+", given)
    return request.with_query(tunedModelId=f"m-{secrets.token_hex(8)}") if is_given else request


@GROUP.request
def default_batches_of_eight(request: MutantRequest) -> MutantRequest:
    """The default batch size is eight."""
    if not request.matches(_CREATE) or "baseModel" not in request.json or hyperparameters(request):
        return request
    task: Json = {**request.json.get("tuningTask", {}), "hyperparameters": {"batchSize": 8}}
    return request.with_json({**request.json, "tuningTask": task})


# -- Versions --------------------------------------------------------------------------------------------------


@GROUP.request
def no_v1(request: MutantRequest) -> MutantRequest:
    """There is no version v1."""
    return request.with_path(request.path, "v0") if request.version == "v1" else request


@GROUP.request
def no_older_versions(request: MutantRequest) -> MutantRequest:
    """There is no version v1beta3 and no version v1alpha."""
    return request.with_path(request.path, "v0") if request.version in ("v1beta3", "v1alpha") else request


@GROUP.stateful
def every_version_has_all(_: Memory, request: MutantRequest, send: Send) -> MutantResponse:
    """Each version has all paths of the other versions."""
    response = send(request)
    for version in ("v1beta", "v1"):
        if response.status == 404 and not response.error:
            response = send(request.with_path(request.path, version))
    return response
