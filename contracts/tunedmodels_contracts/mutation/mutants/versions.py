"""Mutants of versions and routes: which paths there are, and what answers where there is none."""

from __future__ import annotations

from ..mutant import Handler, MutantGroup, Send
from ..request import MutantRequest
from ..response import MutantResponse

GROUP = MutantGroup("versions")


def _is_unknown_route(response: MutantResponse) -> bool:
    return response.status == 404 and not response.text.lstrip().startswith(("{", "["))


@GROUP.stateful
def every_version_has_all() -> Handler:
    """What one version has the others have too."""

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        response = send(request)
        for version in ("v1beta", "v1"):
            if _is_unknown_route(response):
                response = send(request.with_path(request.path, version))
        return response

    return handle


@GROUP.request
def no_v1(request: MutantRequest) -> MutantRequest:
    """There is no version v1."""
    return request.with_path(request.path, "v0") if request.version == "v1" else request


@GROUP.request
def no_older_versions(request: MutantRequest) -> MutantRequest:
    """There is neither v1beta3 nor v1alpha."""
    return request.with_path(request.path, "v0") if request.version in ("v1beta3", "v1alpha") else request


@GROUP.response_to
def wordings_of_v1beta(request: MutantRequest, response: MutantResponse) -> None:
    """A refusal names version v1beta, whichever was asked."""
    if request.version == "v1" and response.error:
        response.text = response.text.replace("API version v1,", "API version v1beta,")


@GROUP.response
def unknown_routes_in_envelopes(response: MutantResponse) -> None:
    """A path that there is not is refused as a model that there is not is."""
    if _is_unknown_route(response):
        response.replace_with(MutantResponse.from_error(404, "NOT_FOUND", "Not found."))


@GROUP.response
def unknown_routes_succeed(response: MutantResponse) -> None:
    """A path that there is not answers with nothing."""
    if _is_unknown_route(response):
        response.replace_with(MutantResponse.from_json({}))


@GROUP.response
def unknown_methods_are_405(response: MutantResponse) -> None:
    """Another method of a path that there is is not allowed: 405."""
    if _is_unknown_route(response):
        response.status = 405
