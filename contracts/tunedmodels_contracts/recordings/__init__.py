"""Records the service's answers, checks the files of recordings, and replays them.

Import its public names from here.
"""

from ..strict_yaml.errors import RecordingError
from .check import Problem, check
from .errors import ReplayError, UnrecordedRequest, UnusedExchanges
from .exchange import Exchange, ReceivedResponse, SentRequest
from .from_tape import record
from .provenance import Provenance
from .recording import Recording, load, save
from .replay import Replay
from .secret_scan import Leak, scan
from .secret_scrubber import Scrubber
from .tape import Tape

__all__ = [
    "Exchange",
    "Leak",
    "Problem",
    "Provenance",
    "ReceivedResponse",
    "Recording",
    "RecordingError",
    "Replay",
    "ReplayError",
    "Scrubber",
    "SentRequest",
    "Tape",
    "UnrecordedRequest",
    "UnusedExchanges",
    "check",
    "load",
    "record",
    "save",
    "scan",
]
