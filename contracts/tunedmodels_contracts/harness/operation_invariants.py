"""The invariants of a tuning operation, and ``violations``, which checks a recorded run against them.

Read this if a clause reports a violation, or if you want to add an invariant. The code calls an invariant a law.

The model
=========

A trace is a list of observations of one run, in the order of time. An observation has a time in seconds, the JSON
of the operation and, if the observer got the tuned model right after the operation, the JSON of the model.

Nothing in this module sends a request, waits, or knows which server answered. So the same invariants check the
mock server, a recording and the real service.

``violations`` works in three steps. It raises ValueError if the trace goes back in time. It then checks the types
of all members that an invariant reads. If a type is wrong, it returns these findings only, under the name ``SHAPE``,
because an invariant cannot read such an answer. If all types are right, it calls every invariant in ``LAWS``.

The invariants
==============

An invariant is a pure function of a ``Run``: the looks, the batch size, the number of examples and the time bound.
A look is an observation with the name of its place. The function yields violations, each a pair: the place in the
trace, and the reason with the values. ``violations`` puts the name in ``LAWS`` before them and returns sentences.

An invariant that lacks its input yields nothing: ``_epochs`` needs the batch size and the number of examples, and
``_in_time`` needs the bound.

Grades
======

The docstring of an invariant says where it is known from. "Observed" means that answers of the service show it.
"AIP-151" means that Google's rules for long-running operations say it. "Inferred" means that no answer shows it.
If only a part has another grade, the docstring names the part. ``_append_only`` names no source. The grades are for
readers; the code does not use them. ``evidence/evidence.py`` computes the evidence for a clause from files.

Known limits
============

The observer gets the model after its operation, so a run may end between the two requests. A model may therefore be
one look ahead of its operation, but never behind it. In the last look, if the operation is not done, the state of
the model alone proves nothing.

The invariants see only what the observer saw. A change between two looks that is undone before the second look is
invisible. An empty trace has no violations. A run with a batch larger than its data proves nothing about epochs.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, pairwise, zip_longest
from typing import Any

from .operation_types import nanoseconds, type_errors
from .trace import Json, Look, Run, task_snapshots, to_looks
from .trace import Observation as Observation  # users of this module build traces

CANCELLED = 1  # google/rpc/code.proto


Findings = Iterator[tuple[str, str]]
Law = Callable[[Run], Findings]


def violations(
    trace: Sequence[Observation],
    *,
    batch_size: int | None = None,
    examples: int | None = None,
    bound: float | None = None,
) -> list[str]:
    """Return a sentence for each violation in *trace*: the name of the law, the place and the values.

    *batch_size* and *examples* (the number of examples) are those of the create call. Without both, or if the batch
    is larger than the data, the law of the epochs is not checked. *bound* is the time in seconds that the run may
    take. Without it the time is not checked. If a member has a type that differs from the API's, return only the
    findings about types. Raises ValueError if the trace goes back in time, because no law can check such a trace.
    """
    for before, after in pairwise(trace):
        if after.seconds < before.seconds:
            raise ValueError(f"A trace goes forward in time: {after.seconds} s comes after {before.seconds} s.")
    looks = to_looks(trace)
    wrong = [f"{SHAPE}: {place}: {values}." for look in looks for place, values in _types(look)]
    if wrong:
        return wrong
    run = Run(looks, batch_size, examples, bound)
    return [f"{law}: {place}: {values}." for law, judge in LAWS.items() for place, values in judge(run)]


def _types(look: Look) -> Findings:
    yield from type_errors(look.operation, f"{look.place}, operation")
    if look.tuned_model is not None:
        yield from type_errors(look.tuned_model, f"{look.place}, tuned model")


def _constant(run: Run) -> Findings:
    """Observed: a poll under v1 shows the type of the version that created the operation.

    The others hold by their meaning.
    """
    for path in (("name",), ("metadata", "@type"), ("metadata", "totalSteps"), ("metadata", "tunedModel")):
        first = _member(run.looks[0].operation, path) if run.looks else None
        for look in run.looks:
            value = _member(look.operation, path)
            if not value:
                yield look.place, f"{'.'.join(path)} is missing"
            elif first and value != first:
                yield look.place, f"{'.'.join(path)} was {first!r} and is {value!r}"


def _one_model(run: Run) -> Findings:
    """Observed in every answer of a create, a poll and a get."""
    for look in run.looks:
        name = look.metadata.get("tunedModel")
        if not look.operation.get("name", "").startswith(f"{name}/operations/"):
            yield look.place, f"the operation of {name!r} is called {look.operation.get('name')!r}"
        for place, model in look.models():
            if model.get("name") != name:
                yield place, f"the model is called {model.get('name')!r}, in the metadata {name!r}"


def _done_stays(run: Run) -> Findings:
    """AIP-151: an operation that is done is a result and does not run again."""
    for before, after in pairwise(run.looks):
        if before.done and not after.done:
            yield after.place, f"done was true at {before.place} and is no more"


def _result(run: Run) -> Findings:
    """AIP-151: an operation gets its result when it is done, and it has exactly one."""
    for look in run.looks:
        results = [name for name in ("response", "error") if name in look.operation]
        if look.done and len(results) != 1:
            yield look.place, f"done is true, with {' and '.join(results) or 'neither response nor error'}"
        if not look.done and results:
            yield look.place, f"done is not true, with {' and '.join(results)}"


def _progress(run: Run) -> Findings:
    """Observed in polls of two runs. In both of them a run that succeeded had completed all its steps."""
    for look in run.looks:
        if not 0 <= look.completed <= look.total:
            yield look.place, f"completedSteps is {look.completed} of {look.total}"
        if "response" in look.operation and look.completed != look.total:
            yield look.place, f"the run succeeded with completedSteps {look.completed} of {look.total}"
    for before, after in pairwise(run.looks):
        if after.completed < before.completed:
            yield after.place, f"completedSteps was {before.completed} and is {after.completed}"
        if after.percent < before.percent:
            yield after.place, f"completedPercent was {before.percent} and is {after.percent}"


def _percent(run: Run) -> Findings:
    """Observed: 5.263158 for 2 of 38 steps. The member is absent before the first snapshot."""
    for look in run.looks:
        expected = _float32(100 * look.completed / look.total) if look.total else 0.0
        if _float32(look.percent) != expected:
            yield (
                look.place,
                f"completedPercent is {look.percent}, and {look.completed} of {look.total} steps are {expected:.9g}",
            )
        if look.percent and not look.snapshots:
            yield look.place, f"completedPercent is {look.percent} without any snapshot"


def _snapshots(run: Run) -> Findings:
    """Observed in whole runs of 12 to 375 steps. One run of 38 steps shows that the metadata counts the same steps."""
    for place, snapshots in run.snapshot_lists():
        for expected, snapshot in enumerate(snapshots, start=1):
            if snapshot.get("step", 0) != expected:
                yield place, f"snapshot {expected} has step {snapshot.get('step', 0)}"
                break
    for look in run.looks:
        if len(look.snapshots) != look.completed:
            yield look.place, f"completedSteps is {look.completed}, with {len(look.snapshots)} snapshots"


def _append_only(run: Run) -> Findings:
    """A snapshot, once shown in the operation or in the model, never changes and never disappears."""
    longest: Sequence[Json] = ()
    for place, snapshots in run.snapshot_lists():
        for previous, snapshot in zip(longest, snapshots, strict=False):
            if previous != snapshot:
                yield place, f"the snapshot {dict(previous)} is now {dict(snapshot)}"
                break
        if len(snapshots) > len(longest):
            longest = snapshots
    in_metadata = [(f"{look.place}, metadata", len(look.snapshots)) for look in run.looks]
    in_model = [
        (f"{look.place}, tuned model", len(task_snapshots(look.tuned_model)))
        for look in run.looks
        if look.tuned_model is not None
    ]
    for (_, before), (place, after) in chain(pairwise(in_metadata), pairwise(in_model)):
        if after < before:
            yield place, f"there were {before} snapshots and are {after}"


def _epochs(run: Run) -> Findings:
    """Observed in eight whole runs. None had a batch larger than the data, so such a run is not checked."""
    if run.batch_size is None or run.examples is None or run.batch_size > run.examples:
        return
    for place, snapshots in run.snapshot_lists():
        for snapshot in snapshots:
            expected = snapshot.get("step", 0) * run.batch_size // run.examples
            if snapshot.get("epoch", 0) != expected:
                yield (
                    place,
                    f"step {snapshot.get('step', 0)} has epoch {snapshot.get('epoch', 0)}, expected {expected}",
                )
                break


def _states(run: Run) -> Findings:
    """Inferred: a cancelled run leaves an ACTIVE model. The model can generate, and no state means "cancelled"."""
    last_state = "CREATING"
    for look, following in zip_longest(run.looks, run.looks[1:]):
        final = _final_state(look.operation)
        if final:
            allowed = {final}
        elif following:
            allowed = {"CREATING", _final_state(following.operation) or "CREATING"}
        else:
            allowed = {"CREATING", "ACTIVE", "FAILED"}
        for place, model in look.models():
            state = model.get("state", "")
            if last_state != "CREATING" and state != last_state:
                yield place, f"the state was {last_state} and is {state!r}"
            elif state not in allowed:
                yield place, f"the state is {state!r}, and the operation {_progress_phrase(look.operation)}"
            last_state = state


def _times(run: Run) -> Findings:
    """Observed in whole runs. Times that are not set yet are skipped."""
    for look in run.looks:
        for place, model in look.models():
            task = model.get("tuningTask", {})
            order = [
                ("createTime", model.get("createTime")),
                ("startTime", task.get("startTime")),
                *(
                    (f"computeTime of step {snapshot.get('step', 0)}", snapshot.get("computeTime"))
                    for snapshot in task.get("snapshots", ())
                ),
                ("completeTime", task.get("completeTime")),
            ]
            known_times = [(name, text) for name, text in order if text is not None]
            for (name, text), (later_name, later_text) in pairwise(known_times):
                if nanoseconds(later_text) < nanoseconds(text):
                    yield place, f"{later_name} {later_text} is before {name} {text}"


def _end_stays(run: Run) -> Findings:
    """AIP-151: an operation has one result, so nothing changes after the end."""
    final_looks = run.looks[next((number for number, look in enumerate(run.looks) if look.done), len(run.looks)) :]
    for look in final_looks[1:]:
        if look.operation != final_looks[0].operation:
            changed = sorted(
                name
                for name in {*look.operation, *final_looks[0].operation}
                if look.operation.get(name) != final_looks[0].operation.get(name)
            )
            yield look.place, f"{', '.join(changed)} is not what it was at {final_looks[0].place}"


def _zeros(run: Run) -> Findings:
    """Observed in every answer: an operation omits members that are zero, false or empty. A step omits epoch 0."""
    for look in run.looks:
        if look.operation.get("done") is False:
            yield look.place, "done is false, and not absent"
        for name in ("totalSteps", "completedSteps", "completedPercent", "snapshots", "tunedModel"):
            if name in look.metadata and not look.metadata[name]:
                yield look.place, f"{name} is {look.metadata[name]!r}, and not absent"
    for place, snapshots in run.snapshot_lists():
        for number, snapshot in enumerate(snapshots, start=1):
            written = [name for name in ("step", "epoch", "meanLoss") if name in snapshot and not snapshot[name]]
            if written:
                yield place, f"{' and '.join(written)} of snapshot {number} is 0, and not absent"
                break


def _in_time(run: Run) -> Findings:
    """The target sets the bound. Observed: runs take minutes, and hours if they wait in a queue."""
    for look in run.looks:
        if run.bound is not None and look.seconds >= run.bound and not look.done:
            yield look.place, f"the operation has not ended within {run.bound:g} seconds"
            break


SHAPE = "Members have the types that the API gives them"

LAWS: Mapping[str, Law] = {
    "An operation's name, metadata type, total and model never change": _constant,
    "An operation and its model name each other": _one_model,
    "An operation that is done stays done": _done_stays,
    "An operation has exactly one result when it is done, and none before": _result,
    "Progress never falls and ends at all steps": _progress,
    "completedPercent is the float32 of the completed steps, and comes with snapshots": _percent,
    "There is one snapshot for each completed step, from step 1": _snapshots,
    "Snapshots are only ever appended": _append_only,
    "A step's epoch is floor(step x batch size / examples)": _epochs,
    "A model is CREATING, then ACTIVE or FAILED, in step with its operation": _states,
    "A model is created, starts, computes its steps and completes in this order": _times,
    "An operation that has ended never changes": _end_stays,
    "What is zero, false or empty is absent": _zeros,
    "An operation ends within the bound of its target": _in_time,
}


def _progress_phrase(operation: Json) -> str:
    """Return a phrase for the progress of *operation*."""
    if not operation.get("done"):
        return "is not done"
    error = operation.get("error")
    return f"ended with error code {error.get('code')}" if error is not None else "ended with a response"


def _member(value: Any, path: Sequence[str]) -> Any:
    for name in path:
        value = value.get(name, {})
    return value


def _final_state(operation: Json) -> str | None:
    """Return the state of the model when *operation* is done, or None if it is not done."""
    if not operation.get("done"):
        return None
    error = operation.get("error")
    return "ACTIVE" if error is None or error.get("code") == CANCELLED else "FAILED"


def _float32(value: float) -> float:
    result: float = struct.unpack("<f", struct.pack("<f", value))[0]
    return result
