"""The options of the contract suite as values. Both the pytest plugin and the command read them."""

from __future__ import annotations

from typing import Any

TARGETS = ("fake", "url", "replay", "live")
LEVELS = ("required", "recommended", "optional")

OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("target", {"choices": TARGETS, "help": "what the clauses are checked on (default: fake)"}),
    ("url", {"metavar": "URL", "help": "the server to check, for the target url"}),
    ("token", {"metavar": "TOKEN", "help": "an access token of the caller, for the target url"}),
    ("second-token", {"metavar": "TOKEN", "help": "one of somebody else, for clauses about sharing"}),
    ("key", {"metavar": "KEY", "help": "an API key, for the target url"}),
    ("base-model", {"metavar": "NAME", "help": "the base model to tune (default: the first that the server lists)"}),
    (
        "bound",
        {"metavar": "SECONDS", "type": float, "help": "how long a tuning run may take (default: 600, live 3600)"},
    ),
    ("pause", {"metavar": "SECONDS", "type": float, "help": "between two looks at a run (default: 1, live 10)"}),
    ("level", {"choices": LEVELS, "default": "optional", "help": "leave out clauses of a lesser level"}),
    ("clause", {"metavar": "NAME", "action": "append", "help": "check this clause alone; several by * or by again"}),
    ("recordings", {"metavar": "DIR", "help": "recordings to replay, and to look for evidence in beside ours"}),
    ("record", {"metavar": "DIR", "help": "write what the target live answers, a file for each clause that held"}),
    ("spend", {"metavar": "LIMITS", "help": "what the target live may cost: tunings=1,requests=200,seconds=1800"}),
    ("anonymous", {"action": "store_true", "help": "ask the target live only what needs no credentials"}),
    ("ledger", {"metavar": "FILE", "help": "where the target live notes what it makes"}),
    ("known", {"metavar": "FILE", "help": "known differences, each with its reason and date"}),
    ("mutant", {"metavar": "NAME", "help": "spoil the answers, to see which clauses notice"}),
    ("report", {"metavar": "DIR", "help": "write the report there: JSON, JUnit, Markdown, HTML"}),
)
"""The name of each option, with its keyword arguments for argparse."""

PLUGIN = "tunedmodels_contracts.session.plugin"
"""The pytest plugin that adds the options and the session of the suite."""

OF_TARGET = {
    "url": ("url",),
    "token": ("url",),
    "key": ("url",),
    "second-token": ("url", "live"),
    "base-model": ("url", "live"),
    "bound": ("url", "live"),
    "pause": ("url", "live"),
    "record": ("live",),
    "spend": ("live",),
    "anonymous": ("live",),
    "ledger": ("live",),
}
"""The options that only some targets have, with those targets.

For other targets they are refused, because ignoring them would hide that they have no effect.
"""


def attribute(name: str) -> str:
    """Return the name of the attribute in which pytest stores the option *name*."""
    return f"tunedmodels_{name.replace('-', '_')}"
