"""Tuned models: the methods of the collection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ._models import GenerateContentResponse, TunedModel
from ._operations import Operation, Wait
from ._transport import Json, Transport

_COLLECTION = "tunedModels"
_VERSION = "v1beta"


class TunedModels:
    """The tuned models of a client.

    A model is named by its id, with or without ``tunedModels/`` before it. Every method raises APIError (the
    class for the status, such as NotFound) where the service refuses, TransportError where it does not answer,
    and ValueError for a name that cannot be one.
    """

    def __init__(self, transport: Transport, wait: Wait) -> None:
        self._transport = transport
        self._wait = wait

    def create(
        self,
        *,
        base_model: str,
        training_data: Iterable[tuple[str, str] | Mapping[str, str]],
        tuned_model_id: str | None = None,
        display_name: str | None = None,
        description: str | None = None,
        epoch_count: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
    ) -> Operation:
        """Start to tune a model and return the operation that does it; the model can be seen at once.

        *base_model* is ``models/{id}``, where ``models/`` may be left out, or ``tunedModels/{id}`` to tune a tuned
        model further. *training_data* has pairs of an input and the output wanted for it, or dicts with
        ``text_input`` and ``output``. The service wants *tuned_model_id* or *display_name*, and makes an id from
        the latter; what else is not given it chooses. Raises TypeError for examples of another form.
        """
        hyperparameters = {
            "epochCount": epoch_count,
            "batchSize": batch_size,
            "learningRate": learning_rate,
        }
        examples = [_example(place, row) for place, row in enumerate(training_data)]
        model = {
            **_source(base_model),
            "displayName": display_name,
            "description": description,
            "tuningTask": {
                "hyperparameters": _given(hyperparameters),
                "trainingData": {"examples": {"examples": examples}},
            },
        }
        query = {} if tuned_model_id is None else {"tunedModelId": tuned_model_id}
        answer = self._transport.call("POST", f"{_VERSION}/{_COLLECTION}", _given(model), query)
        return Operation(self._transport, self._wait, answer)

    def get(self, name: str) -> TunedModel:
        """Return the model called *name*."""
        return TunedModel.from_json(self._transport.call("GET", f"{_VERSION}/{_name(name)}"))

    def list(
        self,
        page_size: int | None = None,
        filter: str | None = None,  # noqa: A002 - the API's own word
    ) -> Iterator[TunedModel]:
        """Yield the caller's models, asking for the next page when it is reached.

        *page_size* is how many come with one request; the service's default is 10, its most 1000. *filter* has
        words to look for in display name and description, and ``owner:me``, ``writers:me``, ``readers:me`` or
        ``readers:everyone``.
        """
        query = _given({"pageSize": page_size, "filter": filter})
        while True:
            page = self._transport.call("GET", f"{_VERSION}/{_COLLECTION}", query=query)
            for model in page.get("tunedModels", ()):
                yield TunedModel.from_json(model)
            if not page.get("nextPageToken"):
                return
            query["pageToken"] = page["nextPageToken"]

    def delete(self, name: str) -> None:
        """Delete the model called *name*."""
        self._transport.call("DELETE", f"{_VERSION}/{_name(name)}")

    def generate_content(self, name: str, text: str) -> GenerateContentResponse:
        """Ask the model called *name*, which must be ``ACTIVE``, to answer *text*."""
        body = {"contents": [{"role": "user", "parts": [{"text": text}]}]}
        return GenerateContentResponse(self._transport.call("POST", f"{_VERSION}/{_name(name)}:generateContent", body))


def _name(name: str) -> str:
    """Return *name* as the service knows it. Raises ValueError where it cannot be a tuned model's."""
    model_id = name.removeprefix(f"{_COLLECTION}/")
    if not model_id or "/" in model_id:
        raise ValueError(f"A tuned model's name is tunedModels/ and an id, or the id alone; {name!r} is not.")
    return f"{_COLLECTION}/{model_id}"


def _source(model: str) -> Json:
    if model.startswith(f"{_COLLECTION}/"):
        return {"tunedModelSource": {"tunedModel": model}}
    return {"baseModel": model if "/" in model else f"models/{model}"}


def _example(place: int, row: tuple[str, str] | Mapping[str, str]) -> Json:
    if isinstance(row, Mapping) and row.keys() == {"text_input", "output"}:
        return {"textInput": row["text_input"], "output": row["output"]}
    # A string of two characters would make a pair too.
    if isinstance(row, (tuple, list)) and len(row) == 2:
        return {"textInput": row[0], "output": row[1]}
    raise TypeError(
        f"training_data[{place}] must be a pair (input, output) or a dict with text_input and output, got {row!r:.100}"
    )


def _given(values: Json) -> Json:
    return {name: value for name, value in values.items() if value is not None}
