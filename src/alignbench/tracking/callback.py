"""At the end of a sweep: the pooled boards."""

from pathlib import Path
from typing import Any

from hydra import compose
from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from alignbench.config import instantiate

_KEYS = ("tracking", "store=", "reports=", "experiment=")


class Boards(Callback):
    """Pushes the boards once all cells of a sweep ended, whatever launcher ran them."""

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        """Push them; nothing happens without tracking. Hydra hands over the config without the sweep's overrides."""
        words = [word for word in config.hydra.overrides.task if word.lstrip("+").startswith(_KEYS)]
        cfg = compose("config", overrides=words)
        instantiate(cfg.tracking).open(Path(cfg.reports)).boards(Path(cfg.store))
