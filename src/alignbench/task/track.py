"""``task=track``: show a whole store where ``tracking`` says."""

from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from alignbench.config import instantiate
from alignbench.progress import track
from alignbench.task import Task
from alignbench.types import check


@dataclass(frozen=True)
class Track(Task):
    """Every finished cell, then the pooled boards. What is there already is left alone, so it can be repeated."""

    def main(self, cfg: DictConfig) -> None:
        """Push them.

        Raises:
            AlignbenchError: no tracking is chosen, its package is missing, or the store holds no finished cell.
        """
        from alignbench.record.finished import finished
        from alignbench.tracking.none import NoTracking

        tracking = instantiate(cfg.tracking)
        check(
            not isinstance(tracking, NoTracking), "tracking", "none", "say where to: tracking=wandb or tracking=trackio"
        )
        tracker, store = tracking.open(Path(cfg.reports)), Path(cfg.store)
        cells = finished(store)
        for cell in track(cells, "push", unit="cell"):
            tracker.cell(cell.stage, quiet=True)
        tracker.boards(store)
