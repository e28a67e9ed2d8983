"""The methods of the collection of tuned models."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from .._messages.content import Content, GenerateContentRequest, GenerationConfig, SafetySetting
from .._messages.generation import GenerateContentResponse
from .._messages.model import Model
from .._messages.training_data import Dataset, TuningExample, TuningExamples
from .._messages.tuned_model import TunedModel, TunedModelSource
from .._messages.tuning_task import Hyperparameters, TuningTask
from .._training_data.download import download
from .._training_data.reader import Document, TrainingData, read
from .._transport.transport import Json, Transport
from . import arguments, resource_names, response_messages
from .contents import Contents, Turn, content, contents
from .operation import Operation
from .operations import Operations
from .pager import Pager
from .permissions import Permissions

_PATH = "v1beta/tunedModels"


class TunedModels:
    """The tuned models of a client.

    A method accepts the id of a model, with or without ``tunedModels/`` before it, or a TunedModel. Every method raises
    APIError (the class for the status, such as NotFound) if the service answers with an error, TransportError if it
    does not answer, CredentialsError if there are no credentials, and ValueError for an invalid name.
    """

    def __init__(self, transport: Transport, operations: Operations) -> None:
        self._transport = transport
        self._operations = operations

    def create(
        self,
        *,
        training_data: TrainingData,
        base_model: str | Model | None = None,
        source_model: str | TunedModel | None = None,
        tuned_model_id: str | None = None,
        display_name: str | None = None,
        description: str | None = None,
        epoch_count: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        learning_rate_multiplier: float | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        top_k: int | None = None,
        reader_project_numbers: Iterable[int] = (),
        input_key: str = "text_input",
        output_key: str = "output",
    ) -> Operation:
        """Start to tune a model and return its operation. The model exists at once.

        The source is *base_model*, ``models/{id}`` or the id alone, or *source_model*, a tuned model.

        *training_data* can be pairs of an input and its output, dicts of the two, a mapping or a DataFrame with a
        column for each, or the path or URL of a CSV, JSON or JSON Lines file. *input_key* and *output_key* are the
        names of the two. The client checks the data against the limits that the service documents before it sends a
        request. Repeated pairs cause a DuplicateExamplesWarning.

        The service requires *tuned_model_id* or *display_name* (at most 40 bytes), and derives an id from the latter.
        It chooses a value for each other argument that is missing. If an answer is lost, the client sends the request
        again only with *tuned_model_id*: without it, the second request can start a second job. Raise TrainingDataError
        for data that cannot be read or breaks a limit, ValueError for arguments that exclude each other, and TypeError
        for data of another kind.
        """
        if (base_model is None) == (source_model is None):
            raise ValueError("Give base_model, the base model to tune, or source_model, a tuned model to tune further.")
        if learning_rate is not None and learning_rate_multiplier is not None:
            raise ValueError("Give learning_rate or learning_rate_multiplier; the service takes one of them.")
        _check_finite(
            learning_rate=learning_rate,
            learning_rate_multiplier=learning_rate_multiplier,
            temperature=temperature,
            top_p=top_p,
        )
        source = (
            None if source_model is None else TunedModelSource(tuned_model=resource_names.tuned_model(source_model))
        )
        pairs = read(training_data, input_key=input_key, output_key=output_key, fetch=self._download, stacklevel=3)
        examples = tuple(TuningExample(text_input=text_input, output=output) for text_input, output in pairs)
        model = TunedModel(
            tuned_model_source=source,
            base_model="" if base_model is None else resource_names.base_model(base_model),
            display_name=display_name or "",
            description=description or "",
            tuning_task=TuningTask(
                training_data=Dataset(examples=TuningExamples(examples=examples)),
                hyperparameters=Hyperparameters(
                    epoch_count=epoch_count,
                    batch_size=batch_size,
                    learning_rate=learning_rate,
                    learning_rate_multiplier=learning_rate_multiplier,
                ),
            ),
            temperature=temperature,
            top_p=top_p,
            top_k=top_k,
            reader_project_numbers=tuple(reader_project_numbers),
        )
        answer = self._transport.call(
            "POST",
            _PATH,
            model.to_json(),
            {"tunedModelId": tuned_model_id or None},
            idempotent=bool(tuned_model_id),
        )
        return self._operations.from_json(answer)

    def get(self, model: str | TunedModel) -> TunedModel:
        """Return the current state of *model*."""
        return response_messages.message(TunedModel, self._transport.call("GET", _path(model)))

    def list(
        self,
        page_size: int | None = None,
        filter: str | None = None,  # noqa: A002 - the name in the API
        page_token: str = "",
    ) -> Pager[TunedModel]:
        """Return the models of the caller, page by page.

        *page_size* is the number of items in one response; the default of the service is 10, the maximum 1000. *filter*
        has words to search for in display name and description, and ``owner:me``, ``writers:me``, ``readers:me`` or
        ``readers:everyone``. *page_token* is a ``next_page_token`` of the same list; the list starts there.
        """

        def page(token: str) -> Json:
            return self._transport.call(
                "GET", _PATH, query={"pageSize": page_size, "pageToken": token or None, "filter": filter}
            )

        return Pager(page, lambda answer: response_messages.messages(TunedModel, answer, "tunedModels"), page_token)

    def update(
        self,
        model: str | TunedModel,
        *,
        display_name: str | None = None,
        description: str | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        top_k: int | None = None,
        reader_project_numbers: Iterable[int] | None = None,
    ) -> TunedModel:
        """Change the given members of *model* and return the whole new model. None leaves a member unchanged.

        The client reads the model first and sends only the members that differ. This keeps changes by other clients. If
        no member differs, it sends no update.
        """
        _check_finite(temperature=temperature, top_p=top_p)
        now = self.get(model)
        values = {
            "display_name": display_name,
            "description": description,
            "temperature": temperature,
            "top_p": top_p,
            "top_k": top_k,
            "reader_project_numbers": None if reader_project_numbers is None else tuple(reader_project_numbers),
        }
        changed = {name: value for name, value in values.items() if value is not None and value != getattr(now, name)}
        if not changed:
            return now
        body = TunedModel(**changed).to_json()  # type: ignore[arg-type]
        answer = response_messages.message(
            TunedModel,
            self._transport.call("PATCH", _path(model), body, {"updateMask": ",".join(changed)}),
        )
        # The answer has only the members in the update mask.
        return replace(now, **{name: getattr(answer, name) for name in changed})

    def delete(self, model: str | TunedModel) -> None:
        """Delete *model*."""
        self._transport.call("DELETE", _path(model))

    def transfer_ownership(self, model: str | TunedModel, email_address: str) -> None:
        """Make *email_address* the owner of *model*. The caller must be the owner, and stays a writer."""
        body = {"emailAddress": email_address}
        self._transport.call("POST", f"{_path(model)}:transferOwnership", body, idempotent=False)

    def permissions(self, model: str | TunedModel) -> Permissions:
        """Return the permissions of *model*: its readers, writers and owner. This sends no request."""
        return Permissions(self._transport, resource_names.tuned_model(model))

    def generate_content(
        self,
        model: str | TunedModel,
        contents: Contents,
        *,
        generation_config: GenerationConfig | Mapping[str, Any] | None = None,
        safety_settings: Iterable[SafetySetting | Mapping[str, Any]] = (),
        system_instruction: Turn | None = None,
    ) -> GenerateContentResponse:
        """Ask *model*, which must be ``ACTIVE``, to answer *contents*: a text, or the turns of a conversation.

        Each message can be a dict, with the names of its class or of the wire: ``{"top_p": 0.5}``, ``{"topP": 0.5}``.
        Raise TypeError for other values, and ValueError for an unknown member. The service has refused several turns, a
        *system_instruction* and JSON mode for tuned models.
        """
        body = _generate_request(contents, generation_config, safety_settings, system_instruction)
        return response_messages.message(
            GenerateContentResponse, self._transport.call("POST", f"{_path(model)}:generateContent", body)
        )

    def stream_generate_content(
        self,
        model: str | TunedModel,
        contents: Contents,
        *,
        generation_config: GenerationConfig | Mapping[str, Any] | None = None,
        safety_settings: Iterable[SafetySetting | Mapping[str, Any]] = (),
        system_instruction: Turn | None = None,
        events: bool = True,
    ) -> Iterator[GenerateContentResponse]:
        """Send the request of ``generate_content``, and return an iterator that yields each chunk when it arrives.

        If *events* is true, the answer comes as server-sent events, the form that newer clients of Google use. If it is
        false, it comes as one JSON array, the form of the older clients. The chunks are the same.
        """
        body = _generate_request(contents, generation_config, safety_settings, system_instruction)
        query = {"alt": "sse" if events else None}
        chunks = self._transport.stream("POST", f"{_path(model)}:streamGenerateContent", body, query)
        return (response_messages.message(GenerateContentResponse, chunk) for chunk in chunks)

    def _download(self, url: str) -> Document:
        """Return the document at *url*. Send nothing about the caller, because the server is not the service."""
        return download(self._transport.session, url, self._transport.timeout)


def _check_finite(**numbers: float | None) -> None:
    for name, number in numbers.items():
        if number is not None and not math.isfinite(number):
            raise ValueError(f"{name} must be a finite number, got {number}")


def _path(model: str | TunedModel) -> str:
    return f"v1beta/{resource_names.tuned_model(model)}"


def _generate_request(
    turns: Contents,
    generation_config: GenerationConfig | Mapping[str, Any] | None,
    safety_settings: Iterable[SafetySetting | Mapping[str, Any]],
    system_instruction: Turn | None,
) -> Json:
    config = None
    if generation_config is not None:
        config = arguments.message(GenerationConfig, generation_config, "generation_config")
        _check_finite(temperature=config.temperature, top_p=config.top_p)
    instruction = None
    if system_instruction is not None:
        instruction = Content(parts=content(system_instruction, "system_instruction").parts)
    return GenerateContentRequest(
        contents=contents(turns),
        generation_config=config,
        safety_settings=arguments.messages(SafetySetting, safety_settings, "safety_settings"),
        system_instruction=instruction,
    ).to_json()
