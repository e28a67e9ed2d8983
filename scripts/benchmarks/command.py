"""The command ``scripts/bench``: options, the order of the cases, and the files that it writes."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Collection
from pathlib import Path

from . import load, machine, results
from .cases import CASES, Measurement, Plan
from .peers import CACHE, PEERS
from .table import head, markdown_table, with_section

EPILOG = f"""cases: {", ".join(CASES)}
peers: {", ".join(peer.name for peer in PEERS)}

Install the peers by pip install -e '.[dev,bench]'; npm installs its own into {CACHE.name}/. nginx and wrk are Debian's:
apt-get install nginx-light wrk. A peer that is not here is left out with a line that says why.
The status is 1 if the machine is too busy to compare on, and 2 for bad usage."""


def parser() -> argparse.ArgumentParser:
    """Return the reader of the options."""
    made = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measure the mock server, the client and the plugin beside their peers, in one run.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--cases", type=_names(CASES), default=list(CASES), help="names with commas between them")
    made.add_argument("--peers", type=_names([peer.name for peer in PEERS]), help="the same; by default all")
    made.add_argument("--rounds", type=int, help="how often the load visits each target (default: 5; quick: 1)")
    made.add_argument("--seconds", type=float, help="how long a visit takes (default: 2; quick: 1)")
    made.add_argument("--output", type=Path, default=CACHE / "results", help="the folder for bench.json and bench.md")
    made.add_argument("--write", type=Path, metavar="PAGE", help="also write the tables into the marked place of PAGE")
    made.add_argument("--quick", action="store_true", help="small sizes and few rounds: shows that all runs")
    made.add_argument("--force", action="store_true", help="measure on a busy machine, too; the output says so")
    return made


def _names(known: Collection[str]) -> Callable[[str], list[str]]:
    def read(text: str) -> list[str]:
        names = [name.strip() for name in text.split(",") if name.strip()]
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name} is not one of {', '.join(known)}")
        return names

    return read


def main() -> int:
    """Measure, print the tables, write the files, and return the status."""
    options = parser().parse_args()
    quiet = machine.look()
    if quiet.complaints() and not options.force:
        print(
            f"scripts/bench: too busy to compare: {'; '.join(quiet.complaints())}. Wait, or use --force.",
            file=sys.stderr,
        )
        return 1
    environment = machine.environment(quiet, load.generator()).to_json()
    plan = Plan(
        rounds=options.rounds or (1 if options.quick else 5),
        seconds=options.seconds or (1 if options.quick else 2),
        quick=options.quick,
        peers=[peer for peer in PEERS if options.peers is None or peer.name in options.peers],
    )
    measurements: list[Measurement] = []
    for name in options.cases:
        print(f"scripts/bench: {name}", file=sys.stderr, flush=True)
        try:
            measurements.append(CASES[name](plan))
        except KeyboardInterrupt:  # what was measured is worth writing
            print(f"scripts/bench: interrupted in {name}; the cases after it are left out", file=sys.stderr)
            break
        except Exception as error:  # a case that fails must not cost the figures of the others
            print(f"scripts/bench: {name} failed: {type(error).__name__}: {error}", file=sys.stderr)
            measurements.append(
                Measurement(name, [["", "figure"]], {}, [f"It failed: {type(error).__name__}: {error}"])
            )
    section = report(environment, plan, measurements)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "bench.md").write_text(section + "\n", encoding="utf-8")
    figures = {
        "environment": environment,
        "rounds": plan.rounds,
        "seconds": plan.seconds,
        "quick": plan.quick,
        "cases": {one.title: {"figures": one.figures, "rows": one.rows, "notes": one.notes} for one in measurements},
        "aims": [row.to_json() for row in results.judge(results.merge(one.figures for one in measurements))],
    }
    (options.output / "bench.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    if options.write:
        page = options.write.read_text(encoding="utf-8")
        options.write.write_text(with_section(page, section, "scripts/bench"), encoding="utf-8")
    print(section)
    print(f"\nscripts/bench: wrote {options.output}/bench.md and bench.json", file=sys.stderr)
    return 0 if len(measurements) == len(options.cases) else 130


def report(environment: dict[str, object], plan: Plan, measurements: list[Measurement]) -> str:
    """Return all tables as Markdown, the aims last."""
    parts = [head(environment, plan.rounds, plan.seconds, plan.quick)]
    for one in measurements:
        parts += [f"### {one.title}", markdown_table(one.rows), *(f"{note}" for note in one.notes)]
    aims = results.judge(results.merge(one.figures for one in measurements))
    parts += ["### The aims", markdown_table(results.rows(aims))]
    return "\n\n".join(parts)
