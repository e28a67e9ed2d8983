"""Lists the allowances, which are requests of real clients that the service refuses and the server accepts.

Each allowance names the clients that need it, since which version, and an alternative for the user. Allowances are on
by default, and ``--strict`` switches all of them off; then the answer is the service's, as far as it is known. If an
allowance applies, the answer names it in the header ``X-Tunedmodels-Note``.
"""

from __future__ import annotations

import msgspec


class Allowance(msgspec.Struct, frozen=True):
    """One allowance: the clients that need it, the requests that it accepts, and a way to do without it.

    ``service_answer`` is the answer of the service. ``source`` says how it is known: observed, documented or inferred.
    """

    id: str
    clients: str
    accepts: str
    service_answer: str
    source: str
    alternative: str

    @property
    def note(self) -> str:
        """The sentence for the answer's header and the log."""
        return (
            f"{self.accepts} ({self.clients}). The service ({self.source}): {self.service_answer}. "
            f"Alternative: {self.alternative}."
        )


ALLOWANCES = {
    allowance.id: allowance
    for allowance in (
        Allowance(
            "v1-tuned-models",
            "google-genai and @google/genai since 3.0 send them there",
            "A tunedModels call under /v1 was read as one under /v1beta",
            "404, v1 has no such method",
            "documented",
            "set the client's api_version to v1beta",
        ),
        Allowance(
            "v1-members",
            "google-genai and @google/genai since 3.0 ask tuned models there as they do under v1beta",
            "A request for a tuned model under /v1 had members that only v1beta has, and was read as one of v1beta",
            "400, Unknown name",
            "documented",
            "set the client's api_version to v1beta",
        ),
        Allowance(
            "no-training-data",
            "google-genai since 1.47 and @google/genai since 1.28 drop the data",
            "A create call without training data was counted as 20 examples",
            "400, training_data is required",
            "inferred",
            "pass the data once more as http_options.extra_body",
        ),
        Allowance(
            "models-prefix",
            "LangChain's completion class and litellm put models/ before every name",
            "models/tunedModels/{id} was read as tunedModels/{id}",
            "400, unexpected model name format",
            "observed",
            "use the client's chat class, or a name that the client leaves alone",
        ),
        Allowance(
            "cancel-model",
            "tunings.cancel of google-genai and @google/genai",
            "tunedModels/{id}:cancel cancelled the operation that makes the model",
            "404, there is no such method",
            "documented",
            "POST the operation's name with :cancel under /v1",
        ),
        Allowance(
            "cancel-beta",
            "google-generativeai 0.x posts it there",
            "An operation's :cancel was accepted outside /v1",
            "404, only v1 has it",
            "inferred",
            "POST it under /v1",
        ),
        Allowance(
            "count-tokens",
            "google-genai and @google/genai offer it for every model",
            ":countTokens was answered for a tuned model",
            "404, only base models have it",
            "documented",
            "count with the base model",
        ),
        Allowance(
            "doubled-slashes",
            "google-generativeai with an endpoint that ends in a slash",
            "Doubled slashes in the path were read as one",
            "404",
            "inferred",
            "give the endpoint without a slash at its end",
        ),
        Allowance(
            "system-instruction",
            "pydantic-ai, LangChain and llama-index send one with every prompt",
            "A system instruction for a tuned model was accepted and ignored",
            "400, Developer instruction is not enabled",
            "inferred",
            "put the instruction into the prompt",
        ),
        Allowance(
            "multi-turn",
            "the chat classes of google-genai and LangChain send the whole conversation",
            "A conversation of several turns with a tuned model was accepted; its last turn is answered",
            "400, Multiturn chat is not enabled",
            "inferred",
            "send the last turn alone",
        ),
    )
}


class Allowances(msgspec.Struct):
    """The allowances of one request: whether they are on, and those that have applied until now."""

    strict: bool = False
    applied: list[Allowance] = msgspec.field(default_factory=list)

    def permit(self, allowance_id: str) -> bool:
        """Record that the allowance applies and return True. Return False under ``--strict``."""
        if self.strict:
            return False
        allowance = ALLOWANCES[allowance_id]
        if allowance not in self.applied:
            self.applied.append(allowance)
        return True
