"""Ends the processes that the command of ``exec`` leaves in its process group.

Run ``python -m tunedmodels_mockserver.process.group_reaper``, and write the id of the group to its stdin once the group
exists. The reaper waits until its stdin closes, and then ends the group. The stdin closes when the process at the other
end of the pipe ends, for any reason, SIGKILL included.
"""

from __future__ import annotations

import os
import signal
import sys
import time

GRACE = 2.0  # seconds between SIGTERM and SIGKILL
_INTERVAL = 0.02


def end_group(group: int, grace: float = GRACE) -> None:
    """Send SIGTERM to the processes of *group*, and SIGKILL to those that remain after *grace* seconds."""
    deadline = time.monotonic() + grace
    exists = send_signal(group, signal.SIGTERM)
    while exists and time.monotonic() < deadline:
        time.sleep(_INTERVAL)
        exists = send_signal(group, 0)
    if exists:
        send_signal(group, signal.SIGKILL)


def send_signal(group: int, number: int) -> bool:
    """Send the signal *number* to all processes of *group*. Return whether there is one; 0 sends nothing."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # macOS: a group with zombies only is not permitted
        return False
    return True


if __name__ == "__main__":
    text = sys.stdin.read().strip()
    if text:
        end_group(int(text))
