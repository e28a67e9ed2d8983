"""Runs the user's command as a foreground child, as a shell would run it.

The child has a process group of its own. If our group has the terminal, the child's group gets it. Ctrl-C and a signal
to our process both reach the group exactly once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

from .group_reaper import send_signal

FORWARDED = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")


class SignalForwarder:
    """Catches signals to our process, and forwards them to the child once it has started."""

    def __init__(self) -> None:
        self._group: int | None = None
        self._early: list[int] = []

    @contextmanager
    def forward(self) -> Iterator[SignalForwarder]:
        """Catch the signals inside the block, except those that our parent told us to ignore (for example nohup)."""
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
        """The first signal that came before the child started, or None."""
        return self._early[0] if self._early else None

    def forward_to(self, group: int | None) -> None:
        """Forward signals to the process *group* from now on, with those that came early. None ends the forwarding."""
        self._group = group
        if group is None:
            return
        early, self._early = self._early, []
        for number in early:
            send_signal(group, number)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._group is None:
            self._early.append(number)
        else:
            send_signal(self._group, number)


def run(
    command: Sequence[str], environment: Mapping[str, str], signals: SignalForwarder, on_start: Callable[[int], None]
) -> int:
    """Run *command* to its end and return its status: 128 plus the number of the signal if a signal ended it.

    Call *on_start* with the id of its process group. Raise OSError if it cannot be started.
    """
    terminal = _terminal()

    def begin() -> None:
        os.setpgrp()
        # In the child, not in the parent: a child that reads at once would be stopped as a background process.
        if terminal is not None:
            _set_foreground(terminal, os.getpgrp())

    child = subprocess.Popen(command, env=environment, preexec_fn=begin)
    on_start(child.pid)
    signals.forward_to(child.pid)
    try:
        return _wait_for_end(child, terminal)
    finally:
        signals.forward_to(None)
        if terminal is not None:
            _set_foreground(terminal, os.getpgrp())


def _wait_for_end(child: subprocess.Popen[bytes], terminal: int | None) -> int:
    """Wait for the end of the child. If the child stops (Ctrl-Z), stop too, and continue it when we continue."""
    while True:
        _, status = os.waitpid(child.pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            code = os.waitstatus_to_exitcode(status)
            child.returncode = code
            return code if code >= 0 else 128 - code
        if terminal is None:
            continue  # the process that stopped it will continue it
        _set_foreground(terminal, os.getpgrp())
        os.kill(0, signal.SIGSTOP)  # the whole job, as the terminal does on Ctrl-Z
        _set_foreground(terminal, child.pid)
        send_signal(child.pid, signal.SIGCONT)


def _terminal() -> int | None:
    """Return the descriptor of the terminal if our process is in its foreground, else None."""
    try:
        descriptor = sys.__stdin__.fileno() if sys.__stdin__ else -1
        return descriptor if os.tcgetpgrp(descriptor) == os.getpgrp() else None
    except (OSError, ValueError):
        return None


def _set_foreground(terminal: int, group: int) -> None:
    """Give the *terminal* to a process *group*. Ignore SIGTTOU, which would stop a caller in the background."""
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        with suppress(OSError):
            os.tcsetpgrp(terminal, group)
    finally:
        signal.signal(signal.SIGTTOU, before)
