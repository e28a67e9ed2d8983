"""Whole files: each write replaces a file at once, so a reader never sees half of one."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from pathlib import Path


def destination(path: Path) -> Path:
    """Return the file that *path* names, at the end of its symbolic links, whether it exists or not.

    Raises OSError if *path* names something else, such as a folder, a device or a FIFO: a replacement would destroy it.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        pass
    else:
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "It exists and is no regular file", str(path))
    return Path(os.path.realpath(path))


def write(path: Path, data: bytes) -> None:
    """Write *data* into the file that *path* names, and leave an old file as it is if that fails.

    A symbolic link stays, and so do the permissions of an old file; a new one gets the usual permissions. Raises
    OSError, also for what ``destination`` refuses.
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
