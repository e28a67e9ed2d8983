"""Sockets: the way to a caller whose connection waitress keeps, for the faults that befall connections."""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from waitress.channel import ClientDisconnected

_CHECK_INTERVAL = 0.05  # seconds between two looks at the connection
_SEND_TIMEOUT = 2.0  # seconds that a reset waits at most until what was written is sent
_RESET_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: on, for no time


@dataclass(frozen=True, slots=True)
class ClientConnection:
    """The way to the caller behind *channel*, waitress's own, until the server is *stopping*."""

    channel: Any
    stopping: threading.Event

    def wait(self, seconds: float) -> bool:
        """Wait, and return True; return False as soon as the caller is gone or the server ends."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self.stopping.wait(min(left, _CHECK_INTERVAL)) or self._is_gone():
                return False
        return True

    def reset(self) -> Exception:
        """Send what was written, and return what to raise so that waitress closes the connection by a reset."""
        end = time.monotonic() + _SEND_TIMEOUT
        while not self._is_gone() and not self._is_sent() and time.monotonic() < end:
            time.sleep(0.001)
        with suppress(OSError, AttributeError):  # waitress may have let go of the socket already
            self.channel.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_ONCE)
        return self.close()

    def close(self) -> Exception:
        """Return what to raise so that waitress closes the connection once all is sent."""
        closing: Exception = ClientDisconnected()
        return closing

    def _is_sent(self) -> bool:
        """Whether neither waitress nor the kernel has anything left to send."""
        return not self.channel.total_outbufs_len and not _unsent_bytes(self.channel.socket)

    def _is_gone(self) -> bool:
        """Whether the caller has closed its end; waitress does not look while it answers."""
        sock = self.channel.socket
        if not self.channel.connected or sock is None:
            return True
        try:
            return not sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True


def _unsent_bytes(sock: socket.socket) -> int:
    """Return how many bytes the kernel keeps of what was written, 0 where it does not tell."""
    try:
        import fcntl
        import termios

        return int(struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(4)))[0])
    except (ImportError, OSError, TypeError, ValueError, AttributeError):
        return 0
