"""Composing with a memory: the config of a cell is made once, for this process, for its jobs and for the next time.

Hydra composes every cell of a sweep twice, a tenth of a second each. A composed config depends on nothing but the
words of the cell, the YAML files and the schemas in the source, plugins included, so it is kept under a hash of these.
"""

import hashlib
import pickle
import shutil
import time
from collections.abc import Iterable
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from alignbench import plugins
from alignbench.config import ours
from alignbench.files import replacing

_FOLDER = "composed"
_WEEK = 7 * 24 * 3600


class Composer:
    """A Hydra config loader that remembers; everything but ``load_sweep_config`` is the loader's own.

    Args:
        folder: where sweeps keep what they need; the memory is a folder in it, and may be deleted.
    """

    def __init__(self, loader: Any, folder: str) -> None:
        self.loader = loader
        self.root = Path(folder).absolute() / _FOLDER
        self._known: dict[str, bytes] = {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # asked for by pickle before there is a loader
            raise AttributeError(name)
        return getattr(self.loader, name)

    def load_sweep_config(self, master_config: DictConfig, sweep_overrides: list[str]) -> DictConfig:
        """The config of one cell, a new copy for every caller."""
        asked = [str(word) for word in (*master_config.hydra.overrides.hydra, *sweep_overrides)]
        name = hashlib.sha256(repr((asked, str(Path.cwd()))).encode()).hexdigest()[:24]
        if name not in self._known:
            kept = self._folder / name
            try:
                on_disk = kept.read_bytes() if kept.is_file() else None
                self._known[name] = on_disk or self._composed(name, master_config, sweep_overrides)
            except pickle.PicklingError:  # in a job, for which Hydra has loaded its classes a second time
                composed: DictConfig = self.loader.load_sweep_config(master_config, sweep_overrides)
                return composed
        cfg: DictConfig = pickle.loads(self._known[name])
        OmegaConf.copy_cache(from_config=master_config, to_config=cfg)
        return cfg

    def _composed(self, name: str, master_config: DictConfig, sweep_overrides: list[str]) -> bytes:
        """Compose; Hydra's own node keeps its types, ours are checked by now and become plain."""
        cfg = self.loader.load_sweep_config(master_config, sweep_overrides)
        plain = OmegaConf.create({**ours(cfg), "hydra": cfg.hydra})
        OmegaConf.set_struct(plain, True)
        content = pickle.dumps(plain)
        self._folder.mkdir(parents=True, exist_ok=True)
        with replacing(self._folder / name) as partial:
            partial.write_bytes(content)
        return content

    @cached_property
    def _folder(self) -> Path:
        """Named by all that a config depends on besides its words; what nobody used for a week is removed."""
        stamps = [metadata.version(package) for package in ("hydra-core", "omegaconf")]
        for package in (Path(__file__).parents[1], *(plugin.folder for plugin in plugins.loaded())):
            stamps += _stamps(package.rglob("*.py"))
        for entry in self.loader.get_search_path().get_path():
            scheme, _, path = str(entry.path).rpartition("://")
            if scheme in ("", "file"):
                stamps += _stamps(Path(path).rglob("*.yaml"))
        folder = self.root / hashlib.sha256(repr(stamps).encode()).hexdigest()[:24]
        for other in self.root.glob("*"):
            if other != folder and other.stat().st_mtime < time.time() - _WEEK:
                shutil.rmtree(other, ignore_errors=True)
        return folder


def _stamps(files: Iterable[Path]) -> list[str]:
    """Path, size and time of change of each file."""
    found = [(str(file), file.stat()) for file in sorted(files)]
    return [f"{path} {stat.st_size} {stat.st_mtime_ns}" for path, stat in found]
