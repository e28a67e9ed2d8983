"""Gives access to the client's connection, which waitress manages. The faults on connections use it."""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from waitress.channel import ClientDisconnected

_CHECK_INTERVAL = 0.05  # seconds between two checks of the connection
_SEND_TIMEOUT = 2.0  # seconds: the longest wait of a reset for the written data to be sent
_RESET_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: on, with a time of zero


@dataclass(frozen=True, slots=True)
class ClientConnection:
    """The connection to the client behind *channel*, an object of waitress. *stopping* is set when the server stops."""

    channel: Any
    stopping: threading.Event

    def wait(self, seconds: float) -> bool:
        """Wait *seconds* and return True. Return False as soon as the client disconnects or the server stops."""
        end = time.monotonic() + seconds
        while (remaining := end - time.monotonic()) > 0:
            if self.stopping.wait(min(remaining, _CHECK_INTERVAL)) or self._is_gone():
                return False
        return True

    def reset(self) -> Exception:
        """Send the written data, and return the exception that makes waitress reset the connection."""
        end = time.monotonic() + _SEND_TIMEOUT
        while not self._is_gone() and not self._is_sent() and time.monotonic() < end:
            time.sleep(0.001)
        with suppress(OSError, AttributeError):  # waitress may have closed the socket already
            self.channel.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_ONCE)
        return self.close()

    def close(self) -> Exception:
        """Return the exception that makes waitress close the connection after all data is sent."""
        closing: Exception = ClientDisconnected()
        return closing

    def _is_sent(self) -> bool:
        """Return whether waitress and the kernel have sent all data."""
        return not self.channel.total_outbufs_len and not _unsent_bytes(self.channel.socket)

    def _is_gone(self) -> bool:
        """Return whether the client has closed its end. waitress does not check this while a request runs."""
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
    """Return how many written bytes the kernel has not sent yet, or 0 if the kernel does not report it."""
    try:
        import fcntl
        import termios

        return int(struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(4)))[0])
    except (ImportError, OSError, TypeError, ValueError, AttributeError):
        return 0
