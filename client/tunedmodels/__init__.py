"""A client for the Gemini API's model tuning.

Each name is imported from its module at first use. The command imports this package too, and its ``--help`` needs
neither requests nor google-auth.
"""

from __future__ import annotations

# Not from typing: a command imports this before it handles signals, and the import of typing takes time.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from . import errors as errors
    from ._client import Client as Client
    from ._messages.content import Content as Content
    from ._messages.content import GenerateContentRequest as GenerateContentRequest
    from ._messages.content import GenerationConfig as GenerationConfig
    from ._messages.content import HarmBlockThreshold as HarmBlockThreshold
    from ._messages.content import HarmCategory as HarmCategory
    from ._messages.content import Part as Part
    from ._messages.content import SafetySetting as SafetySetting
    from ._messages.generation import BlockReason as BlockReason
    from ._messages.generation import Candidate as Candidate
    from ._messages.generation import CitationMetadata as CitationMetadata
    from ._messages.generation import CitationSource as CitationSource
    from ._messages.generation import FinishReason as FinishReason
    from ._messages.generation import GenerateContentResponse as GenerateContentResponse
    from ._messages.generation import HarmProbability as HarmProbability
    from ._messages.generation import PromptFeedback as PromptFeedback
    from ._messages.generation import SafetyRating as SafetyRating
    from ._messages.generation import UsageMetadata as UsageMetadata
    from ._messages.message import Message as Message
    from ._messages.metadata import CreateTunedModelMetadata as CreateTunedModelMetadata
    from ._messages.model import Model as Model
    from ._messages.open_enum import OpenEnum as OpenEnum
    from ._messages.permission import GranteeType as GranteeType
    from ._messages.permission import Permission as Permission
    from ._messages.permission import Role as Role
    from ._messages.status import ErrorInfo as ErrorInfo
    from ._messages.status import FieldViolation as FieldViolation
    from ._messages.status import HelpLink as HelpLink
    from ._messages.status import QuotaViolation as QuotaViolation
    from ._messages.timestamp import Timestamp as Timestamp
    from ._messages.training_data import Dataset as Dataset
    from ._messages.training_data import TuningExample as TuningExample
    from ._messages.training_data import TuningExamples as TuningExamples
    from ._messages.tuned_model import TunedModel as TunedModel
    from ._messages.tuned_model import TunedModelSource as TunedModelSource
    from ._messages.tuned_model import TunedModelState as TunedModelState
    from ._messages.tuning_task import Hyperparameters as Hyperparameters
    from ._messages.tuning_task import TuningSnapshot as TuningSnapshot
    from ._messages.tuning_task import TuningTask as TuningTask
    from ._resources.models import Models as Models
    from ._resources.operation import Operation as Operation
    from ._resources.operations import Operations as Operations
    from ._resources.pager import Pager as Pager
    from ._resources.permissions import Permissions as Permissions
    from ._resources.polling import Polling as Polling
    from ._resources.tuned_models import TunedModels as TunedModels
    from ._transport.retry import Retry as Retry
    from .errors import Aborted as Aborted
    from .errors import AlreadyExists as AlreadyExists
    from .errors import APIError as APIError
    from .errors import Cancelled as Cancelled
    from .errors import CredentialsError as CredentialsError
    from .errors import DataLoss as DataLoss
    from .errors import DeadlineExceeded as DeadlineExceeded
    from .errors import DuplicateExamplesWarning as DuplicateExamplesWarning
    from .errors import FailedPrecondition as FailedPrecondition
    from .errors import Internal as Internal
    from .errors import InvalidArgument as InvalidArgument
    from .errors import NotFound as NotFound
    from .errors import OperationFailed as OperationFailed
    from .errors import OperationTimeout as OperationTimeout
    from .errors import OutOfRange as OutOfRange
    from .errors import PermissionDenied as PermissionDenied
    from .errors import Request as Request
    from .errors import ResourceExhausted as ResourceExhausted
    from .errors import Response as Response
    from .errors import RetrySafety as RetrySafety
    from .errors import TrainingDataError as TrainingDataError
    from .errors import TransportError as TransportError
    from .errors import TunedModelsError as TunedModelsError
    from .errors import Unauthenticated as Unauthenticated
    from .errors import Unavailable as Unavailable
    from .errors import Unimplemented as Unimplemented
    from .errors import Unknown as Unknown

#: The version of the distribution.
__version__: str

__all__ = [
    "APIError",
    "Aborted",
    "AlreadyExists",
    "BlockReason",
    "Cancelled",
    "Candidate",
    "CitationMetadata",
    "CitationSource",
    "Client",
    "Content",
    "CreateTunedModelMetadata",
    "CredentialsError",
    "DataLoss",
    "Dataset",
    "DeadlineExceeded",
    "DuplicateExamplesWarning",
    "ErrorInfo",
    "FailedPrecondition",
    "FieldViolation",
    "FinishReason",
    "GenerateContentRequest",
    "GenerateContentResponse",
    "GenerationConfig",
    "GranteeType",
    "HarmBlockThreshold",
    "HarmCategory",
    "HarmProbability",
    "HelpLink",
    "Hyperparameters",
    "Internal",
    "InvalidArgument",
    "Message",
    "Model",
    "Models",
    "NotFound",
    "OpenEnum",
    "Operation",
    "OperationFailed",
    "OperationTimeout",
    "Operations",
    "OutOfRange",
    "Pager",
    "Part",
    "Permission",
    "PermissionDenied",
    "Permissions",
    "Polling",
    "PromptFeedback",
    "QuotaViolation",
    "Request",
    "ResourceExhausted",
    "Response",
    "Retry",
    "RetrySafety",
    "Role",
    "SafetyRating",
    "SafetySetting",
    "Timestamp",
    "TrainingDataError",
    "TransportError",
    "TunedModel",
    "TunedModelSource",
    "TunedModelState",
    "TunedModels",
    "TunedModelsError",
    "TuningExample",
    "TuningExamples",
    "TuningSnapshot",
    "TuningTask",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "Unknown",
    "UsageMetadata",
    "errors",
]

_HOMES = {
    name: module
    for module, names in {
        "._client": ("Client",),
        "._messages.content": (
            "Content",
            "GenerateContentRequest",
            "GenerationConfig",
            "HarmBlockThreshold",
            "HarmCategory",
            "Part",
            "SafetySetting",
        ),
        "._messages.generation": (
            "BlockReason",
            "Candidate",
            "CitationMetadata",
            "CitationSource",
            "FinishReason",
            "GenerateContentResponse",
            "HarmProbability",
            "PromptFeedback",
            "SafetyRating",
            "UsageMetadata",
        ),
        "._messages.message": ("Message",),
        "._messages.metadata": ("CreateTunedModelMetadata",),
        "._messages.model": ("Model",),
        "._messages.open_enum": ("OpenEnum",),
        "._messages.permission": (
            "GranteeType",
            "Permission",
            "Role",
        ),
        "._messages.status": (
            "ErrorInfo",
            "FieldViolation",
            "HelpLink",
            "QuotaViolation",
        ),
        "._messages.timestamp": ("Timestamp",),
        "._messages.training_data": (
            "Dataset",
            "TuningExample",
            "TuningExamples",
        ),
        "._messages.tuned_model": (
            "TunedModel",
            "TunedModelSource",
            "TunedModelState",
        ),
        "._messages.tuning_task": (
            "Hyperparameters",
            "TuningSnapshot",
            "TuningTask",
        ),
        "._resources.models": ("Models",),
        "._resources.operation": ("Operation",),
        "._resources.operations": ("Operations",),
        "._resources.pager": ("Pager",),
        "._resources.permissions": ("Permissions",),
        "._resources.polling": ("Polling",),
        "._transport.retry": ("Retry",),
        "._resources.tuned_models": ("TunedModels",),
        ".errors": (
            "Aborted",
            "AlreadyExists",
            "APIError",
            "Cancelled",
            "CredentialsError",
            "DataLoss",
            "DeadlineExceeded",
            "DuplicateExamplesWarning",
            "FailedPrecondition",
            "Internal",
            "InvalidArgument",
            "NotFound",
            "OperationFailed",
            "OperationTimeout",
            "OutOfRange",
            "PermissionDenied",
            "Request",
            "ResourceExhausted",
            "Response",
            "RetrySafety",
            "TrainingDataError",
            "TransportError",
            "TunedModelsError",
            "Unauthenticated",
            "Unavailable",
            "Unimplemented",
            "Unknown",
        ),
    }.items()
    for name in names
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "__version__":
        return import_module("importlib.metadata").version("tunedmodels")
    if name == "errors":
        return import_module(".errors", __name__)
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name], __name__), name)
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__, "__version__"]
