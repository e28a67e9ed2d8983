"""Contains the message of a tuned model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from .message import Int64, Message
from .open_enum import OpenEnum
from .timestamp import Timestamp
from .tuning_task import TuningTask


class TunedModelState(OpenEnum):
    """The state of a tuned model, which says whether it can be used."""

    STATE_UNSPECIFIED = "STATE_UNSPECIFIED"
    CREATING = "CREATING"
    ACTIVE = "ACTIVE"
    FAILED = "FAILED"


@dataclass(frozen=True, kw_only=True)
class TunedModelSource(Message):
    """The tuned model from which another one was tuned."""

    #: The name of the tuned model.
    tuned_model: str = ""
    #: The base model of that tuned model. The service sets it.
    base_model: str = ""


@dataclass(frozen=True, kw_only=True)
class TunedModel(Message):
    """A tuned model. Except in the answer to ``update``, the service returns all of it but the training data."""

    #: The name, ``tunedModels/{id}``.
    name: str = ""
    #: The tuned model that is the source, or None if the source is a base model.
    tuned_model_source: TunedModelSource | None = None
    #: The base model that is the source. It is empty if the source is a tuned model.
    base_model: str = ""
    #: The name for people, at most 40 bytes.
    display_name: str = ""
    #: The purpose of the model.
    description: str = ""
    #: The state: the run creates the model, the model can be used, or the run failed.
    state: TunedModelState = TunedModelState.STATE_UNSPECIFIED
    #: The time of the request that created the model.
    create_time: Timestamp | None = None
    #: The time of the last change.
    update_time: Timestamp | None = None
    #: The run that creates the model.
    tuning_task: TuningTask = TuningTask()  # noqa: RUF009 - it is frozen
    #: The temperature of a request that sets none.
    temperature: float | None = None
    #: The top-p of nucleus sampling of a request that sets none.
    top_p: float | None = None
    #: The top-k of sampling of a request that sets none.
    top_k: int | None = None
    #: The numbers of the projects that may read the model.
    reader_project_numbers: tuple[Int64, ...] = ()

    if not TYPE_CHECKING:  # without the method, a type checker reports the loop itself

        def __iter__(self) -> NoReturn:
            """Raise TypeError. In google-generativeai, a program loops over the result of ``wait_bar``."""
            raise TypeError(
                "A TunedModel cannot be iterated over. wait_bar() waits to the end and returns the model; to see each "
                "step, write: for metadata in operation.progress()"
            )

    @property
    def source_model(self) -> str:
        """The name of the model from which this one was tuned, a base model or a tuned model."""
        return self.tuned_model_source.tuned_model if self.tuned_model_source else self.base_model
