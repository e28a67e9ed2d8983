"""Implements the methods of the long-running operations that make tuned models.

An operation is another view of its model's record.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from ...wire import pages
from ...wire.status import Code, StatusError
from .. import errors
from ..answers import ScriptedPoll
from ..resource_names import TUNED_MODELS
from ..state.records import Role, TunedModelRecord
from . import access, resources, tuned_models
from .request_context import RequestContext

Value = dict[str, Any]

DEFAULT_PAGE_SIZE = 10  # invented: no list of operations was observed
_SEPARATOR = "/operations/"


def find(call: RequestContext, name: str) -> TunedModelRecord:
    """Return the record whose operation is called *name*. Raise StatusError if there is none."""
    model_name, _, operation_id = name.partition(_SEPARATOR)
    try:
        record = access.find(call, model_name, Role.READER)
    except StatusError as error:
        if error.status.code is Code.NOT_FOUND:
            raise errors.not_found() from None
        raise
    if record.operation_id != operation_id:
        raise errors.not_found()
    return record


def get(call: RequestContext, request: Value) -> Mapping[str, Any] | ScriptedPoll:
    """Return one operation."""
    return tuned_models.poll(call, find(call, request["name"]), resources.operation)


def list_(call: RequestContext, request: Value) -> Value:
    """Return a page of operations: of one tuned model, or of all models that the caller may see.

    A tuned model has one operation. ``filter`` and ``returnPartialSuccess`` change nothing (invented).
    """
    size = pages.page_size(request.get("page_size", 0), DEFAULT_PAGE_SIZE)
    parent = request["name"].removesuffix("/operations").removesuffix("operations")
    parameters = (call.world.name, request["name"], call.caller.email)
    start = pages.page_start(request.get("page_token", ""), *parameters)
    if parent:
        page = [access.find(call, parent, Role.READER)]
    else:
        visible = (
            record for record in call.world.store.records_after(start) if access.personal_role(record, call.caller)
        )
        page = list(islice(visible, size + 1))
    answer: Value = {"operations": [resources.operation(record, call.now) for record in page[:size]]}
    if len(page) > size:
        answer["next_page_token"] = pages.page_token(page[size - 1].sequence, *parameters)
    return answer


def cancel(call: RequestContext, request: Value) -> Value:
    """Cancel an operation, best effort. A finished operation does not change, and the answer is the same."""
    tuned_models.cancel(call, find(call, request["name"]).name)
    return {}


def delete(_call: RequestContext, request: Value) -> Value:
    """Raise StatusError: the service does not delete operations of tuned models (Google's own client notes 501)."""
    if not request["name"].startswith(TUNED_MODELS):
        raise errors.not_found()
    raise errors.unimplemented("Deleting the operation of a tuned model")
