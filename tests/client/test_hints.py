"""The texts of the hints, for Python and for the command line."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

from tunedmodels import Client, OperationTimeout, TunedModels
from tunedmodels._cli import main
from tunedmodels._hints import Hint, for_command_line


@pytest.mark.parametrize("hint", Hint)
def test_python_text_names_what_exists(hint: Hint) -> None:
    """Every method and argument that the text for Python names exists."""
    arguments = {name for method in (Client, TunedModels.create) for name in inspect.signature(method).parameters}
    client = Client(api_key="key")
    for path in re.findall(r"client\.([a-z_.]+)\(", hint.text):
        target: Any = client
        for name in path.split("."):
            target = getattr(target, name)
        assert callable(target), path
    assert {name for name in re.findall(r"\b([a-z_]+)=", hint.text) if name != "scopes"} <= arguments
    assert not re.search(r"`tunedmodels|(^| )--(?!scopes)", hint.text)


@pytest.mark.parametrize("hint", Hint)
def test_command_text_names_what_exists(hint: Hint) -> None:
    """Every command and option that the text for the command line names exists, and nothing of Python is in it."""
    with for_command_line():
        text = hint.text
    options = {option for command in main.commands.values() for param in command.params for option in param.opts}
    for words in re.findall(r"`tunedmodels ([a-z ]+[a-z])", text):
        command: Any = main
        for word in words.split():
            command = command.commands[word]
    assert set(re.findall(r"(?<![\w-])--[a-z-]+", text)) - {"--scopes", "--tunable"} <= options
    assert not re.search(r"client\.|\w\(|\b[a-z]+_[a-z_]+", text)


def test_hints_have_different_ids() -> None:
    """No hint is an alias of another hint, which an enum would make of two equal values."""
    assert list(Hint.__members__) == [hint.name for hint in Hint]


def test_errors_after_the_command_have_python_hints() -> None:
    """Only errors that are made inside the block have the texts for the command line."""
    with for_command_line():
        inside = OperationTimeout("o", 1)
    outside = OperationTimeout("o", 1)

    assert str(inside) == "o has not ended within 1 seconds; it continues; wait for it again with `tunedmodels watch`"
    assert str(outside) == "o has not ended within 1 seconds; it continues; get it with client.operations.get()"
