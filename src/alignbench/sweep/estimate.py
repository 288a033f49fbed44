"""What pending stages will cost: by the manifests of past ones, or by a guess from their inputs."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

from alignbench.record.stored import Manifest, manifests
from alignbench.runs.compare import Step
from alignbench.store.stage import Stage
from alignbench.store.store import State
from alignbench.types import ModelRef

# Floating-point operations a second that two cores do, where no past run tells; our guess, from SmolLM2-135M.
_SPEED = 2e11


@dataclass(frozen=True)
class StageCost:
    """What a stage takes: seconds, tokens, and MiB at the peak.

    Attributes:
        runs: finished stages of which these are the medians; 0 for a guess from the inputs.
    """

    runs: int
    seconds: float
    tokens: float
    memory: float = 0.0


class PastRuns:
    """The finished stages of a store, looked up by name and model."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._read: dict[str, list[Manifest]] = {}

    def cost(self, stages: Sequence[Stage], model: ModelRef) -> StageCost:
        """What one of these stages, all of one name, will cost on the model.

        Stages that use no model count for every model. Without a finished one it is a guess: two operations a
        parameter and token.
        """
        past = [(m, set(_models(m["inputs"]))) for m in self._manifests(stages[0].name)]
        found = [m for m, models in past if not models or model.fingerprint in models]
        if not found:
            guess = fmean(stage.tokens for stage in stages)
            return StageCost(0, guess * 2 * (model.parameters or 0) / _SPEED, guess)
        tokens = [sum(m["facts"].get(name, 0) for name in ("prompt_tokens", "generated_tokens")) for m in found]
        seconds, memory = (median(m[name] for m in found) for name in ("wall_seconds", "peak_memory_mib"))
        return StageCost(len(found), seconds, median(tokens), memory)

    def _manifests(self, stage: str) -> list[Manifest]:
        if stage not in self._read:
            self._read[stage] = [manifest for _, manifest in manifests(self.root, stage)]
        return self._read[stage]


def ahead(plans: Iterable[Sequence[Step]]) -> dict[str, list[Stage]]:
    """Stage name -> the stages still to be built, each once however many cells share it."""
    waiting = {step.key: step.stage for steps in plans for step in steps if step.state is not State.done}
    found: dict[str, list[Stage]] = defaultdict(list)
    for stage in waiting.values():
        found[stage.name].append(stage)
    return found


def _models(inputs: Any) -> Iterator[str]:
    """Fingerprints of the models among the inputs of a stage."""
    if isinstance(inputs, Mapping):
        if set(inputs) == {"model", "template", "dtype"}:
            yield str(inputs["model"])
        for held in inputs.values():
            yield from _models(held)
    elif isinstance(inputs, list):
        for held in inputs:
            yield from _models(held)
