"""``task=report``: every page anew from the store alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from alignbench.progress import say
from alignbench.task import Task


@dataclass(frozen=True)
class Report(Task):
    """Reads the finished cells of the store; of cells with the same page name the newest keeps it."""

    def main(self, cfg: DictConfig) -> None:
        """Write one page per finished cell, and the board of all of them as page, CSV, Markdown and LaTeX."""
        from alignbench.report.board import write

        found, board = write(Path(cfg.store), Path(cfg.reports))
        say(f"{found} cells, board {board}")
