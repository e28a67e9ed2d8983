"""Mutants of tuned models, base models and permissions: what requests do to them, and what lists and answers show."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from ...schema.methods import method_of
from ..messages import Json, change_messages
from ..mutant import Memory, MutantGroup, Send
from ..request import MutantRequest
from ..response import MutantResponse
from .statuses import GENERATE, update_mask

GROUP = MutantGroup("resources")

_CREATE, _LIST, _PATCH = "POST tunedModels", "GET tunedModels", "PATCH tunedModels/*"
_CHANGE = "PATCH tunedModels/*/permissions/*"
_PAGES = {
    "ListTunedModelsResponse": "tunedModels",
    "ListModelsResponse": "models",
    "ListPermissionsResponse": "permissions",
    "ListOperationsResponse": "operations",
}


Edit = Callable[[list[Any], Json], list[Any]]


def _edit_entries(
    request: MutantRequest, response: MutantResponse, edit: Edit, pages: tuple[str, ...] = tuple(_PAGES)
) -> None:
    """Replace the entries of a page by ``edit(entries, page)``."""
    for name in pages:
        change_messages(request, response, partial(_edit_page, _PAGES[name], edit), name)


def _edit_page(member: str, edit: Edit, page: Json) -> None:
    page[member] = edit(page.get(member, []), page)
    if not page[member]:
        del page[member]


def _requested_model(request: MutantRequest) -> str:
    """Return the name of the model that a request creates or changes."""
    return request.model or f"tunedModels/{request.query.get('tunedModelId', '')}"


# -- Requests without effect -----------------------------------------------------------------------------------

FORGOTTEN = (
    ("deletions-forgotten", "A delete request for a model", "DELETE tunedModels/*"),
    ("withdrawals-forgotten", "A delete request for a permission", "DELETE tunedModels/*/permissions/*"),
    ("transfers-forgotten", "A transfer of ownership", "POST tunedModels/*:transferOwnership"),
    ("cancel-ignored", "A cancel request", "POST tunedModels/*/operations/*:cancel"),
)
"""Requests that succeed without any effect if their resource exists: a name, a description, and a pattern."""


def _add_forgotten(name: str, description: str, pattern: str) -> None:
    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        is_valid = method_of(request.method, request.url) and (request.json or "transfer" not in request.path)
        if request.matches(pattern) and is_valid:
            resource = send(request.to_get(request.path.partition(":")[0]))
            if resource.status == 200 and "OWNER" not in resource.text:
                return MutantResponse.from_json({})
        return send(request)

    GROUP.add(name, f"{description} succeeds without any effect.", lambda: handle, is_stateful=True)


for _row in FORGOTTEN:
    _add_forgotten(*_row)


# -- Names -----------------------------------------------------------------------------------------------------


@GROUP.stateful
def operation_ids_in_capitals(_: Memory, request: MutantRequest, send: Send) -> MutantResponse:
    """The ids of operations have capital letters."""
    pattern = r"(/operations/)([A-Za-z0-9]+)"
    path = re.sub(pattern, lambda found: found[1] + found[2].lower(), request.path)
    response = send(request.with_path(path) if path != request.path else request)
    if response.status == 200:
        response.text = re.sub(pattern, lambda found: found[1] + found[2].upper(), response.text)
    return response


@GROUP.stateful
def operations_of_no_model(memory: Memory, request: MutantRequest, send: Send) -> MutantResponse:
    """The name of an operation does not have the name of its model before it."""
    name, colon, verb = request.path.partition(":")
    response = send(request.with_path(f"{memory[name]}{colon}{verb}") if name in memory else request)

    def shorten(value: Json) -> None:
        short = f"operations/{value['name'].rpartition('/')[2]}"
        memory[short], value["name"] = value["name"], short

    change_messages(request, response, shorten, "Operation")
    return response


@GROUP.stateful
def short_ids_of_permissions(memory: Memory, request: MutantRequest, send: Send) -> MutantResponse:
    """The id of a permission has six digits, and that of everyone is 0."""
    memory["0"] = "everyone"
    head, _, key = request.path.partition("/permissions/")
    response = send(request.with_path(f"{head}/permissions/{memory[key]}") if key in memory else request)

    def shorten(found: re.Match[str]) -> str:
        short = "0" if found[2] == "everyone" else found[2][-6:]
        memory[short] = found[2]
        return f"{found[1]}{short}"

    response.text = re.sub(r"(/permissions/)(\d{20,}|everyone)", shorten, response.text)
    return response


# -- Tuned models ----------------------------------------------------------------------------------------------


@GROUP.stateful
def invisible_at_first(memory: Memory, request: MutantRequest, send: Send) -> MutantResponse:
    """The first get request for a new model and the first list after its creation do not show it."""
    response = send(request)
    new: set[str] = memory.setdefault("new", set())
    unlisted: set[str] = memory.setdefault("unlisted", set())
    if request.matches(_CREATE) and response.status == 200:
        new.add(_requested_model(request))
        unlisted.add(_requested_model(request))
    elif request.matches("GET tunedModels/*") and request.model in new:
        new.remove(request.model)
        return MutantResponse.from_error(404, "NOT_FOUND")
    elif request.matches(_LIST):
        _edit_entries(
            request, response, lambda entries, _: [entry for entry in entries if entry.get("name") not in unlisted]
        )
        unlisted.clear()
    return response


@GROUP.stateful
def training_data_shown(memory: Memory, request: MutantRequest, send: Send) -> MutantResponse:
    """A model shows its training data."""
    response = send(request)
    if request.matches(_CREATE) and response.status == 200 and "tuningTask" in request.json:
        memory[_requested_model(request)] = request.json["tuningTask"]["trainingData"]

    def show(value: Json) -> None:
        if value.get("name") in memory and "tuningTask" in value:
            value["tuningTask"]["trainingData"] = memory[value["name"]]

    change_messages(request, response, show, "TunedModel")
    return response


@GROUP.stateful
def output_members_accepted(memory: Memory, request: MutantRequest, send: Send) -> MutantResponse:
    """The server accepts members that only the service sets: the state and the times."""
    response = send(request)
    if request.matches(_CREATE, _PATCH) and response.status == 200:
        names = ("state", "createTime", "updateTime")
        memory[_requested_model(request)] = {name: request.json[name] for name in names if name in request.json}
    change_messages(request, response, lambda value: value.update(memory.get(value.get("name", ""), {})), "TunedModel")
    return response


@GROUP.message("TunedModel")
def display_name_is_the_id(value: Json) -> None:
    """A model without a display name shows its id in place of it."""
    if "name" in value:
        value.setdefault("displayName", value["name"].partition("/")[2])


@GROUP.message("Model", "GET models")
def base_models_listed_in_short(value: Json) -> None:
    """A list of base models does not show their descriptions."""
    value.pop("description", None)


# -- Patches ---------------------------------------------------------------------------------------------------


@GROUP.stateful
def patches_show_the_whole(_: Memory, request: MutantRequest, send: Send) -> MutantResponse:
    """The answer to a patch is the whole model."""
    response = send(request)
    return send(request.to_get(request.model)) if request.matches(_PATCH) and response.status == 200 else response


@GROUP.stateful
def patches_forgotten(_: Memory, request: MutantRequest, send: Send) -> MutantResponse:
    """A patch of a model succeeds without any effect."""
    if not request.matches(_PATCH):
        return send(request)
    before = send(request.to_get(request.model)).json or {}
    response = send(request)
    if response.status == 200:
        names = ("displayName", "description", "temperature", "topP", "topK", "readerProjectNumbers")
        members = {name: before[name] for name in names if name in before}
        send(request.with_query(updateMask=",".join(names)).with_json(members))
    return response


@GROUP.stateful
def masks_reach_everything(memory: Memory, request: MutantRequest, send: Send) -> MutantResponse:
    """A patch changes members that never change: the base model and the state."""
    mask = update_mask(request) if request.matches(_PATCH) else ""
    fixed = {name: request.json[name] for name in ("baseModel", "state") if name in request.json and name in mask}
    if fixed:
        memory.setdefault(request.model, {}).update(fixed)
        return MutantResponse.from_json(fixed)
    response = send(request)
    change_messages(request, response, lambda value: value.update(memory.get(value.get("name", ""), {})), "TunedModel")
    return response


@GROUP.response_to
def changed_permissions_in_part(request: MutantRequest, response: MutantResponse) -> None:
    """The answer to a patch of a permission has only the member of the mask."""
    if request.matches(_CHANGE) and response.status == 200:
        response.json = {"role": response.json["role"]}


@GROUP.stateful
def permission_patches_forgotten(_: Memory, request: MutantRequest, send: Send) -> MutantResponse:
    """A patch of a permission succeeds without any effect."""
    role = request.json.get("role")
    if not request.matches(_CHANGE) or not isinstance(role, str) or update_mask(request) != "role":
        return send(request)
    response = send(request.to_get(request.path))
    change_messages(request, response, lambda value: value.update(role=role), "Permission")
    return response


# -- Lists -----------------------------------------------------------------------------------------------------


@GROUP.response_to
def last_of_a_page_lost(request: MutantRequest, response: MutantResponse) -> None:
    """A page that is not the last lacks its last entry."""
    _edit_entries(request, response, lambda entries, page: entries[: -1 if page.get("nextPageToken") else None])


@GROUP.response_to
def last_of_a_page_twice(request: MutantRequest, response: MutantResponse) -> None:
    """A page has its last entry twice."""
    _edit_entries(request, response, lambda entries, _: [*entries, *entries[-1:]])


@GROUP.message(" ".join(_PAGES))
def token_on_the_last_page(value: Json) -> None:
    """The last page has a token for another page."""
    if set(_PAGES.values()) & set(value):
        value.setdefault("nextPageToken", "bW9yZQ==")


@GROUP.response_to
def newest_first(request: MutantRequest, response: MutantResponse) -> None:
    """The newest entry is the first of its page."""
    _edit_entries(request, response, lambda entries, _: entries[::-1])


@GROUP.response_to
def names_alone(request: MutantRequest, response: MutantResponse) -> None:
    """A list of tuned models shows only their names."""
    pages = ("ListTunedModelsResponse",)
    _edit_entries(request, response, lambda entries, _: [{"name": entry["name"]} for entry in entries], pages)


def _add_models(request: MutantRequest, response: MutantResponse, more: list[Json]) -> None:
    """Add to the list of tuned models in *response* the *more* models that it lacks."""

    def extend(page: Json) -> None:
        names = {model["name"] for model in page.get("tunedModels", [])}
        models = page.get("tunedModels", []) + [model for model in more if model["name"] not in names]
        page.update({"tunedModels": models} if models else {})

    change_messages(request, response, extend, "ListTunedModelsResponse")


@GROUP.stateful
def models_of_all_callers(memory: Memory, request: MutantRequest, send: Send) -> MutantResponse:
    """A list has the models of all callers."""
    response = send(request)
    if request.matches(_CREATE) and response.status == 200:
        memory[request.caller] = request
    if request.matches(_LIST) and response.status == 200 and "filter" not in request.query:
        for caller, other in memory.items():
            if caller != request.caller:
                page = send(request.with_credentials_of(other)).json or {}
                _add_models(request, response, page.get("tunedModels", []))
    return response


@GROUP.stateful
def models_for_everyone_listed(_: Memory, request: MutantRequest, send: Send) -> MutantResponse:
    """A list has all models that everyone can read."""
    response = send(request)
    if request.matches(_LIST) and response.status == 200 and "filter" not in request.query:
        page = send(request.with_query(filter="readers:everyone")).json or {}
        _add_models(request, response, page.get("tunedModels", []))
    return response


@GROUP.message("ListPermissionsResponse")
def owner_last(value: Json) -> None:
    """The permission of the owner is the last."""
    value["permissions"].reverse()


@GROUP.response_to
def owner_unlisted(request: MutantRequest, response: MutantResponse) -> None:
    """A list of permissions does not show that of the owner."""
    if "pageSize" not in request.query:
        pages = ("ListPermissionsResponse",)
        _edit_entries(
            request, response, lambda entries, _: [entry for entry in entries if entry["role"] != "OWNER"], pages
        )


# -- Generation ------------------------------------------------------------------------------------------------


@GROUP.message("Content", *GENERATE)
def role_of_an_assistant(value: Json) -> None:
    """The role of a model is assistant, as in other APIs."""
    value["role"] = "assistant"


@GROUP.message("Candidate")
def ratings_in_another_order(value: Json) -> None:
    """The safety ratings are in reverse order."""
    value.get("safetyRatings", []).reverse()
