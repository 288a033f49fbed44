"""Memory and hours of a paper's experiment on one card, model by model, by the formulas of ``task=plan``."""

from __future__ import annotations

from pathlib import Path

from hydra.core.hydra_config import HydraConfig

from alignbench.backend.shape import known
from alignbench.config import conf_dir, instantiate
from alignbench.device import Room
from alignbench.runs.cell import Cell
from alignbench.runs.compare import plan
from alignbench.steps.practice import Fit
from alignbench.sweep.estimate import PastRuns, ahead
from alignbench.sweep.means import less
from alignbench.testing import composed
from experiments.papers.deviations import Paper, axes, config, methods, said

# GiB of the cards of the table.
CARDS = (80, 24)
# What an experiment asks of others is left out: the table is about the model that is aligned.
_ALONE = ("task=run", "generator=base", "generator@critic=base", "survey=wvs7")


def models(thinking: bool) -> list[str]:
    """Choices of known shape; of those that can think the ones that do, or the others."""
    found = {}
    for file in sorted((conf_dir() / "model").glob("*.yaml")):
        model = instantiate(config(f"model={file.stem}").model) if file.stem != "local" else None
        size = known().get(model.path) if model else None
        if model and size and (model.thinking.name == "on") is (thinking and model.thinking.name != "none"):
            found[file.stem] = model.resolve(ready=False).parameters
    return sorted(found, key=lambda name: found[name] or 0)


def table(paper: Paper) -> str:
    """A row a model: what training takes, what to add where it does not fit, and the hours of one culture."""
    heads = [f"on {card} GiB" for card in CARDS]
    lines = [f"| model | memory | {' | '.join(heads)} | hours |", "|---|--:|" + "---|" * len(CARDS) + "--:|"]
    for model in models("thinking" in said(config(paper.experiment), "model")):
        cells = [_cell(paper, model, method) for method in methods(paper.name)]
        weights = 2.0 * (cells[0].model.parameters or 0)
        plans = [plan(cell) for cell in cells]
        fits = [step.stage for steps in plans for step in steps if isinstance(step.stage, Fit)]
        needed = max([weights, *(fit.memory(True) for fit in fits)])
        past = PastRuns(Path("nowhere"))
        costs = [(past.cost(stages, cells[0].model, True), len(stages)) for stages in ahead(plans).values()]
        hours = sum(count * cost.seconds for cost, count in costs) / 3600
        fitting = " | ".join(_fitting(fits, weights, Room(True, card * 2.0**30)) for card in CARDS)
        lines.append(f"| `{model}` | {needed / 2**30:.1f} GiB | {fitting} | {hours:.1f} |")
    return "\n".join(lines)


def _cell(paper: Paper, model: str, method: str) -> Cell:
    words = (paper.experiment, *([f"method={method}"] if "method" in axes(config(paper.experiment)) else []))
    culture = f"culture={axes(config(paper.experiment))['culture'][0]}"
    cfg = composed(*words, f"model={model}", *_ALONE, culture, "store=nowhere")
    HydraConfig.instance().set_config(cfg)
    return Cell.from_config(cfg, (conf_dir(),), looking=True)


def _fitting(fits: list[Fit], weights: float, room: Room) -> str:
    """``fits``, what to add, or ``no``."""
    if weights > room.free:
        return "no"
    tight = [fit for fit in fits if fit.memory(True) > room.free]
    words = [less(fit, room) for fit in tight]
    if any(not word or "model=" in word for word in words):
        return "no"
    return f"`{max(words, key=len)}`" if words else "fits"
