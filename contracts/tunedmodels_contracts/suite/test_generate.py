"""These clauses check what a tuned model answers to a prompt, and which prompts are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tunedmodels_contracts.clauses.clause import Cost, Level, Need, clause
from tunedmodels_contracts.harness.answer import Answer
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.harness.tuning_runs import ObservedRun

GENERATE = "tunedModels.generateContent"
INVALID, NOT_FOUND, DENIED = "400 INVALID_ARGUMENT", "404 NOT_FOUND", "403 PERMISSION_DENIED"
PROMPT: dict[str, Any] = {"contents": [{"parts": [{"text": "100"}]}]}

RATED = [
    "HARM_CATEGORY_SEXUALLY_EXPLICIT",
    "HARM_CATEGORY_HATE_SPEECH",
    "HARM_CATEGORY_HARASSMENT",
    "HARM_CATEGORY_DANGEROUS_CONTENT",
]

Create = Callable[..., Answer]


# -- The answer ------------------------------------------------------------------------------------------------


@clause("generate/a-candidate", GENERATE, cost=Cost.TUNING)
@pytest.mark.parametrize("version", ["v1beta", "v1"])
def test_a_candidate(api: Api, finished_run: ObservedRun, version: str) -> None:
    """The answer is one candidate with a text, the finish reason STOP, the index 0 (which is written) and safety
    ratings. Observed in 2024, in v1 and v1beta.
    """
    answer = api.post(f"{version}/{finished_run.name}:generateContent", PROMPT).ok()
    (candidate,) = answer["candidates"]

    assert list(candidate)[:4] == ["content", "finishReason", "index", "safetyRatings"]
    assert list(candidate["content"]) == ["parts", "role"]
    assert [list(part) for part in candidate["content"]["parts"]] == [["text"]]
    assert candidate["content"]["parts"][0]["text"]
    assert candidate["content"]["role"] == "model"
    assert candidate["finishReason"] == "STOP"
    assert candidate["index"] == 0


@clause("generate/safety-ratings", GENERATE, cost=Cost.TUNING)
def test_safety_ratings(api: Api, finished_run: ObservedRun) -> None:
    """A harmless answer has ratings in four categories, in a fixed order. Observed in 2024."""
    (candidate,) = api.post(f"v1beta/{finished_run.name}:generateContent", PROMPT).ok()["candidates"]

    assert candidate["safetyRatings"] == [{"category": rated, "probability": "NEGLIGIBLE"} for rated in RATED]


@clause("generate/usage", GENERATE, level=Level.OPTIONAL, cost=Cost.TUNING)
def test_usage(api: Api, finished_run: ObservedRun) -> None:
    """The answer counts the tokens of the prompt, of the candidates and of both together. Observed from July 2024."""
    answer = api.post(f"v1beta/{finished_run.name}:generateContent", PROMPT).ok()
    usage = answer["usageMetadata"]

    assert list(answer)[:2] == ["candidates", "usageMetadata"]
    assert list(usage)[:3] == ["promptTokenCount", "candidatesTokenCount", "totalTokenCount"]
    assert usage["totalTokenCount"] == usage["promptTokenCount"] + usage["candidatesTokenCount"] > 1


@clause("generate/with-a-role", GENERATE, cost=Cost.TUNING)
def test_with_a_role(api: Api, finished_run: ObservedRun) -> None:
    """A request can say that the prompt is the user's, and how to generate. Documented."""
    request_body = {
        "contents": [{"role": "user", "parts": [{"text": "100"}]}],
        "generationConfig": {"temperature": 0.5, "topP": 0.9, "topK": 20, "maxOutputTokens": 100},
        "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_ONLY_HIGH"}],
    }

    assert api.post(f"v1beta/{finished_run.name}:generateContent", request_body).ok()["candidates"]


@clause("generate/shared-with-everyone", GENERATE, "tunedModels.get", cost=Cost.TUNING, needs=[Need.SECOND_CALLER])
def test_shared_with_everyone(api: Api, other_api: Api, scratch_run: ObservedRun) -> None:
    """If everyone may read a model, any user can read it and generate with it. Observed in 2025."""
    api.post(f"v1beta/{scratch_run.name}/permissions", {"granteeType": "EVERYONE", "role": "READER"}).ok()
    try:
        assert other_api.get(f"v1beta/{scratch_run.name}").ok()["name"] == scratch_run.name
        assert other_api.post(f"v1beta/{scratch_run.name}:generateContent", PROMPT).ok()["candidates"]
    finally:
        api.delete(f"v1beta/{scratch_run.name}/permissions/everyone")


@clause("generate/shared-with-every-key", GENERATE, "tunedModels.get", cost=Cost.TUNING)
def test_shared_with_every_key(api: Api, key_api: Api, scratch_run: ObservedRun) -> None:
    """If everyone may read a model, any API key is enough to read it and generate with it. Observed in 2025."""
    api.post(f"v1beta/{scratch_run.name}/permissions", {"granteeType": "EVERYONE", "role": "READER"}).ok()
    try:
        assert key_api.get(f"v1beta/{scratch_run.name}").ok()["name"] == scratch_run.name
        assert key_api.post(f"v1beta/{scratch_run.name}:generateContent", PROMPT).ok()["candidates"]
    finally:
        api.delete(f"v1beta/{scratch_run.name}/permissions/everyone")


# -- Errors ----------------------------------------------------------------------------------------------------


@clause("generate/not-ready", GENERATE, outcome=INVALID, cost=Cost.TUNING)
def test_not_ready(api: Api, in_creation: str) -> None:
    """A model in creation is not ready to use, and the error says so in a fixed message. Observed in 2024 and 2025."""
    error = api.post(f"v1beta/{in_creation}:generateContent", PROMPT).assert_error(400, "INVALID_ARGUMENT")

    assert error.message == f"Tuned model {in_creation} is not ready to use."


@clause("generate/a-failed-model", GENERATE, outcome="4xx", cost=Cost.TUNING, needs=[Need.FAILING_RUN])
def test_a_failed_model(api: Api, failed_run: ObservedRun) -> None:
    """A failed model does not generate. Documented: only an active one is used."""
    assert 400 <= api.post(f"v1beta/{failed_run.name}:generateContent", PROMPT).status < 500


@clause("generate/no-contents", GENERATE, outcome=INVALID, cost=Cost.TUNING)
def test_no_contents(api: Api, finished_run: ObservedRun) -> None:
    """A prompt needs contents, and the error is the service's own message with a line break at its end.
    Observed in 2026.
    """
    error = api.post(f"v1beta/{finished_run.name}:generateContent", {}).assert_error(400, "INVALID_ARGUMENT")

    assert error.message == "* GenerateContentRequest.contents: contents is not specified\n"
    assert error.details == ()


@clause("generate/missing-model", GENERATE, outcome=f"{DENIED} or {NOT_FOUND}", level=Level.RECOMMENDED, cost=Cost.FREE)
def test_missing_model(api: Api, new_id: Callable[[], str]) -> None:
    """A model that does not exist is not found or forbidden. Both were reported in 2025."""
    answer = api.post(f"v1beta/tunedModels/{new_id()}:generateContent", PROMPT)

    assert answer.status in (403, 404)
    answer.assert_error(answer.status, "PERMISSION_DENIED" if answer.status == 403 else "NOT_FOUND")


@clause("generate/model-of-another-user", GENERATE, outcome=DENIED, cost=Cost.TUNING, needs=[Need.SECOND_CALLER])
def test_model_of_another_user(other_api: Api, finished_run: ObservedRun) -> None:
    """Another user's model is forbidden, with a fixed message and without details. Observed in 2024."""
    error = other_api.post(f"v1beta/{finished_run.name}:generateContent", PROMPT).assert_error(403, "PERMISSION_DENIED")

    assert error.message == f"You do not have permission to access tuned model {finished_run.name}."
    assert error.details == ()


@clause("generate/as-a-base-model", "models.generateContent", outcome=NOT_FOUND, cost=Cost.TUNING)
@pytest.mark.parametrize("version", ["v1beta", "v1"])
def test_as_a_base_model(api: Api, finished_run: ObservedRun, version: str) -> None:
    """The id of a tuned model is not found among the base models. Observed in 2024, in v1."""
    name = finished_run.name.replace("tunedModels/", "models/")
    error = api.post(f"{version}/{name}:generateContent", PROMPT).assert_error(404, "NOT_FOUND")

    assert error.message.startswith(f"{name} is not found for API version {version}, or is not supported for ")


@clause("generate/a-tuned-model-among-base-models", "models.generateContent", outcome=INVALID, cost=Cost.TUNING)
def test_a_tuned_model_among_base_models(api: Api, finished_run: ObservedRun) -> None:
    """The name of a tuned model after ``models/`` is refused for its format. Observed in 2024 and 2025."""
    answer = api.post(f"v1beta/models/{finished_run.name}:generateContent", PROMPT)

    error = answer.assert_error(400, "INVALID_ARGUMENT")
    assert error.message == "* GenerateContentRequest.model: unexpected model name format\n"


@clause("generate/unsupported-features", GENERATE, outcome=INVALID, level=Level.RECOMMENDED, cost=Cost.TUNING)
@pytest.mark.parametrize(
    ("members", "feature"),
    [
        ({"systemInstruction": {"parts": [{"text": "Be brief."}]}}, "Developer instruction"),
        ({"generationConfig": {"responseMimeType": "application/json"}}, "Json mode"),
        (
            {
                "contents": [
                    {"role": "user", "parts": [{"text": "1"}]},
                    {"role": "model", "parts": [{"text": "2"}]},
                    {"role": "user", "parts": [{"text": "3"}]},
                ]
            },
            "Multiturn chat",
        ),
    ],
    ids=["instruction", "json", "turns"],
)
def test_unsupported_features(api: Api, finished_run: ObservedRun, members: dict[str, Any], feature: str) -> None:
    """A tuned model supports no system instruction, no JSON mode and no multiturn chat. Documented; observed for base
    models.
    """
    answer = api.post(f"v1beta/{finished_run.name}:generateContent", {**PROMPT, **members})

    assert answer.assert_error(400, "INVALID_ARGUMENT").message.startswith(f"{feature} is not enabled for ")


@clause("generate/prompt-too-long", GENERATE, outcome=INVALID, level=Level.RECOMMENDED, cost=Cost.TUNING)
def test_prompt_too_long(api: Api, finished_run: ObservedRun) -> None:
    """A prompt has at most 40,000 characters. Documented; the refusal is inferred."""
    request_body = {"contents": [{"parts": [{"text": "1" * 40_001}]}]}

    api.post(f"v1beta/{finished_run.name}:generateContent", request_body).assert_error(400, "INVALID_ARGUMENT")


@clause("generate/v1-has-no-instruction", GENERATE, outcome=INVALID, cost=Cost.FREE)
def test_v1_has_no_instruction(api: Api, new_id: Callable[[], str]) -> None:
    """Version v1 refuses systemInstruction as an unknown name. Documented."""
    request_body = {**PROMPT, "systemInstruction": {"parts": [{"text": "Be brief."}]}}
    answer = api.post(f"v1/tunedModels/{new_id()}:generateContent", request_body)

    assert 'Unknown name "systemInstruction"' in answer.assert_error(400, "INVALID_ARGUMENT").message
