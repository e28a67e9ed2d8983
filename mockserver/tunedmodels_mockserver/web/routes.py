"""Lists the routes of the API. Each route connects a method and a path with the function of the core that answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace
from werkzeug.routing import BaseConverter

from ..core import errors
from ..core.methods import generation, models, operations, permissions, tuned_models
from ..core.methods.request_context import RequestContext
from ..wire.status import StatusError
from ..wire.surface import VERSIONS, Method, method, methods

Value = dict[str, Any]
View = Callable[[RequestContext, Value], Any]


def _unimplemented(method_id: str) -> View:
    def view(_call: RequestContext, _request: Value) -> Value:
        raise errors.unimplemented(method_id)

    return view


def _unimplemented_for_model(verb: str) -> View:
    def view(call: RequestContext, request: Value) -> Value:
        generation.base_model(call, request.get("batch", request)["model"], verb)
        raise errors.unimplemented(f"models.{verb}")

    return view


VIEWS: Mapping[str, View] = {
    "models.get": models.get,
    "models.list": models.list_,
    "models.generateContent": generation.generate_content,
    "models.streamGenerateContent": generation.stream_generate_content,
    "models.generateText": generation.generate_text,
    "models.countTokens": generation.count_tokens,
    **{
        f"models.{verb}": _unimplemented_for_model(verb)
        for verb in (
            "countTextTokens",
            "generateMessage",
            "countMessageTokens",
            "embedContent",
            "batchEmbedContents",
            "embedText",
            "batchEmbedText",
            "generateAnswer",
            "batchGenerateContent",
        )
    },
    "cachedContents.create": _unimplemented("cachedContents.create"),
    "tunedModels.create": tuned_models.create,
    "tunedModels.list": tuned_models.list_,
    "tunedModels.get": tuned_models.get,
    "tunedModels.patch": tuned_models.patch,
    "tunedModels.delete": tuned_models.delete,
    "tunedModels.transferOwnership": permissions.transfer_ownership,
    "tunedModels.generateContent": generation.generate_content,
    "tunedModels.streamGenerateContent": generation.stream_generate_content,
    "tunedModels.generateText": generation.generate_text,
    "tunedModels.batchGenerateContent": _unimplemented("tunedModels.batchGenerateContent"),
    "tunedModels.asyncBatchEmbedContent": _unimplemented("tunedModels.asyncBatchEmbedContent"),
    "tunedModels.permissions.create": permissions.create,
    "tunedModels.permissions.list": permissions.list_,
    "tunedModels.permissions.get": permissions.get,
    "tunedModels.permissions.patch": permissions.patch,
    "tunedModels.permissions.delete": permissions.delete,
    "tunedModels.operations.get": operations.get,
    "tunedModels.operations.list": operations.list_,
    "tunedModels.operations.cancel": operations.cancel,
    "tunedModels.operations.delete": operations.delete,
    "operations.list": operations.list_,
    "operations.delete": operations.delete,
}


class SegmentConverter(BaseConverter):
    """A variable segment of a path. It has no colon, because a colon begins a verb."""

    regex = "[^/:]+"


@dataclass(frozen=True, slots=True)
class Route:
    """A method under one path, for some versions.

    ``allowance`` is the id of the allowance that opens the route, or None for a route of the service. ``prefix`` is the
    part of the path before the resource name. ``error`` makes the error with which the service answers under this path.
    If it is None, the service does not know the path.
    """

    method: Method
    view: View
    versions: tuple[str, ...]
    allowance: str | None = None
    prefix: str = ""
    error: Callable[[], StatusError] | None = None

    @property
    def path(self) -> str:
        """The path after the version, with ``*`` for each variable segment."""
        return self.prefix + self.method.pattern + self.method.suffix

    def rule(self) -> str:
        """Return the path as a werkzeug rule."""
        places = iter(range(9))
        path = re.sub(r"\*\*", "<path:rest>", self.path)
        path = re.sub(r"\*", lambda _: f"<segment:segment{next(places)}>", path)
        return f"/<any({','.join(self.versions)}):version>/{path}"

    def name(self, path: str) -> str:
        """Return the resource name in *path*, the path after the version."""
        return path.removeprefix(self.prefix).removesuffix(self.method.suffix)


def routes() -> Iterator[Route]:
    """Yield every route: first those of the service, then those that only an allowance opens."""
    for entry in methods():
        yield Route(entry, VIEWS[entry.id], entry.versions)
    yield from _allowance_routes()


def _allowance_routes() -> Iterator[Route]:
    for entry in methods():
        if entry.id.startswith("tunedModels.") and "v1" not in entry.versions:
            yield Route(entry, VIEWS[entry.id], ("v1",), "v1-tuned-models")
    cancel = method("tunedModels.operations.cancel")
    beyond_v1 = tuple(version for version in VERSIONS if version != "v1")
    yield Route(cancel, VIEWS[cancel.id], beyond_v1, "cancel-beta")
    cancel_model = replace(cancel, id="tunedModels.cancel", pattern="tunedModels/*")
    yield Route(cancel_model, _cancel_model, VERSIONS, "cancel-model")
    count = replace(method("models.countTokens"), id="tunedModels.countTokens", pattern="tunedModels/*")
    yield Route(count, VIEWS["models.countTokens"], count.versions, "count-tokens")
    aliases = [method(f"tunedModels.{verb}") for verb in ("get", "generateContent", "streamGenerateContent")]
    for entry in [*aliases, count]:
        view = VIEWS.get(entry.id, VIEWS["models.countTokens"])
        yield Route(entry, view, ("v1", "v1beta", "v1alpha"), "models-prefix", "models/", _name_format(entry))


def _name_format(entry: Method) -> Callable[[], StatusError]:
    request = "GetModelRequest" if entry.id == "tunedModels.get" else entry.request
    return lambda: errors.model_name_format(request, entry.path_field or "name")


def _cancel_model(call: RequestContext, request: Value) -> Value:
    tuned_models.cancel(call, request["name"])
    return {}
