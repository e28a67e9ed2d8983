"""The progress bar of a tuning run."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any

from .._messages.metadata import CreateTunedModelMetadata


def show_progress_bar(
    metadata: CreateTunedModelMetadata, progress: Iterable[CreateTunedModelMetadata], **options: Any
) -> None:
    """Show a bar that begins at *metadata* and that *progress* moves until it ends; *options* are those of tqdm."""
    # Which of tqdm's bars fits, a terminal's or a notebook's, it finds out itself.
    from tqdm.auto import tqdm

    defaults = {
        "total": metadata.total_steps or None,
        "initial": metadata.completed_steps,  # so that the speed is that of the steps which are watched
        "unit": "step",
        "desc": metadata.tuned_model,
    }
    with tqdm(**{**defaults, **_size_options(options.get("file") or sys.stderr), **options}) as bar:
        for current in progress:
            last = current.snapshots[-1]
            bar.set_postfix(epoch=last.epoch, loss=f"{last.mean_loss:.4g}", refresh=False)
            bar.update(current.completed_steps - bar.n)


def _size_options(file: Any) -> dict[str, Any]:
    """Return tqdm's options for the size of the terminal that *file* is, if it is one."""
    try:
        columns = os.get_terminal_size(file.fileno()).columns
    except (AttributeError, OSError, ValueError):
        return {}
    # Some terminals, those of build machines among them, do not know how wide they are; tqdm then draws nothing.
    return {"dynamic_ncols": True} if columns else {"ncols": 80, "nrows": 24}
