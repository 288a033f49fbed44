"""``task=export``: a finished cell as a folder to share."""

from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from alignbench.component import recorded
from alignbench.progress import say
from alignbench.task import Task
from alignbench.types import check


@dataclass(frozen=True)
class Export(Task):
    """Weights or prompts with a model card, from the store alone."""

    # Key of a training stage; empty takes the cell of the command line.
    fit: str = ""
    # The folder is made in here.
    out: str = recorded("outputs/export")
    # Also write base and adapter, or base and vector, as one model.
    merge: bool = False
    # What others call the base model, for example its hub id; empty is the hub id if known, else its name.
    base: str = ""
    # owner/name on the Hugging Face hub; empty pushes nothing.
    push: str = ""
    # Whether a repository made by the push is private.
    private: bool = True

    def main(self, cfg: DictConfig) -> None:
        """Write the folder, and push it if ``push`` names a repository.

        Raises:
            AlignbenchError: the cell is not finished, or holds nothing that can be shared.
        """
        from alignbench.runs.cell import Cell, config_folders
        from alignbench.sharing.folder import write_folder
        from alignbench.sharing.found import of_cell, of_fit
        from alignbench.sharing.hub import check_push, push

        named = not self.base or not Path(self.base).exists()
        check(named, "task.base", self.base, "name the model as others do, not a folder of this machine")
        if self.push:
            check_push(self.push)
        folders = config_folders()
        if self.fit:
            found = of_fit(self.fit, Path(cfg.store), folders)
        else:
            found = of_cell(Cell.from_config(cfg, folders, looking=True))
        folder = write_folder(found, Path(self.out), self.base, self.merge)
        say(f"folder {folder}")
        if self.push:
            say(f"pushed {push(folder, self.push, self.private)}")
