"""Tests custom base models, rules and calls for unknown ones, and methods that are not implemented."""

from __future__ import annotations

import logging
from pathlib import Path
from time import time_ns
from typing import Any

import pytest
from flask.testing import FlaskClient

from tunedmodels_mockserver import ManualClock, Settings, create_app
from tunedmodels_mockserver.core.base_models import BASE_MODELS, METHODS, parse
from tunedmodels_mockserver.core.strict_input import BadInput
from tunedmodels_mockserver.stores.errors import BadState
from tunedmodels_mockserver.wire.surface import methods

from ..conftest import SharedServers, api_error, ok

PROMPT = {"contents": [{"parts": [{"text": "1"}]}]}
TASK = {"trainingData": {"examples": {"examples": [{"textInput": "1", "output": "2"}]}}}
NOTE = "X-Tunedmodels-Note"


def client(*base_models: str, clock: ManualClock | None = None, **settings: Any) -> FlaskClient:
    machine = clock.now if clock else time_ns
    return create_app(Settings(seed=1, base_models=base_models, **settings), machine).test_client()


def create(http: FlaskClient, base_model: str, model_id: str = "mine") -> Any:
    body = {"baseModel": base_model, "tuningTask": TASK}
    return http.post(f"/v1beta/tunedModels?tunedModelId={model_id}", json=body)


# -- Models of one's own -------------------------------------------------------------------------------------


def test_custom_model_does_everything(clock: ManualClock) -> None:
    """By default it is listed last, generates, counts, and can be tuned; so can a model tuned on it."""
    http = client("my-model", clock=clock)

    model = ok(http.get("/v1beta/models/my-model"))
    assert ok(http.get("/v1beta/models"))["models"][-1] == model
    assert model["supportedGenerationMethods"] == ["generateContent", "countTokens", "createTunedModel"]
    assert ok(http.post("/v1beta/models/my-model:generateContent", json=PROMPT))["candidates"]
    assert ok(http.post("/v1beta/models/my-model:countTokens", json=PROMPT)) == {"totalTokens": 2}
    ok(create(http, "models/my-model"))
    clock.advance(30)
    answer = ok(http.post("/v1beta/tunedModels/mine:generateContent", json=PROMPT))
    assert answer["candidates"][0]["content"]["parts"] == [{"text": "2"}]


def test_custom_model_has_its_methods_only() -> None:
    """A name in either form, with its methods; a known name replaces that model."""
    http = client("models/reader=countTokens", "gemini-2.5-flash=generateContent, createTunedModel")

    names = [model["name"] for model in ok(http.get("/v1beta/models"))["models"]]
    assert names == [*BASE_MODELS, "models/reader"]
    assert ok(http.post("/v1beta/models/reader:countTokens", json=PROMPT))
    assert api_error(http.post("/v1beta/models/reader:generateContent", json=PROMPT))[0] == "NOT_FOUND"
    assert api_error(create(http, "models/reader"))[0] == "FAILED_PRECONDITION"
    assert create(http, "models/gemini-2.5-flash").status_code == 200


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the name of a base model must have 1 to 100 letters, digits, dots, dashes or underscores, got ''."),
        ("a b", "got 'a b'."),
        ("tunedModels/x", "got 'tunedModels/x'."),
        ("x=generateContents", "a base model has no method 'generateContents'; the nearest is generateContent."),
        ("x=", "a base model must have at least one method, such as generateContent."),
    ],
)
def test_a_bad_model_is_refused(text: str, sentence: str) -> None:
    """A sentence names the value and the nearest method."""
    with pytest.raises(BadInput) as refusal:
        parse(text)
    assert str(refusal.value).endswith(sentence)


PRELOAD = """
baseModels:
  - plain
  - {id: small, methods: [generateContent], displayName: Small, inputTokenLimit: 100, topK: null}
"""


@pytest.mark.parametrize("name", ["models.yaml", "models.json"])
def test_preload_adds_models(name: str, tmp_path: Path, clock: ManualClock) -> None:
    """In the form of the option, or with members of the message; the settings win."""
    path = tmp_path / name
    only = '{"baseModels": ["plain", {"id": "small", "inputTokenLimit": 100, "topK": null}]}'
    path.write_text(PRELOAD if name.endswith("yaml") else only, "utf-8")
    http = client("plain=generateContent", clock=clock, preload=path)

    small = ok(http.get("/v1beta/models/small"))
    assert (small["inputTokenLimit"], small["topP"], "topK" in small) == (100, 0.95, False)
    assert ok(http.get("/v1beta/models/plain"))["supportedGenerationMethods"] == ["generateContent"]


def test_models_in_the_docs_are_valid(tmp_path: Path) -> None:
    """Users can copy the list, and the lines in the form of the option."""
    page = (Path(__file__).parents[3] / "docs" / "state.md").read_text("utf-8")
    block = page.partition("## Base models")[2].partition("```yaml\n")[2].partition("```")[0]
    path = tmp_path / "models.yaml"
    path.write_text(block, "utf-8")
    http = client(preload=path)

    assert ok(http.get("/v1beta/models/small"))["outputTokenLimit"] == 10
    assert "createTunedModel" in ok(http.get("/v1beta/models/gemini-2.5-flash"))["supportedGenerationMethods"]


def test_a_preload_tunes_its_own_models(tmp_path: Path, clock: ManualClock) -> None:
    """A model of the list may be tuned on a base model of the same preload."""
    (tmp_path / "a.yaml").write_text("models: [{id: mine, baseModel: models/plain}]", "utf-8")
    (tmp_path / "b.yaml").write_text("baseModels: [plain]", "utf-8")
    http = client(clock=clock, preload=tmp_path)

    assert ok(http.get("/v1beta/tunedModels/mine"))["baseModel"] == "models/plain"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("baseModels: [{name: x}]", "There is no member 'name'"),
        ("baseModels: [{id: x, methods: [generate]}]", "a base model has no method 'generate'; the nearest is"),
        ("baseModels: [x y]", "got 'x y'."),
        ("baseModels: [{id: x, inputTokenLimit: 0}]", "the limits of a base model must be at least 1 token"),
    ],
)
def test_a_bad_model_of_a_preload_is_refused(text: str, sentence: str, tmp_path: Path) -> None:
    """The sentence names the file."""
    path = tmp_path / "models.yaml"
    path.write_text(text, "utf-8")

    with pytest.raises(BadState, match=r"models\.yaml: ") as refusal:
        client(preload=path)
    assert sentence in str(refusal.value)


def test_a_state_needs_its_base_models(tmp_path: Path, clock: ManualClock) -> None:
    """A state with models that were tuned on an unknown base model is refused, with advice."""
    own = client("my-model", clock=clock)
    ok(create(own, "models/my-model"))
    state = own.get("/_emulator/state").data
    sentence = "This server has no base model 'models/my-model'; the nearest is "

    refusal = client(clock=clock).put("/_emulator/state", data=state)
    assert refusal.status_code == 400
    assert str(refusal.get_json()["error"]).startswith(sentence)
    path = tmp_path / "state.json"
    path.write_bytes(state)
    with pytest.raises(BadState, match="Start it with --base-model and that name, or leave the model out"):
        client(clock=clock, preload=path)
    assert ok(client("my-model", clock=clock, preload=path).get("/v1beta/tunedModels/mine"))


def test_models_stay_without_their_base_model(tmp_path: Path, clock: ManualClock) -> None:
    """They can be listed and changed, and do not answer, as after the withdrawal."""
    store = f"sqlite:///{tmp_path / 'worlds.db'}"
    before = create_app(Settings(seed=1, base_models=["my-model"], store=store), clock.now)
    ok(create(before.test_client(), "models/my-model"))
    before.extensions["tunedmodels"].close()
    clock.advance(30)
    after = create_app(Settings(seed=1, store=store), clock.now)
    http = after.test_client()

    assert ok(http.get("/v1beta/tunedModels/mine"))["baseModel"] == "models/my-model"
    assert ok(http.patch("/v1beta/tunedModels/mine?updateMask=temperature", json={})) == {"temperature": 1}
    status, message = api_error(http.post("/v1beta/tunedModels/mine:generateContent", json=PROMPT))
    assert (status, message.partition(" is ")[0]) == ("NOT_FOUND", "models/my-model")
    further = {"tunedModelSource": {"tunedModel": "tunedModels/mine"}, "tuningTask": TASK}
    answer = http.post("/v1beta/tunedModels?tunedModelId=further", json=further)
    assert api_error(answer)[0] == "FAILED_PRECONDITION"
    after.extensions["tunedmodels"].close()


# -- Models that there are not -------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["generateContent", "streamGenerateContent", "countTokens"])
def test_error_notes_the_nearest_models(http: FlaskClient, verb: str, caplog: pytest.LogCaptureFixture) -> None:
    """A header and the log name similar models with the method; the body is the service's."""
    with caplog.at_level(logging.WARNING):
        answer = http.post(f"/v1beta/models/gemini-2.5-flsh:{verb}", json=PROMPT)

    assert answer.status_code == 404
    note = answer.headers[NOTE]
    assert note.startswith(f"base-models: models.list shows 32 with {verb}; ")
    assert "the nearest are gemini-2.5-flash, " in note
    assert note.count(",") == 4
    assert [record.getMessage() for record in caplog.records] == [f"POST /v1beta/models/gemini-2.5-flsh:{verb}: {note}"]


def test_get_of_a_missing_model_notes_the_nearest(http: FlaskClient) -> None:
    """The nearest are those of all models; an existing model gets no note."""
    note = http.get("/v1beta/models/gemini-3-pro").headers[NOTE]

    assert note.startswith(f"base-models: models.list shows {len(BASE_MODELS)}; the nearest are gemini-")
    assert "gemini-3-pro-preview" in note
    assert NOTE not in http.get("/v1beta/models/gemini-2.5-pro").headers


def rule(model: str) -> dict[str, Any]:
    return {"when": {"model": model}, "answer": "x"}


@pytest.mark.parametrize(
    "model",
    [
        *["gemini-2.5-flash", "models/gemini-2.5-flash", "gemini-2.5-*", "models/*", "*", "*/gemini-3*", "my.model"],
        *["tunedModels/later", "later", "later-*", "tunedModels/*", "*Models/later", "number-generator-[a-c]?"],
    ],
)
def test_rule_for_a_possible_model_is_accepted(servers: SharedServers, model: str) -> None:
    """The base model exists, or a create call can make the tuned model."""
    http = servers.app(base_models=("my.model",)).test_client()

    assert http.post("/_emulator/canned", json=rule(model)).status_code == 200


@pytest.mark.parametrize(
    ("model", "near"),
    [
        ("gemini-2.5-flsh", "; the nearest is gemini-2.5-flash"),
        ("models/gemini-2.5-flsh", "; the nearest is gemini-2.5-flash"),
        ("gemini-9.*", "; the nearest is gemini-pro"),
        ("models/later", ""),
        ("tunedModel/later", ""),
        ("tunedModels/Later", ""),
        ("models/tunedModels/later", ""),
        ("GPT", ""),
    ],
)
def test_rule_for_an_impossible_model_is_refused(http: FlaskClient, model: str, near: str, tmp_path: Path) -> None:
    """The call, the file and the settings with such a rule are refused."""
    sentence = (
        f"no model matches when.model {model!r}{near}. models.list shows the base models; add one with --base-model."
    )

    for answer in (
        http.post("/_emulator/canned", json=rule(model)),
        http.put("/_emulator/canned", json={"rules": [rule(model)]}),
    ):
        assert (answer.status_code, answer.get_json()["error"]) == (400, f"Rule 1: {sentence}")
    assert ok(http.get("/_emulator/canned"))["rules"] == []
    with pytest.raises(BadInput, match=r"^Rule 2: ") as refusal:
        create_app(Settings(canned=[rule("*"), rule(model)]))
    assert str(refusal.value) == f"Rule 2: {sentence}"
    path = tmp_path / "rules.yaml"
    path.write_text(f"- {{when: {{model: '{model}'}}, answer: x}}", "utf-8")
    with pytest.raises(BadInput, match=r"rules\.yaml: Rule 1: "):
        create_app(Settings(canned_files=[path]))


# -- Methods that only the list has --------------------------------------------------------------------------

UNSERVED = [entry for entry in methods() if not entry.served]


def test_every_method_of_the_list_has_a_route() -> None:
    """Each method of a listed model is served or known; creates of models and caches have other paths."""
    elsewhere = {"createTunedModel", "createTunedTextModel", "createCachedContent"}
    offered = {method for model in BASE_MODELS.values() for method in model.methods}

    assert offered <= set(METHODS)
    assert {f"models.{verb}" for verb in offered - elsewhere} <= {entry.id for entry in methods()}
    beside = {"models.batchEmbedContents", "models.batchEmbedText", "cachedContents.create"}
    assert {entry.id for entry in UNSERVED} - {f"models.{verb}" for verb in METHODS} == beside


@pytest.mark.parametrize("entry", [entry.id for entry in UNSERVED])
def test_method_that_is_not_implemented_answers_501(http: FlaskClient, entry: str) -> None:
    """In the versions that have it, for any request; in other versions the route is unknown."""
    method = next(one for one in UNSERVED if one.id == entry)
    verb = entry.partition(".")[2]
    models = [model for model in BASE_MODELS.values() if model.serves(verb)]
    path = f"{models[0].name}:{verb}" if method.path_field else "cachedContents"

    for version in ("v1", "v1beta", "v1alpha", "v1beta3"):
        answer = http.post(f"/{version}/{path}", json={"anything": 1})
        if version in method.versions:
            assert api_error(answer) == ("UNIMPLEMENTED", f"{entry} is not implemented.")
        else:
            assert (answer.status_code, answer.content_type) == (404, "text/html; charset=UTF-8")


def test_a_model_without_the_method_is_not_found(http: FlaskClient) -> None:
    """With the wording of the other methods, and the models that have it."""
    answer = http.post("/v1beta/models/gemini-2.5-flash:embedContent", json={})

    status, message = api_error(answer)
    assert status == "NOT_FOUND"
    assert message.startswith(
        "models/gemini-2.5-flash is not found for API version v1beta, or is not supported for embedContent."
    )
    assert "text-embedding-004" in answer.headers[NOTE]


def test_fault_applies_to_a_method_that_is_not_implemented(http: FlaskClient) -> None:
    """It has an id like other methods."""
    ok(http.post("/_emulator/faults", json={"method": "models.embedContent", "error": {"code": "UNAVAILABLE"}}))

    assert api_error(http.post("/v1beta/models/embedding-001:embedContent", json={}))[0] == "UNAVAILABLE"
    assert api_error(http.post("/v1beta/models/embedding-001:embedContent", json={}))[0] == "UNIMPLEMENTED"


def test_credentials_are_checked_first(guarded: FlaskClient) -> None:
    """A caller without a credential learns nothing about the method."""
    assert api_error(guarded.post("/v1beta/models/embedding-001:embedContent", json={}))[0] == "PERMISSION_DENIED"
