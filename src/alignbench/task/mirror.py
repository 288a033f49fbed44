"""``task=mirror``: share finished stages through an object store."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from omegaconf import DictConfig

from alignbench.component import recorded
from alignbench.progress import say
from alignbench.task import Task
from alignbench.types import check


class Way(Enum):
    """Which way stages are copied."""

    both = "both"
    push = "push"
    pull = "pull"


@dataclass(frozen=True)
class MirrorTask(Task):
    """Copies finished stages to an address and from it, each once, and compares every file with its seal."""

    # Anything that fsspec can address: s3://bucket/folder, gs://bucket/folder, file:///mnt/shared, sftp://host/folder.
    address: str = recorded("")
    # both | push | pull.
    way: Way = recorded(Way.both)
    # Names of stages; empty for all. score alone is all that a board needs.
    stages: tuple[str, ...] = recorded(())

    def main(self, cfg: DictConfig) -> None:
        """Copy, and say what was copied.

        Raises:
            AlignbenchError: no address, one that cannot be reached, or a stage there that is damaged.
        """
        from alignbench.store.mirror import Mirror

        check(bool(self.address), "task.address", self.address, "say where: task.address=s3://bucket/folder")
        mirror, root = Mirror(self.address, self.stages), Path(cfg.store)
        try:
            pulled = mirror.pull(root) if self.way is not Way.push else []
            pushed = mirror.push(root) if self.way is not Way.pull else []
        except OSError as error:
            check(False, "task.address", self.address, f"it cannot be used: {error}")
        say(f"{len(pulled)} stages fetched, {len(pushed)} sent: {self.address}")
