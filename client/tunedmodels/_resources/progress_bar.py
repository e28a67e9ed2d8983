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
    """Show a bar that starts at *metadata* and follows *progress* to its end. *options* are the options of tqdm."""
    # tqdm chooses between its bars for a terminal and for a notebook.
    from tqdm.auto import tqdm

    defaults = {
        "total": metadata.total_steps or None,
        "initial": metadata.completed_steps,  # so the bar computes the speed from the watched steps only
        "unit": "step",
        "desc": metadata.tuned_model,
    }
    with tqdm(**{**defaults, **_size_options(options.get("file") or sys.stderr), **options}) as bar:
        for current in progress:
            last = current.snapshots[-1]
            bar.set_postfix(epoch=last.epoch, loss=f"{last.mean_loss:.4g}", refresh=False)
            bar.update(current.completed_steps - bar.n)


def _size_options(file: Any) -> dict[str, Any]:
    """Return the options of tqdm for the size of the terminal *file*. Return no options if *file* is not a terminal."""
    try:
        columns = os.get_terminal_size(file.fileno()).columns
    except (AttributeError, OSError, ValueError):
        return {}
    # Some terminals, for example on build machines, report no width. Without a width tqdm draws nothing.
    return {"dynamic_ncols": True} if columns else {"ncols": 80, "nrows": 24}
