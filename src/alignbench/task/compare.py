"""``task=compare``: two cells, or two stores cell by cell, item by item."""

from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from alignbench.progress import say
from alignbench.task import Task


@dataclass(frozen=True)
class Compare(Task):
    """Reads what the store holds; no model and no survey is loaded. The difference is the second less the first.

    ``task=compare A B`` is short for ``task=compare task.first=A task.second=B``.
    """

    # The first: name of a cell's page (survey_sft-iraq-nano-s0), key of its score stage, or the folder of a store.
    first: str = ""
    # The second, of the same kind.
    second: str = ""
    # How many of the items that differ most are printed; all are in the CSV.
    items: int = 10

    def main(self, cfg: DictConfig) -> None:
        """Print the difference of the scores with its interval and the items that differ most, and write them all.

        Raises:
            AlignbenchError: no such cell or store, cells of two cultures, or nothing that both hold.
        """
        from alignbench.report.pairing import compared, print_pairs, write_pairs

        pairs = compared(self.first, self.second, Path(cfg.store))
        print_pairs(pairs, self.items)
        say(f"table  {write_pairs(pairs, Path(cfg.reports))}")
