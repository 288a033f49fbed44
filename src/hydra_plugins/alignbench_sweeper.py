"""Hydra's door to the sweeps of alignbench: Hydra takes plugins from the package ``hydra_plugins`` alone."""

from collections.abc import Sequence

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class AlignbenchSweeper(BasicSweeper):
    """Hydra's grid of cells, run by the task: it may leave out what is done, and ends with a summary."""

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Put a composer with a memory in the place of Hydra's, for this process and for the jobs."""
        from alignbench.sweep.composer import Composer

        composer = Composer(hydra_context.config_loader, config.hydra.sweep.dir)
        context = HydraContext(composer, hydra_context.callbacks)
        super().setup(hydra_context=context, task_function=task_function, config=config)

    def sweep(self, arguments: list[str]) -> None:
        """Compose every cell (a wrong one is refused before any has started) and hand them to the task."""
        from alignbench.errors import refuse
        from alignbench.faults import explained
        from alignbench.sweep.conduct import conduct

        parser = OverridesParser.create(config_loader=self.hydra_context.config_loader)
        overrides = parser.parse_overrides([*self._parse_config(), *arguments])
        grid = [words for batch in self.split_arguments(overrides, None) for words in batch]

        def compose(words: Sequence[str]) -> DictConfig:
            return self.hydra_context.config_loader.load_sweep_config(self.config, list(words))

        def launch(cells: Sequence[Sequence[str]]) -> Sequence[JobReturn]:
            return self.launcher.launch([list(words) for words in cells], initial_job_idx=0)

        try:
            conduct(grid, compose, launch)
        except Exception as error:  # Hydra would print its own way here
            told = explained(error)
            if told is None:
                raise
            refuse(told)
