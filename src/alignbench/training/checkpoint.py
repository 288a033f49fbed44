"""Checkpoints of our own training loop: one file each, whole or absent."""

from pathlib import Path
from typing import Any

from alignbench.files import replacing, written
from alignbench.training.export import CHECKPOINTS


class Checkpoints:
    """``<folder>/checkpoints/<update>.pt``: trainable weights, optimiser, schedule and history."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / CHECKPOINTS

    def save(self, update: int, state: dict[str, Any]) -> None:
        """Write the state after ``update``; a kill in between leaves the earlier ones as they were."""
        import torch

        self.folder.mkdir(parents=True, exist_ok=True)
        with replacing(self._path(update)) as partial:
            torch.save(state, partial)

    def last(self) -> int:
        """The update of the newest checkpoint, 0 if there is none."""
        return max((int(p.stem) for p in written(self.folder, "*.pt")), default=0)

    def load(self, update: int) -> dict[str, Any]:
        """The state saved after ``update``, on the CPU."""
        import torch

        state: dict[str, Any] = torch.load(self._path(update), map_location="cpu", weights_only=True)
        return state

    def keep(self, updates: set[int]) -> None:
        """Remove the checkpoints of all other updates."""
        for path in written(self.folder, "*.pt"):
            if int(path.stem) not in updates:
                path.unlink()

    def _path(self, update: int) -> Path:
        return self.folder / f"{update:06d}.pt"
