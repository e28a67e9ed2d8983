"""Probes a server to find out what it supports."""

from __future__ import annotations

from dataclasses import dataclass

from google.auth.credentials import AnonymousCredentials

from ..clauses.clause import Need
from ..harness.answer import Answer
from ..harness.api import Api
from .target import TargetError

TUTORIALS_MODEL = "models/gemini-1.0-pro-001"
_METHODS = ("createTunedModel", "createTunedTextModel")  # the second is its name for PaLM models


@dataclass(frozen=True)
class Inquiry:
    """The result of a probe: the *base_model* to tune, whether it is *tunable*, and whether the server checks
    credentials (*judged*).
    """

    base_model: str
    tunable: bool
    judged: bool

    @property
    def capabilities(self) -> frozenset[Need]:
        """The needs of clauses that the server meets."""
        found = {Need.TUNABLE_MODEL: self.tunable, Need.CREDENTIALS_JUDGED: self.judged}
        return frozenset(need for need, there in found.items() if there)


def probe(api: Api, missing_id: str, base_model: str = "") -> Inquiry:
    """Send requests to a server to find out what it supports. *missing_id* is an id that no model has.

    If *base_model* is given, assume that it can be tuned. Raises TargetError if the server refuses the caller.
    """
    nobody = api.by(AnonymousCredentials()).get(f"v1beta/tunedModels/{missing_id}")
    judged = nobody.status in (401, 403)
    if base_model:
        return Inquiry(base_model if "/" in base_model else f"models/{base_model}", tunable=True, judged=judged)
    answer = api.get("v1beta/models", {"pageSize": 1000})
    if answer.status in (400, 401, 403):
        raise TargetError(f"The credentials are not let in: {answer} says {_message(answer)}")
    if answer.status != 200:  # some fakes have no base models
        return Inquiry(TUTORIALS_MODEL, tunable=True, judged=judged)
    models = api.list_all("v1beta/models", {"pageSize": 1000}) if answer.json.get("nextPageToken") else None
    models = answer.json.get("models", []) if models is None else models
    able = [
        model["name"]
        for method in _METHODS
        for model in models
        if method in model.get("supportedGenerationMethods", ())
    ]
    names = [*able, *(model["name"] for model in models), TUTORIALS_MODEL]
    return Inquiry(names[0], tunable=bool(able), judged=judged)


def _message(answer: Answer) -> str:
    try:
        return str(answer.json["error"]["message"])[:300]
    except (AssertionError, KeyError, TypeError):
        return repr(answer.text[:100])
