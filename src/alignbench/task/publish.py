"""``task=publish``: everything that a store found out, as a dataset to share."""

from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from alignbench.component import recorded
from alignbench.progress import say
from alignbench.task import Task


@dataclass(frozen=True)
class Publish(Task):
    """All figures and items of all finished cells, in Parquet and in the JSON of Every Eval Ever, with a card."""

    # The folder that is written.
    out: str = recorded("outputs/results")
    # Who made the results, as others shall read it; empty is the owner of ``push``, else "unknown".
    organisation: str = ""
    # owner/name of a dataset on the Hugging Face hub; empty pushes nothing.
    push: str = ""
    # Whether a repository made by the push is private.
    private: bool = True

    def main(self, cfg: DictConfig) -> None:
        """Write the folder, and push it if ``push`` names a repository.

        Raises:
            AlignbenchError: the store holds no finished cell, or the push cannot work.
        """
        from alignbench.sharing.dataset import write_results
        from alignbench.sharing.hub import check_push, push

        if self.push:
            check_push(self.push)
        folder = Path(self.out)
        cells = write_results(Path(cfg.store), folder, self.organisation or self.push.partition("/")[0] or "unknown")
        say(f"folder {folder}, {len(cells)} cells")
        if self.push:
            say(f"pushed {push(folder, self.push, self.private, 'dataset')}")
