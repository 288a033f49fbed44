"""What pending stages will cost: by the manifests of past ones, or by a guess from their inputs."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

from alignbench.backend.shape import shape_of
from alignbench.record.stored import Manifest, manifests
from alignbench.runs.compare import Step
from alignbench.store.stage import Stage
from alignbench.store.store import State
from alignbench.types import ModelRef

# Floating-point operations a second where no past run tells, our guesses: two cores, from SmolLM2-135M; and a card, a
# fifth of the 312e12 that the maker of an A100 states for bfloat16.
_SPEED = {False: 2e11, True: 6e13}
# Seconds that the next token takes in a layer, however few are drawn at once: our guesses, the first from SmolLM2-135M.
_ROUND = {False: 0.02, True: 0.001}


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

    def cost(self, stages: Sequence[Stage], model: ModelRef, cuda: bool) -> StageCost:
        """What one of these stages, all of one name, will cost on the model.

        Stages that use no model count for every model. Without a finished one it is a guess: two operations a
        parameter and token, and the wait for each token that is drawn; the memory of a training by formula, and of
        what else reads tokens by the weights.

        Args:
            cuda: whether it is to run on a CUDA device; past runs of a store count wherever they ran.
        """
        past = [(m, set(_models(m["inputs"]))) for m in self._manifests(stages[0].name)]
        found = [m for m, models in past if not models or model.fingerprint in models]
        if not found:
            guess, weights = fmean(stage.tokens for stage in stages), model.parameters or 0
            memory = max(max(stage.memory(cuda), stage.tokens and weights * (2.0 if cuda else 4.0)) for stage in stages)
            shape = shape_of(model)
            drawing = fmean(stage.rounds for stage in stages) * (shape.layers if shape else 0) * _ROUND[cuda]
            return StageCost(0, guess * 2 * weights / _SPEED[cuda] + drawing, guess, memory / 2**20)
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
