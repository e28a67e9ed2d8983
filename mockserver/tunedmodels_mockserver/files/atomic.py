"""Writes files atomically. A reader never sees a partial file."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from pathlib import Path


def destination(path: Path) -> Path:
    """Return the file at *path* with symbolic links resolved, whether the file exists or not.

    Raise OSError if *path* names something else, such as a folder, a device or a FIFO: a replacement would destroy it.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        pass
    else:
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "It exists and is not a regular file", str(path))
    return Path(os.path.realpath(path))


def write(path: Path, data: bytes) -> None:
    """Write *data* to the file at *path*. If that fails, an existing file stays as it is.

    Symbolic links stay, and an existing file keeps its permissions; a new file gets the usual ones. Raise OSError if
    the write fails or ``destination`` refuses the path.
    """
    file = destination(path)
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}.draft")
    try:
        with draft.open("xb") as new:
            if file.exists():
                draft.chmod(stat.S_IMODE(file.stat().st_mode))
            new.write(data)
            new.flush()
            os.fsync(new.fileno())
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
