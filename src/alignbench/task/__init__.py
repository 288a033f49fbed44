"""Tasks: what ``python -m alignbench task=...`` does with the composed config."""

from __future__ import annotations

from abc import ABC, abstractmethod

from omegaconf import DictConfig

from alignbench.component import Component


class Task(Component, ABC):
    """One verb of the command line."""

    @abstractmethod
    def main(self, cfg: DictConfig) -> None:
        """Do it, for the cell that ``cfg`` describes."""
