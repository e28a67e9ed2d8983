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
class ProbeResult:
    """The result of a probe: the name of a base model, whether it can be tuned, and whether the server checks
    credentials.
    """

    base_model: str
    has_tunable_model: bool
    checks_credentials: bool

    @property
    def capabilities(self) -> frozenset[Need]:
        """The needs of clauses that the server meets."""
        supported = {Need.TUNABLE_MODEL: self.has_tunable_model, Need.CREDENTIALS_JUDGED: self.checks_credentials}
        return frozenset(need for need, is_met in supported.items() if is_met)


def probe(api: Api, missing_id: str, base_model: str = "") -> ProbeResult:
    """Send requests to a server to find out what it supports. *missing_id* is an id that no model has.

    If *base_model* is given, assume that it can be tuned. Raises TargetError if the server refuses the caller.
    """
    anonymous_answer = api.by(AnonymousCredentials()).get(f"v1beta/tunedModels/{missing_id}")
    checks_credentials = anonymous_answer.status in (401, 403)
    if base_model:
        name = base_model if "/" in base_model else f"models/{base_model}"
        return ProbeResult(name, has_tunable_model=True, checks_credentials=checks_credentials)
    answer = api.get("v1beta/models", {"pageSize": 1000})
    if answer.status in (400, 401, 403):
        raise TargetError(f"The server refused the credentials: {answer}: {_message(answer)}")
    if answer.status != 200:  # some mock servers have no base models
        return ProbeResult(TUTORIALS_MODEL, has_tunable_model=True, checks_credentials=checks_credentials)
    models = api.list_all("v1beta/models", {"pageSize": 1000}) if answer.json.get("nextPageToken") else None
    models = answer.json.get("models", []) if models is None else models
    tunable = [
        model["name"]
        for method in _METHODS
        for model in models
        if method in model.get("supportedGenerationMethods", ())
    ]
    names = [*tunable, *(model["name"] for model in models), TUTORIALS_MODEL]
    return ProbeResult(names[0], has_tunable_model=bool(tunable), checks_credentials=checks_credentials)


def _message(answer: Answer) -> str:
    try:
        return str(answer.json["error"]["message"])[:300]
    except (AssertionError, KeyError, TypeError):
        return repr(answer.text[:100])
