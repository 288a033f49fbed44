"""What a paper's experiment does otherwise than the paper, from the classes' own declarations and the experiment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, ListConfig, OmegaConf

from alignbench.config import instantiate
from alignbench.steps import paper
from alignbench.steps.paper import PaperStep
from alignbench.testing import composed

HERE = Path(__file__).parent
# Composing takes a tenth of a second, and nothing here changes what is composed.
config = cache(composed)
NAMES = sorted(path.parent.name for path in HERE.glob("*/paper.yaml"))


@dataclass(frozen=True)
class Paper:
    """A paper as its ``paper.yaml`` describes it.

    Attributes:
        title, source: what it is called, and where it is.
        measured: how its figures came about, and what of them could be read.
        commands: what runs it.
        knobs: knob of the experiment that is not as published -> (published, why).
        further: what else is otherwise, and no knob.
    """

    name: str
    title: str
    source: str
    measured: str
    commands: tuple[str, ...]
    knobs: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    further: tuple[str, ...] = ()

    @classmethod
    def read(cls, name: str) -> Paper:
        """The paper of a folder."""
        content: Any = OmegaConf.to_container(OmegaConf.load(HERE / name / "paper.yaml"))
        knobs = {
            knob: (str(told["published"]), told["why"]) for knob, told in (content.pop("knobs", None) or {}).items()
        }
        lists: dict[str, Any] = {part: tuple(content.pop(part, None) or ()) for part in ("commands", "further")}
        return cls(name, **content, **lists, knobs=knobs)

    @property
    def experiment(self) -> str:
        """What is typed."""
        return f"experiment=papers/{self.name}"


def axes(cfg: DictConfig) -> dict[str, list[str]]:
    """Axis of an experiment -> its values."""
    words = [f"{axis}={values}" for axis, values in cfg.hydra.sweeper.params.items()]
    found = OverridesParser.create().parse_overrides(words)
    return {one.get_key_element(): list(map(str, one.sweep_string_iterator())) for one in found}


@cache
def declared(name: str) -> dict[str, tuple[PaperStep, ...]]:
    """Method of the experiment -> the steps that its class declares, for those that declare any."""
    classes = {method: type(instantiate(of_method(name, method).method)) for method in methods(name)}
    return {method: steps for method, cls in classes.items() if (steps := paper.declared(cls, method))}


def of_method(name: str, method: str) -> DictConfig:
    """The experiment with one of its methods."""
    chosen = [f"method={method}"] if len(methods(name)) > 1 else []
    return config(f"experiment=papers/{name}", *chosen)


def methods(name: str) -> list[str]:
    """The methods of an experiment."""
    cfg = config(f"experiment=papers/{name}")
    return axes(cfg).get("method", [cfg.hydra.runtime.choices["method"]])


def said(cfg: DictConfig, knob: str) -> str:
    """The value of a knob, or the choice of a group, as it is typed."""
    if knob in cfg.hydra.runtime.choices:
        return str(cfg.hydra.runtime.choices[knob])
    value: Any = cfg
    for part in knob.split("."):
        value = value[part]
    if isinstance(value, ListConfig):
        return f"[{','.join(str(getattr(one, 'name', one)) for one in value)}]"
    return str(value).lower() if isinstance(value, bool) else str(getattr(value, "name", value))


def unlike(name: str) -> dict[str, tuple[str, str]]:
    """Knob -> (in the experiment, as published), where the two differ by the declarations."""
    found = {}
    for method, steps in declared(name).items():
        cfg = of_method(name, method)
        for knob, (_, published) in ((knob, both) for step in steps for knob, both in step.knobs.items()):
            task, _, asked = knob.partition(".")
            if task == "task" and asked not in cfg.task:  # the knob of a task that is a further command
                continue
            if (own := said(cfg, knob)).lower() != published.lower():
                found[knob] = own, published
    return found


def deviations(one: Paper) -> str:
    """One Markdown list: steps that are not there or remain otherwise, knobs, and what is no knob."""
    steps = {step.what: step for found in declared(one.name).values() for step in found if step.note or not step.where}
    lines = [f"{what}: {'' if step.where else 'not there'}{'; ' if step.note and not step.where else ''}{step.note}"
             for what, step in steps.items()]  # fmt: skip
    cfg = config(one.experiment)
    lines += [f"`{knob}={said(cfg, knob)}`, published {there}: {why}" for knob, (there, why) in one.knobs.items()]
    return "\n".join(f"* {line}" for line in (*lines, *one.further))
