"""A client for the Gemini API's model tuning."""

from ._client import Client as Client
from ._models import CreateTunedModelMetadata as CreateTunedModelMetadata
from ._models import GenerateContentResponse as GenerateContentResponse
from ._models import Hyperparameters as Hyperparameters
from ._models import TunedModel as TunedModel
from ._models import TuningSnapshot as TuningSnapshot
from ._models import TuningTask as TuningTask
from ._operations import Operation as Operation
from .errors import Aborted as Aborted
from .errors import AlreadyExists as AlreadyExists
from .errors import APIError as APIError
from .errors import Cancelled as Cancelled
from .errors import DeadlineExceeded as DeadlineExceeded
from .errors import FailedPrecondition as FailedPrecondition
from .errors import Internal as Internal
from .errors import InvalidArgument as InvalidArgument
from .errors import NotFound as NotFound
from .errors import OperationFailed as OperationFailed
from .errors import OperationTimeout as OperationTimeout
from .errors import PermissionDenied as PermissionDenied
from .errors import ResourceExhausted as ResourceExhausted
from .errors import TransportError as TransportError
from .errors import TunedModelsError as TunedModelsError
from .errors import Unauthenticated as Unauthenticated
from .errors import Unavailable as Unavailable
from .errors import Unimplemented as Unimplemented

__all__ = [
    "APIError",
    "Aborted",
    "AlreadyExists",
    "Cancelled",
    "Client",
    "CreateTunedModelMetadata",
    "DeadlineExceeded",
    "FailedPrecondition",
    "GenerateContentResponse",
    "Hyperparameters",
    "Internal",
    "InvalidArgument",
    "NotFound",
    "Operation",
    "OperationFailed",
    "OperationTimeout",
    "PermissionDenied",
    "ResourceExhausted",
    "TransportError",
    "TunedModel",
    "TunedModelsError",
    "TuningSnapshot",
    "TuningTask",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
]
