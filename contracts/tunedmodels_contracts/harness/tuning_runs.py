"""Starts tuning runs and observes them, so clauses can check the trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .answer import Answer
from .api import Api
from .clock import TargetClock
from .operation_invariants import LAWS, SHAPE, Observation, violations

EXAMPLES = (
    ("1", "2"),
    ("3", "4"),
    ("-3", "-2"),
    ("twenty two", "twenty three"),
    ("two hundred", "two hundred one"),
    ("ninety nine", "one hundred"),
    ("8", "9"),
    ("-98", "-97"),
    ("1,000", "1,001"),
    ("10,100,000", "10,100,001"),
    ("thirteen", "fourteen"),
    ("eighty", "eighty one"),
    ("one", "two"),
    ("three", "four"),
    ("seven", "eight"),
)
"""The examples of Google's tuning tutorial, numbers and their successors, in the order of the page."""

BATCH_SIZE, EPOCHS = 2, 5  # as in the tutorial
HYPERPARAMETERS = {"epochCount": EPOCHS, "batchSize": BATCH_SIZE, "learningRate": 0.001}

_LOOKS_AFTER_THE_END = 2


def body(base_model: str, examples: Sequence[tuple[str, str]] = EXAMPLES, **members: Any) -> dict[str, Any]:
    """Return the body of a create call.

    *members* are members of the model. ``hyperparameters`` goes into its task; None omits it.
    """
    rows = [{"textInput": text_input, "output": output} for text_input, output in examples]
    task: dict[str, Any] = {"trainingData": {"examples": {"examples": rows}}}
    hyperparameters = members.pop("hyperparameters", HYPERPARAMETERS)
    if hyperparameters is not None:
        task["hyperparameters"] = hyperparameters
    return {"baseModel": base_model, "tuningTask": task, **members}


@dataclass(frozen=True)
class ObservedRun:
    """A run from its start to its end: the answer to its create call, and all observations of it and its model.

    ``bound`` is the number of seconds that it may take.
    """

    created: Answer
    trace: tuple[Observation, ...]
    bound: float

    def breaks(self, law: str) -> list[str]:
        """Return where the tutorial's run violates *law* or ``SHAPE``. Raises KeyError for an unknown law."""
        if law not in LAWS and law != SHAPE:
            raise KeyError(law)
        all_violations = violations(self.trace, batch_size=BATCH_SIZE, examples=len(EXAMPLES), bound=self.bound)
        return [finding for finding in all_violations if finding.startswith((f"{law}: ", f"{SHAPE}: "))]

    def assert_ended(self) -> ObservedRun:
        """Return the run itself. Raises AssertionError if it has not ended."""
        assert self.operation.get("done"), f"{self.operation_name} has not ended within {self.bound:g} seconds"
        return self

    @property
    def operation(self) -> dict[str, Any]:
        """The operation in the last observation."""
        return dict(self.trace[-1].operation)

    @property
    def operation_name(self) -> str:
        """The name of the operation."""
        return str(self.created.json["name"])

    @property
    def model(self) -> dict[str, Any]:
        """The tuned model in the last observation."""
        return dict(self.trace[-1].tuned_model or {})

    @property
    def name(self) -> str:
        """The name of the tuned model."""
        return str(self.created.json["metadata"]["tunedModel"])


def observe(api: Api, created: Answer, clock: TargetClock, pause: float, bound: float) -> ObservedRun:
    """Poll the run that *created* began every *pause* seconds until it ends, and twice after that. Return the run.

    If the run does not end within *bound* seconds, return the trace up to then.
    """
    first = created.ok()
    name, model = first["name"], first["metadata"]["tunedModel"]
    start = clock.now()
    trace = [Observation(0.0, first)]
    remaining = _LOOKS_AFTER_THE_END
    while True:
        operation = api.get(f"v1beta/{name}").ok()
        seconds = clock.now() - start
        trace.append(Observation(seconds, operation, api.get(f"v1beta/{model}").ok()))
        if any(observation.operation.get("done") for observation in trace):
            if not remaining:
                return ObservedRun(created, tuple(trace), bound)
            remaining -= 1
        elif seconds >= bound:
            return ObservedRun(created, tuple(trace), bound)
        clock.sleep(pause)
