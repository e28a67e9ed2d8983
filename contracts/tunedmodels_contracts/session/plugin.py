"""The pytest plugin that adds the options and the session of the contract suite.

``tunedmodels-contracts`` loads it. For pytest's own command, name it: ``-p tunedmodels_contracts.session.plugin``.
"""

from __future__ import annotations

import pytest

from ..options import OPTIONS, attribute

_SESSION = "tunedmodels-session"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the suite, each ``--tunedmodels-{name}``."""
    group = parser.getgroup("tunedmodels", "contracts of the Gemini API's tunedModels")
    for name, arguments in OPTIONS:
        group.addoption(f"--tunedmodels-{name}", dest=attribute(name), **arguments)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the hook by which plugins get the target."""
    from ..targets import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark of clauses, and the session, unless ``-p no:tunedmodels-session`` blocks the session."""
    config.addinivalue_line("markers", "clause(clause): the clause that the test checks")
    if config.pluginmanager.is_blocked(_SESSION):
        return
    from .pytest_session import Session

    config.pluginmanager.register(Session(config), _SESSION)
