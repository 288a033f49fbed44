"""A cell: one method, model, culture and seed, with everything needed to run it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from alignbench.backend import Backend
from alignbench.backend.engines import Engines, Opener
from alignbench.backend.model import Model
from alignbench.component import SEEDS
from alignbench.config import conf_dirs, instantiate
from alignbench.data.cultures import country_names, culture_named
from alignbench.data.people import ASSUMED, Person, assumed, restricted
from alignbench.data.source import SurveySource
from alignbench.data.splits import split_survey
from alignbench.data.survey import Survey
from alignbench.embedder import Embedder
from alignbench.generator import Generator, slots
from alignbench.judge import Judge
from alignbench.method import Method, RunContext
from alignbench.norms.author import Author
from alignbench.runs.recipe import GROUPS, Setting, changed
from alignbench.steps.guard import trained
from alignbench.store.stage import Tools
from alignbench.store.store import StalePolicy, Store
from alignbench.types import Culture, ModelRef, Split, check


@dataclass(frozen=True, kw_only=True)
class Cell(Setting):
    """Checked components of one run; no weights are loaded.

    Attributes:
        config: experiment, command line, choices and every resolved knob, for the record; no part of any key.
        countries: iso3 -> name of every culture that has a YAML.
    """

    config: Mapping[str, Any]
    baselines: Mapping[str, Method]
    backend: Backend
    countries: Mapping[str, str]
    surveys: Mapping[Split, Survey]
    embedder: Embedder
    judge: Judge
    author: Author
    generator: Generator
    critic: Generator
    insist: bool
    store: Store

    @classmethod
    def from_config(
        cls, cfg: DictConfig, folders: tuple[Path, ...], engines: Engines | None = None, looking: bool = False
    ) -> Cell:
        """Build and check every component of ``cfg``. What cells have in common is read once a process.

        Args:
            folders: where culture YAMLs lie, for the control.
            engines: engines to share with other cells; None gives the cell its own.
            looking: the cell is only looked up or planned: no model is made ready, and its store opens none.

        Raises:
            AlignbenchError: anything wrong in config, data or model folder.
        """
        check(SEEDS.admits(cfg.seed), "seed", cfg.seed, str(SEEDS))
        for place in ("store", "reports"):
            check(bool(str(cfg[place]).strip()), place, str(cfg[place]), "give the path of a folder")
        culture: Culture = instantiate(cfg.culture)
        control = _culture(culture.control, folders) if cfg.control else None
        remedy = "a control is another country than the culture's: name one, or say control=false"
        check(control is None or control.iso3 != culture.iso3, "culture.control", culture.control, remedy)
        source = instantiate(cfg.survey)
        others = tuple(_culture(name, folders) for name in cfg.others)
        there = [culture.iso3, *(other.iso3 for other in others)]
        again = [name for name, iso3 in zip(cfg.others, there[1:], strict=True) if there.count(iso3) > 1]
        check(not again, "others", again, "name other countries than the culture's, each once")
        cultures = tuple(c for c in (culture, control, *others) if c is not None)
        survey, surveys = _figures(source, tuple(c for c in cultures if c.shares))
        for c in cultures:
            survey.of(c.iso3)
        method, backend, training = (instantiate(node) for node in (cfg.method, cfg.backend, cfg.training))
        remedy = "modules trained in full cannot be served there: use backend=hf, or training.full_modules=[]"
        check(backend.serves_full_modules or not training.full_modules, "backend", type(backend).__name__, remedy)
        model, embedder = _described(instantiate(cfg.model), not looking), instantiate(cfg.embedder)

        def supplied(node: DictConfig) -> Any:
            return instantiate(node).supply(model=model, embedder=embedder)

        scoring = instantiate(cfg.scoring).as_read
        remedy = "a training keeps only its last checkpoint unless you say training.keep_checkpoints=true"
        kept = training.keep_checkpoints or not scoring.checkpoints_on_test
        check(kept, "scoring.checkpoints_on_test", True, remedy)
        opener = None if looking else Opener(backend, Engines() if engines is None else engines)
        cell = cls(
            choices=_choices(),
            config=_recorded(cfg),
            method=method,
            baselines={str(name): instantiate(node) for name, node in cfg.baselines.items()},
            culture=culture,
            control=control,
            others=others,
            backend=backend,
            countries=_countries(folders),
            source=source,
            survey=survey,
            surveys=surveys,
            asked=surveys[scoring.split],
            scoring=scoring,
            embedder=embedder,
            judge=supplied(cfg.judge),
            author=supplied(cfg.author),
            generator=supplied(cfg.generator),
            critic=supplied(cfg.critic),
            training=training,
            model=model,
            seed=cfg.seed,
            insist=cfg.insist,
            store=Store(Path(cfg.store), opener, StalePolicy(cfg.stale)),
            changed={},
        )
        for c in cultures[: 1 + (control is not None)]:
            method.admit(cell.context(c))
        # A plan may be made without a key or a program that a run will need.
        for component in () if looking else (cell.generator, cell.critic, cell.author, cell.judge):
            for slot in slots(component):
                slot.verify()
        components = {group: getattr(cell, group) for group in GROUPS}
        return replace(cell, changed=changed(components, cell.choices, folders))

    @property
    def tools(self) -> Tools:
        """The way to engines and to finished stages for whoever is no stage."""
        return self.store.tools()

    def context(self, culture: Culture) -> RunContext:
        """What a method may use when it learns about ``culture``: no test items."""
        context = RunContext(
            culture=culture,
            train=self.surveys[Split.train],
            validation=self.surveys[Split.validation],
            countries=self.countries,
            people=_Census(self.source, self.surveys[Split.train], self.seed),
            model=self.model,
            embedder=self.embedder,
            judge=self.judge,
            author=self.author,
            generator=self.generator,
            critic=self.critic,
            training=self.training,
            asking=self.scoring.asking,
            seed=self.seed,
            insist=self.insist,
        )
        return replace(context, judge=trained(self.judge, context))


@dataclass(frozen=True)
class _Census:
    """Draws respondents when called, with their answers to training items alone."""

    source: SurveySource
    train: Survey
    seed: int

    def __call__(self, iso3: str, count: int) -> tuple[tuple[Person, ...], str | None]:
        people = self.source.people(iso3, count, self.seed)
        if people is None:
            return assumed(self.train, iso3, count, self.seed), ASSUMED
        return restricted(people, self.train), None


_culture = cache(culture_named)
_countries = cache(country_names)


@cache
def _figures(source: SurveySource, bringing: tuple[Culture, ...]) -> tuple[Survey, Mapping[Split, Survey]]:
    """The survey whole and split; ``bringing`` are the cultures that bring shares."""
    survey = source.load(bringing)
    return survey, split_survey(survey, source.splits())


def _described(model: Model, ready: bool) -> ModelRef:
    """One that is not here is looked for each time, because it may be downloaded in between."""
    return model.resolve(ready=False) if not ready and model.absent else _resolved(model, ready)


@cache
def _resolved(model: Model, ready: bool) -> ModelRef:
    return model.resolve(ready=ready)


def forget() -> None:
    """Read YAMLs, surveys and models again for the next cell: a notebook lives longer than its files stay the same."""
    for read in (_culture, _countries, _figures, _resolved):
        read.cache_clear()


def experiment() -> str | None:
    """The experiment that the running job belongs to, None if it stands alone."""
    chosen = _chosen().get("experiment")
    return None if chosen in (None, "null") else str(chosen)


def _choices() -> dict[str, str]:
    """Choices that say what a cell is: not which experiment or task asks for it, nor where it is shown."""
    apart = ("hydra", "experiment", "tracking")
    chosen = {k: str(v) for k, v in _chosen().items() if not k.startswith(apart)}
    return {**chosen, "task": "run"} if chosen else {}  # the task that makes cells, whichever looks for them


def _chosen() -> Mapping[str, Any]:
    return HydraConfig.get().runtime.choices if HydraConfig.initialized() else {}


def _recorded(cfg: DictConfig) -> dict[str, Any]:
    """How the cell was asked for: plain values, without Hydra's own."""
    return {
        "experiment": experiment(),
        "overrides": list(HydraConfig.get().overrides.task) if HydraConfig.initialized() else [],
        "choices": _choices(),
        "knobs": {str(key): _resolved_value(cfg[key]) for key in cfg if key != "hydra"},
    }


def _resolved_value(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.name
    return OmegaConf.to_container(value, resolve=True, enum_to_str=True) if OmegaConf.is_config(value) else value


def config_folders() -> tuple[Path, ...]:
    """Folders of the running job's config: the user's own first, then the package's and those of plugins."""
    sources = HydraConfig.get().runtime.config_sources
    folders = [Path(s.path) for s in sources if s.schema == "file" and s.path]
    return tuple(sorted(folders, key=lambda f: f in conf_dirs()))
