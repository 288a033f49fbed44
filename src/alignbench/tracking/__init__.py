"""Showing finished cells elsewhere. The store stays the truth: a tracker reads it, and may fail without harm."""

from abc import ABC, abstractmethod
from pathlib import Path

from alignbench.component import Component


class Tracker:
    """Takes what a store holds to where it is shown, this one nowhere. Pushing something twice shows it once."""

    def cell(self, stage: Path, experiment: str | None = None, quiet: bool = False) -> None:
        """Show a finished cell.

        Args:
            stage: its ``score`` folder in the store.
            experiment: what it is part of; None asks the cell's own record.
            quiet: say nothing where it was shown before.
        """

    def boards(self, store: Path) -> None:
        """Show the pooled board of every group of cells that were shown."""


class Tracking(Component, ABC):
    """Where finished cells are shown; never part of a stage's identity."""

    _group = "tracking"

    @abstractmethod
    def open(self, reports: Path) -> Tracker:
        """A tracker that is ready.

        Raises:
            AlignbenchError: a package or a key is missing; said before anything runs.
        """
