"""Hydra's door to Slurm: ``hydra/launcher=slurm``."""

import shutil
from collections.abc import Sequence
from typing import Any

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf


class AlignbenchSlurm(Launcher):
    """Jobs by submitit, with what it lacks (:mod:`alignbench.sweep.slurm`)."""

    def __init__(self, **knobs: Any) -> None:
        self.knobs = {k: OmegaConf.to_container(v) if OmegaConf.is_config(v) else v for k, v in knobs.items()}

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Remember what the jobs will need."""
        self.asked = {"hydra_context": hydra_context, "task_function": task_function, "config": config}

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run the cells of these words as jobs, and wait for them."""
        from hydra_plugins.hydra_submitit_launcher.submitit_launcher import SlurmLauncher

        from alignbench.config import instantiate
        from alignbench.errors import AlignbenchError
        from alignbench.sweep.conduct import SweepCell
        from alignbench.sweep.means import absent
        from alignbench.sweep.slurm import Slurm

        if shutil.which("sbatch") is None:
            remedy = "there is no Slurm here (no command sbatch): go to a login node"
            raise AlignbenchError("hydra/launcher", "slurm", remedy)
        run = SlurmLauncher()
        run.setup(**self.asked)
        loader, master = self.asked["hydra_context"].config_loader, self.asked["config"]

        def compose(words: list[str]) -> DictConfig:
            return loader.load_sweep_config(master, words)

        cells = [SweepCell(tuple(words), compose(list(words))) for words in job_overrides]
        if self.knobs["offline"] and (missing := absent(cells)):
            remedy = "the nodes are offline and cannot fetch it: run task=doctor here first"
            raise AlignbenchError("model", ", ".join(missing), remedy)
        waiting = []
        for cell in cells:
            with cell.entered() as cfg:
                waiting.append(instantiate(cfg.task).waiting(cfg))

        def finished(number: int) -> bool:
            with cells[number].entered() as cfg:
                return bool(instantiate(cfg.task).finished(cfg))

        return Slurm(run, compose, self.knobs).launch([cell.words for cell in cells], waiting, finished)
