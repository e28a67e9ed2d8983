"""The tuned model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from .message import Int64, Message
from .open_enum import OpenEnum
from .timestamp import Timestamp
from .tuning_task import TuningTask


class TunedModelState(OpenEnum):
    """What a tuned model can do at present."""

    STATE_UNSPECIFIED = "STATE_UNSPECIFIED"
    CREATING = "CREATING"
    ACTIVE = "ACTIVE"
    FAILED = "FAILED"


@dataclass(frozen=True, kw_only=True)
class TunedModelSource(Message):
    """The tuned model that another was tuned from."""

    #: The name of the tuned model.
    tuned_model: str = ""
    #: The base model beneath it; the service fills it in.
    base_model: str = ""


@dataclass(frozen=True, kw_only=True)
class TunedModel(Message):
    """A tuned model. An answer to ``update`` aside, the service always shows it whole, but for the training data."""

    #: The name, ``tunedModels/{id}``.
    name: str = ""
    #: What it was tuned from, where that was a tuned model.
    tuned_model_source: TunedModelSource | None = None
    #: What it was tuned from, where that was a base model; else empty.
    base_model: str = ""
    #: The name for people, 40 bytes at most.
    display_name: str = ""
    #: What it is for.
    description: str = ""
    #: Whether it is being made, can be used, or failed.
    state: TunedModelState = TunedModelState.STATE_UNSPECIFIED
    #: When it was asked for.
    create_time: Timestamp | None = None
    #: When it last changed.
    update_time: Timestamp | None = None
    #: The run that makes it.
    tuning_task: TuningTask = TuningTask()  # noqa: RUF009 - it is frozen
    #: The temperature that it is asked with unless the request has one.
    temperature: float | None = None
    #: The top-p of nucleus sampling, in the same way.
    top_p: float | None = None
    #: The top-k of sampling, in the same way.
    top_k: int | None = None
    #: The numbers of the projects that may read it.
    reader_project_numbers: tuple[Int64, ...] = ()

    if not TYPE_CHECKING:  # a type checker says so itself

        def __iter__(self) -> NoReturn:
            """Refuse a loop over what ``wait_bar`` returns, which is the status of a run in google-generativeai."""
            raise TypeError(
                "A TunedModel cannot be iterated over. wait_bar() waits to the end and returns the model; to see each "
                "step, write: for metadata in operation.progress()"
            )

    @property
    def source_model(self) -> str:
        """The name of the model that it was tuned from, a base model or a tuned one."""
        return self.tuned_model_source.tuned_model if self.tuned_model_source else self.base_model
