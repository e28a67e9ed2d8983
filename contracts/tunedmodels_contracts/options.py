"""The options of the contract suite as values. Both the pytest plugin and the command read them."""

from __future__ import annotations

from typing import Any

TARGETS = ("fake", "url", "replay", "live")
LEVELS = ("required", "recommended", "optional")

OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("target", {"choices": TARGETS, "help": "the target to check (default: fake)"}),
    ("url", {"metavar": "URL", "help": "the server to check, for the target url"}),
    ("token", {"metavar": "TOKEN", "help": "the access token of the caller, for the target url"}),
    ("second-token", {"metavar": "TOKEN", "help": "the access token of a second user, for clauses about sharing"}),
    ("key", {"metavar": "KEY", "help": "an API key, for the target url"}),
    ("base-model", {"metavar": "NAME", "help": "the base model to tune (default: the first that the server lists)"}),
    (
        "bound",
        {"metavar": "SECONDS", "type": float, "help": "the time limit of a tuning run (default: 600, live 3600)"},
    ),
    (
        "pause",
        {"metavar": "SECONDS", "type": float, "help": "the time between two polls of a run (default: 1, live 10)"},
    ),
    ("level", {"choices": LEVELS, "default": "optional", "help": "the lowest level of clauses to check"}),
    (
        "clause",
        {
            "metavar": "NAME",
            "action": "append",
            "help": "check only this clause; use * or repeat the option for several",
        },
    ),
    (
        "recordings",
        {"metavar": "DIR", "help": "the recordings to replay; they also count as evidence, like the published ones"},
    ),
    ("record", {"metavar": "DIR", "help": "record the answers of the target live: a file for each clause that held"}),
    ("spend", {"metavar": "LIMITS", "help": "the budget of the target live: tunings=1,requests=200,seconds=1800"}),
    ("anonymous", {"action": "store_true", "help": "on the target live, check only clauses that need no credentials"}),
    ("ledger", {"metavar": "FILE", "help": "the file in which the target live logs what it creates"}),
    ("known", {"metavar": "FILE", "help": "known differences, each with its reason and date"}),
    ("mutant", {"metavar": "NAME", "help": "check the target behind this mutant, which makes one mistake"}),
    ("report", {"metavar": "DIR", "help": "write the report to this folder: JSON, JUnit, Markdown, HTML"}),
)
"""The name of each option, with its keyword arguments for argparse."""

PLUGIN = "tunedmodels_contracts.session.plugin"
"""The pytest plugin that adds the options and the session of the suite."""

TARGETS_OF_OPTION = {
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
