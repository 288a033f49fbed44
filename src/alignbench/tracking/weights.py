"""The trained weights of a cell as files for a tracker, with nothing of this machine in them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from alignbench.aligned import WEIGHTS
from alignbench.progress import say
from alignbench.sharing.folder import ADAPTER, CONFIG, adapter_config
from alignbench.sharing.hub import hub_id
from alignbench.store.manifest import write_json
from alignbench.tracking.content import Content
from alignbench.tracking.project import ProjectTracking, Upload


@dataclass(frozen=True)
class WeightFiles:
    """An artifact: its name and kind (``adapter`` or ``model``), what it belongs to, and its files by name."""

    name: str
    kind: str
    facts: Mapping[str, Any]
    files: Mapping[str, Path]

    def artifact(self, package: Any) -> Any:
        """The same as an artifact of ``wandb``, or of ``trackio``, which has its interface."""
        made = package.Artifact(self.name, type=self.kind, metadata=dict(self.facts))
        for name, file in self.files.items():
            made.add_file(str(file), name=name)
        return made


@contextmanager
def weights(content: Content, knobs: ProjectTracking) -> Iterator[WeightFiles | None]:
    """Those of the cell inside the block; None where it has none, or they stay at home, which is said."""
    if content.weights is None or knobs.upload is Upload.none:
        yield None
        return
    lora = (content.weights / CONFIG).is_file()
    held = content.weights / (ADAPTER if lora else WEIGHTS)
    files = {str(f.relative_to(held.parent)): f for f in (held.rglob("*") if held.is_dir() else [held]) if f.is_file()}
    mib = sum(file.stat().st_size for file in files.values()) / 2**20
    remedy = "tracking.limit_mib" if mib > knobs.limit_mib else "tracking.upload=all"
    if mib > knobs.limit_mib or not (lora or knobs.upload is Upload.all):
        say(f"note: {content.name}: weights of {mib:.0f} MiB stay at home ({remedy})")
        yield None
        return
    kind = "adapter" if lora else "model"
    facts = {name: content.config[name] for name in ("method", "culture", "model", "seed")}
    with TemporaryDirectory() as folder:
        if lora:
            base = hub_id(content.config["knobs"].get("model", {})) or content.config["model"]
            files[CONFIG] = Path(folder) / CONFIG
            write_json(files[CONFIG], adapter_config(content.weights, base))
        yield WeightFiles(f"{kind}-{content.weights.name}", kind, facts, files)
