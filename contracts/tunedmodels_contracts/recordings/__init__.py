"""Recordings of the service's answers: made, kept, checked and played."""

from .check import Problem, check
from .errors import RecordingError, ReplayError, Unrecorded, Unused
from .exchange import Exchange, ReceivedResponse, SentRequest
from .provenance import Provenance
from .recorder import record
from .recording import Recording, load, save
from .replay import Replay
from .scan import Leak, scan
from .scrub import Scrubber
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
    "Unrecorded",
    "Unused",
    "check",
    "load",
    "record",
    "save",
    "scan",
]
