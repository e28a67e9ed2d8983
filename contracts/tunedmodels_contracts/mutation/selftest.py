"""The self-test of the suite. It runs the suite against each mutant, and each required clause has to kill one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped, unused-ignore]  # its types are a distribution of their own

from ..pytest_runner.pool import worker_pool
from .registry import MUTANTS
from .trial import Trial, trial

REASONS = Path(__file__).parent / "mutants" / "reasons.yaml"


@dataclass(frozen=True)
class Reasons:
    """The reasons why a required clause kills no mutant, and why no clause kills a mutant: a sentence by name."""

    clauses: Mapping[str, str] = field(default_factory=dict)
    mutants: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path = REASONS) -> Reasons:
        """Return the reasons in a file. Raises ValueError if a reason is missing or is no sentence."""
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        for name, reason in [*(content.get("clauses") or {}).items(), *(content.get("mutants") or {}).items()]:
            if not isinstance(reason, str) or not reason.strip():
                raise ValueError(f"{path.name} has no reason for {name}: write one, or take it out")
        return cls(content.get("clauses") or {}, content.get("mutants") or {})


@dataclass(frozen=True)
class MutationResult:
    """The outcomes without a mutant and with each mutant; *reasons* are the reasons to apply.

    A clause can be toothless only if *all_mutants* were tried. A reason can be stale only if all mutants were tried on
    *all_clauses*. A mutant that no clause kills is a survivor. Survivors are not reported if all mutants ran on only
    some clauses.
    """

    baseline: Trial
    trials: Mapping[str, Trial]
    reasons: Reasons = field(default_factory=Reasons)
    all_clauses: bool = True
    all_mutants: bool = True

    @property
    def is_complete(self) -> bool:
        """Whether all mutants were tried on all clauses."""
        return self.all_clauses and self.all_mutants

    @cached_property
    def kills(self) -> dict[str, frozenset[str]]:
        """The clauses that kill each mutant; only clauses that hold without a mutant count."""
        sound = self.baseline.with_outcome("held")
        return {name: trial_result.with_outcome("killed") & sound for name, trial_result in self.trials.items()}

    @cached_property
    def killed_by(self) -> dict[str, tuple[str, ...]]:
        """The mutants that each required clause kills."""
        judged = sorted(self.baseline.required - self.baseline.not_judged)
        return {clause: tuple(name for name, clauses in self.kills.items() if clause in clauses) for clause in judged}

    @property
    def failing_clauses(self) -> tuple[str, ...]:
        """The clauses that fail without a mutant; their failures with a mutant prove nothing."""
        return tuple(sorted(self.baseline.with_outcome("killed", "unprepared")))

    @property
    def void(self) -> tuple[str, ...]:
        """The mutants that changed no answer; a missing kill then proves nothing."""
        return tuple(sorted(name for name, trial_result in self.trials.items() if not trial_result.changed_answers))

    @property
    def toothless(self) -> tuple[str, ...]:
        """The required clauses that kill no mutant, and have no reason for it."""
        if not self.all_mutants:
            return ()
        return tuple(c for c, killed in self.killed_by.items() if not killed and c not in self.reasons.clauses)

    @property
    def survivors(self) -> tuple[str, ...]:
        """The mutants that no clause kills, and that have no reason for it."""
        if self.all_mutants and not self.all_clauses:
            return ()
        return tuple(sorted(name for name in self._unkilled if name not in self.reasons.mutants))

    @property
    def stale(self) -> tuple[str, ...]:
        """The names in the reasons that need no reason: clauses that kill, killed mutants, and unknown names."""
        if not self.is_complete:
            return ()
        needed = {clause for clause, killed in self.killed_by.items() if not killed}
        return tuple(sorted({*self.reasons.clauses} - needed | {*self.reasons.mutants} - self._unkilled))

    @property
    def _unkilled(self) -> frozenset[str]:
        return frozenset(name for name, clauses in self.kills.items() if not clauses)

    @property
    def is_successful(self) -> bool:
        """Whether the self-test passes for the selected clauses and mutants."""
        return bool(self.trials) and not (
            self.failing_clauses or self.void or self.toothless or self.survivors or self.stale
        )

    def report_lines(self) -> Iterator[str]:
        """Yield the report, one finding per line; the last line is a summary."""
        problems: tuple[tuple[str, Iterable[str]], ...] = (
            ("does not hold without a mutant", self.failing_clauses),
            ("is a mutant that spoils no answer", self.void),
            ("is required, kills no mutant, and has no reason", self.toothless),
            ("is a mutant that no clause kills, and has no reason", self.survivors),
            ("has a reason that it does not need", self.stale),
        )
        for problem, names in problems:
            yield from (f"{name} {problem}" for name in names)
        if self.is_complete:
            reasons = {**self.reasons.clauses, **self.reasons.mutants}
            yield from (f"{name}: {reason}" for name, reason in sorted(reasons.items()) if name not in self.stale)
        else:
            yield from (f"{name} is killed by {', '.join(sorted(by))}" for name, by in self.kills.items() if by)
        killed, biting = len(self.trials) - len(self._unkilled), sum(map(bool, self.killed_by.values()))
        yield (
            f"{killed} of {len(self.trials)} mutants are killed; {biting} of {len(self.killed_by)} required clauses "
            f"kill one: {self._summary}"
        )

    @property
    def _summary(self) -> str:
        if not self.is_successful:
            return "the self-test fails"
        return "the suite has teeth" if self.is_complete else "so far as it was tried, the suite has teeth"

    def to_json(self) -> dict[str, Any]:
        """Return the matrix of kills and the conclusions, for a file."""
        return {
            "passed": self.is_successful,
            "mutants": {
                name: {
                    "kind": MUTANTS[name].kind,
                    "spoils": MUTANTS[name].description,
                    "answers": trial_result.changed_answers,
                    "killed_by": sorted(self.kills[name]),
                    "unprepared": sorted(trial_result.with_outcome("unprepared")),
                }
                for name, trial_result in sorted(self.trials.items())
            },
            "clauses": {clause: sorted(killed) for clause, killed in self.killed_by.items()},
            "broken": self.failing_clauses,
            "void": self.void,
            "toothless": self.toothless,
            "survivors": self.survivors,
            "stale": self.stale,
            "unjudged": sorted(self.baseline.not_judged & self.baseline.required),
            "reasons": {"clauses": dict(self.reasons.clauses), "mutants": dict(self.reasons.mutants)},
        }


def selftest(
    clauses: Iterable[str] | None = None,
    mutants: Iterable[str] | None = None,
    jobs: int = 2,
    *,
    arguments: Sequence[str] = (),
    reasons: Reasons | None = None,
    progress: Callable[[str, int, int], object] | None = None,
) -> MutationResult:
    """Run *clauses* against *mutants*, by default all, in *jobs* processes; *arguments* are pytest's.

    *progress* is called for each finished mutant with its name, the number of finished mutants and the total number.
    Raises KeyError for an unknown mutant, and RuntimeError if the suite cannot run.
    """
    names = list(MUTANTS) if mutants is None else list(mutants)
    for name in names:
        if name not in MUTANTS:
            raise KeyError(name)
    selected = None if clauses is None else tuple(clauses)
    trials: dict[str, Trial] = {}
    with worker_pool(jobs) as submit:
        baseline = submit(trial, None, selected, arguments)
        waiting = {submit(trial, name, selected, arguments): name for name in names}
        for number, future in enumerate(as_completed(waiting), 1):
            trials[waiting[future]] = future.result()
            if progress:
                progress(waiting[future], number, len(names))
        effective_reasons = Reasons.read() if reasons is None else reasons
        in_order = {name: trials[name] for name in names}
        return MutationResult(
            baseline.result(), in_order, effective_reasons, selected is None, set(names) == set(MUTANTS)
        )
