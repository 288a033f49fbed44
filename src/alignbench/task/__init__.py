"""Tasks: what ``python -m alignbench task=...`` does with the composed config."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from omegaconf import DictConfig

from alignbench.component import Component
from alignbench.sweep.conduct import Launch, SweepCell, carry_out


class Task(Component, ABC):
    """One verb of the command line."""

    _group = "task"

    @abstractmethod
    def main(self, cfg: DictConfig) -> Any:
        """Do it, for the cell that ``cfg`` describes; what comes back is for callers in Python."""

    def finished(self, cfg: DictConfig) -> bool:
        """Whether there is nothing left to do for a cell of a sweep."""
        return False

    def waiting(self, cfg: DictConfig) -> Mapping[str, Sequence[str]]:
        """What a cell of a sweep has still to build: name and key of a stage -> those that it reads."""
        return {}

    def sweep(self, requests: Sequence[SweepCell], launch: Launch) -> None:
        """Do it for every cell that is not finished, and sum up."""
        carry_out(requests, launch, self.finished, self.conclude)

    def conclude(self, done: Sequence[SweepCell], missing: Sequence[SweepCell]) -> None:
        """Show what the cells of a sweep gave together; nothing, unless a task knows what."""
        return
