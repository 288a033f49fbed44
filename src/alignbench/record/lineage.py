"""What answers rest on, read along the lineage that manifests hold: what they cost, and what made them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import fmean
from typing import Any

from alignbench.files import leave_out
from alignbench.identity import canonical, digest
from alignbench.store.seal import MANIFEST
from alignbench.store.stage import Artifact

# The stage whose key a row of the board carries.
_ANSWERS = "respond"


@dataclass(frozen=True)
class SeedCost:
    """What one seed took: seconds of wall time, tokens read and written, answers judged."""

    seconds: float = 0.0
    prompt_tokens: float = 0.0
    generated_tokens: float = 0.0
    judge_calls: float = 0.0

    @property
    def tokens(self) -> float:
        """Read and written."""
        return self.prompt_tokens + self.generated_tokens


class Lineage:
    """Looks up the stages that answers rest on; ``key`` is always that of the answers."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._known: dict[str, Sequence[Artifact]] = {}

    def cost(self, key: str) -> SeedCost | None:
        """All stages that the answers rest on, each counted once; None where their lineage is not known."""
        known = self._stages(key)
        if not known or any(len(stage.upstream) < len(stage.manifest["upstream"]) for stage in known):
            return None
        counted = {f.name: sum(_total(stage.facts, f.name) for stage in known) for f in fields(SeedCost)}
        return SeedCost(**counted | {"seconds": float(sum(stage.manifest["wall_seconds"] for stage in known))})

    def components(self, key: str) -> dict[str, str]:
        """Group -> class of every component that had a part in the answers."""
        return {group: name for stage in self._stages(key) for group, name in stage.manifest["components"].items()}

    def recipe(self, key: str) -> str:
        """A hash of the whole lineage without its seeds: equal where the same was done with another seed."""
        found: dict[str, str] = {}
        for stage in self._stages(key):
            text = canonical([stage.name, _without_seeds(stage.manifest["inputs"])])
            for recipe, seedless in found.items():
                text = text.replace(recipe, seedless)
            found[stage.key.partition("-")[0]] = digest(text)
        return found.get(key.partition("-")[0], key)

    def folder(self, key: str) -> Path:
        """Where the answers lie."""
        return self._store / _ANSWERS / key

    def _stages(self, key: str) -> Sequence[Artifact]:
        """The stages that the answers rest on, those first that others read; none, after one line, if damaged."""
        if key not in self._known:
            answers = Artifact(self.folder(key))
            try:
                self._known[key] = list(answers.lineage) if answers.path.is_dir() else []
            except (OSError, ValueError) as error:
                leave_out(answers.path / MANIFEST, error)
                self._known[key] = []
        return self._known[key]


def _without_seeds(inputs: Any) -> Any:
    if isinstance(inputs, Mapping):
        return {name: _without_seeds(value) for name, value in inputs.items() if name != "seed"}
    return [_without_seeds(value) for value in inputs] if isinstance(inputs, list) else inputs


def _total(facts: Any, name: str) -> float:
    """Sum of all figures of this name, however deep."""
    if not isinstance(facts, Mapping):
        return 0.0
    return float(sum(value if key == name else _total(value, name) for key, value in facts.items()))


def mean(costs: Iterable[SeedCost | None]) -> SeedCost | None:
    """The mean of each figure; None where one of the costs is not known."""
    known = list(costs)
    if not known or None in known:
        return None
    return SeedCost(**{f.name: fmean(getattr(cost, f.name) for cost in known) for f in fields(SeedCost)})
