"""The progress bar of a tuning run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ._messages.metadata import CreateTunedModelMetadata

if TYPE_CHECKING:
    from ._operation import Operation


def watch(operation: Operation, progress: Iterable[CreateTunedModelMetadata], **options: Any) -> None:
    """Show a bar that *progress* moves until it ends; *options* are those of tqdm."""
    # Which of tqdm's bars fits, a terminal's or a notebook's, it finds out itself.
    from tqdm.auto import tqdm

    total = operation.metadata.total_steps or None
    with tqdm(**{"total": total, "unit": "step", "desc": operation.metadata.tuned_model, **options}) as bar:
        for metadata in progress:
            last = metadata.snapshots[-1]
            bar.set_postfix(epoch=last.epoch, loss=f"{last.mean_loss:.4g}", refresh=False)
            bar.update(metadata.completed_steps - bar.n)
