"""The child: a command of the user's, run as if the user had started it.

It has a process group of its own, which has the terminal where we had it: Ctrl-C and a signal to us both reach the
group exactly once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

FORWARDED = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")


class SignalForwarder:
    """The signals that come to us between ``with`` and its end: passed on to the child, once there is one."""

    def __init__(self) -> None:
        self._group: int | None = None
        self._early: list[int] = []

    @contextmanager
    def forward(self) -> Iterator[SignalForwarder]:
        """Catch what is passed on, but for what we were started to ignore, as by nohup."""
        before = {}
        for number in (getattr(signal, name) for name in FORWARDED if hasattr(signal, name)):
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, self._handle)
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @property
    def early_signal(self) -> int | None:
        """The first signal that came before there was a child, or None."""
        return self._early[0] if self._early else None

    def forward_to(self, group: int | None) -> None:
        """Pass signals on to the process *group* from now on, those that came early, too; None: to nobody any more."""
        self._group = group
        if group is None:
            return
        early, self._early = self._early, []
        for number in early:
            _send_signal(group, number)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._group is None:
            self._early.append(number)
        else:
            _send_signal(self._group, number)


def run(command: Sequence[str], environment: Mapping[str, str], signals: SignalForwarder) -> int:
    """Run *command* to its end and return its status: 128 and the signal's number where a signal ended it.

    Raises OSError where it cannot be started.
    """
    terminal = _terminal()

    def begin() -> None:
        os.setpgrp()
        # Here, and not by us: a child that reads at once would be stopped as one in the background.
        if terminal is not None:
            _set_foreground(terminal, os.getpgrp())

    child = subprocess.Popen(command, env=environment, preexec_fn=begin)
    signals.forward_to(child.pid)
    try:
        return _wait_for_end(child, terminal)
    finally:
        signals.forward_to(None)
        if terminal is not None:
            _set_foreground(terminal, os.getpgrp())


def _wait_for_end(child: subprocess.Popen[bytes], terminal: int | None) -> int:
    """Wait for the end; a child that stops, as by Ctrl-Z, stops us, and goes on when we do."""
    while True:
        _, status = os.waitpid(child.pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            code = os.waitstatus_to_exitcode(status)
            child.returncode = code
            return code if code >= 0 else 128 - code
        if terminal is None:
            continue  # whoever stopped it will let it go on
        _set_foreground(terminal, os.getpgrp())
        os.kill(0, signal.SIGSTOP)  # all of our job, as the terminal would have done
        _set_foreground(terminal, child.pid)
        _send_signal(child.pid, signal.SIGCONT)


def _send_signal(group: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _terminal() -> int | None:
    """Return the descriptor of the terminal in whose foreground we are, or None."""
    try:
        descriptor = sys.__stdin__.fileno() if sys.__stdin__ else -1
        return descriptor if os.tcgetpgrp(descriptor) == os.getpgrp() else None
    except (OSError, ValueError):
        return None


def _set_foreground(terminal: int, group: int) -> None:
    """Give the *terminal* to a process *group*; who does so from its background would be stopped by SIGTTOU."""
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        with suppress(OSError):
            os.tcsetpgrp(terminal, group)
    finally:
        signal.signal(signal.SIGTTOU, before)
