"""A cell: one method, model, culture and seed, with everything needed to run it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from alignbench.backend import Backend, Engine
from alignbench.backend.engines import Engines
from alignbench.backend.model import Model
from alignbench.config import conf_dir, instantiate
from alignbench.data.cultures import country_names, culture_named
from alignbench.data.people import ASSUMED, Person, assumed, restricted
from alignbench.data.source import Source
from alignbench.data.splits import split_survey
from alignbench.data.survey import Survey
from alignbench.embedder import Embedder
from alignbench.evaluation.survey import SurveyBenchmark
from alignbench.generator import Generator
from alignbench.judge import Judge
from alignbench.method import Method, RunContext
from alignbench.norms.author import Author
from alignbench.store.stages import Store
from alignbench.training import Training
from alignbench.types import Culture, ModelRef, Split


@dataclass(frozen=True)
class Cell:
    """Checked components of one run; no weights are loaded.

    Attributes:
        choices: group -> name of the choice, as on the command line.
        countries: iso3 -> name of every culture that has a YAML.
        surveys: split -> the survey restricted to it.
        control: the culture whose norms serve as control; None if switched off.
        others: cultures that the aligned model is told afterwards, to see what it forgot.
        engines: open engines, perhaps those of other cells of this process too.
    """

    choices: Mapping[str, str]
    method: Method
    baselines: Mapping[str, Method]
    culture: Culture
    control: Culture | None
    others: tuple[Culture, ...]
    model: ModelRef
    backend: Backend
    countries: Mapping[str, str]
    source: Source
    survey: Survey
    surveys: Mapping[Split, Survey]
    benchmark: SurveyBenchmark
    embedder: Embedder
    judge: Judge
    author: Author
    generator: Generator
    critic: Generator
    training: Training
    seed: int
    insist: bool
    store: Store
    engines: Engines = field(default_factory=Engines)

    @classmethod
    def from_config(
        cls,
        cfg: DictConfig,
        folders: tuple[Path, ...],
        build_missing: bool = True,
        engines: Engines | None = None,
    ) -> Cell:
        """Build and check every component of ``cfg``. What cells have in common is read once a process.

        Args:
            folders: where culture YAMLs lie, for the control.
            build_missing: False for a plan (see :class:`Store`).
            engines: engines to share with other cells; None gives the cell its own.

        Raises:
            AlignbenchError: anything wrong in config, data or model folder.
        """
        culture: Culture = instantiate(cfg.culture)
        control = _culture(culture.control, folders) if cfg.control else None
        source = instantiate(cfg.survey)
        others = tuple(_culture(name, folders) for name in cfg.others)
        cultures = tuple(c for c in (culture, control, *others) if c is not None)
        survey, surveys = _figures(source, tuple(c for c in cultures if c.shares))
        for c in cultures:
            survey.of(c.iso3)
        return cls(
            choices=_choices(cfg),
            method=instantiate(cfg.method),
            baselines={str(name): instantiate(node) for name, node in cfg.baselines.items()},
            culture=culture,
            control=control,
            others=others,
            backend=instantiate(cfg.backend),
            countries=_countries(folders),
            source=source,
            survey=survey,
            surveys=surveys,
            benchmark=instantiate(cfg.benchmark),
            embedder=instantiate(cfg.embedder),
            judge=instantiate(cfg.judge),
            author=instantiate(cfg.author),
            generator=instantiate(cfg.generator),
            critic=instantiate(cfg.critic),
            training=instantiate(cfg.training),
            model=_resolved(instantiate(cfg.model)),
            seed=cfg.seed,
            insist=cfg.insist,
            store=Store(Path(cfg.store), build_missing),
            engines=Engines() if engines is None else engines,
        )

    @property
    def slug(self) -> str:
        """Name of the cell's page."""
        return slug(self.choices["method"], self.culture.name, self.model.name, self.seed)

    def context(self, culture: Culture) -> RunContext:
        """What a method may use when it learns about ``culture``: no test items."""
        return RunContext(
            culture=culture,
            train=self.surveys[Split.train],
            validation=self.surveys[Split.validation],
            countries=self.countries,
            people=_Census(self.source, self.surveys[Split.train], self.seed),
            model=self.model,
            engine=_Opener(self.backend, self.model, self.engines),
            embedder=self.embedder,
            judge=self.judge,
            author=self.author,
            generator=self.generator,
            critic=self.critic,
            training=self.training,
            asking=self.benchmark.asking,
            seed=self.seed,
            insist=self.insist,
            store=self.store,
        )

    def engine(self, model: ModelRef) -> Engine:
        """The engine of ``model``; one model holds its weights at a time."""
        return self.engines.of(self.backend, model)


@dataclass(frozen=True)
class _Opener:
    """Opens an engine when called. It knows no survey, so a method that holds it can not reach one."""

    backend: Backend
    model: ModelRef
    engines: Engines

    def __call__(self) -> Engine:
        return self.engines.of(self.backend, self.model)


@dataclass(frozen=True)
class _Census:
    """Draws respondents when called, with their answers to training items alone."""

    source: Source
    train: Survey
    seed: int

    def __call__(self, iso3: str, count: int) -> tuple[tuple[Person, ...], str | None]:
        people = self.source.people(iso3, count, self.seed)
        if people is None:
            return assumed(self.train, iso3, count, self.seed), ASSUMED
        return restricted(people, self.train), None


# What is done with a cell, and which sweep it belongs to, are no part of it.
_NO_PART = ("task", "experiment")
_culture = cache(culture_named)
_countries = cache(country_names)


@cache
def _figures(source: Source, bringing: tuple[Culture, ...]) -> tuple[Survey, Mapping[Split, Survey]]:
    """The survey whole and split; ``bringing`` are the cultures that come with shares of their own."""
    survey = source.load(bringing)
    return survey, split_survey(survey, source.splits())


@cache
def _resolved(model: Model) -> ModelRef:
    return model.resolve()


def _choices(cfg: DictConfig) -> dict[str, str]:
    from hydra.core.hydra_config import HydraConfig

    if not HydraConfig.initialized():
        return {}
    chosen: Mapping[str, Any] = HydraConfig.get().runtime.choices
    return {k: str(v) for k, v in chosen.items() if not k.startswith("hydra") and k not in _NO_PART}


def slug(method: str, culture: str, model: str, seed: int) -> str:
    """Name of a cell's page."""
    return f"{method}-{culture}-{model}-s{seed}"


def config_folders() -> tuple[Path, ...]:
    """Folders of the running job's config: the user's own first, then the package's."""
    from hydra.core.hydra_config import HydraConfig

    sources = HydraConfig.get().runtime.config_sources
    folders = [Path(s.path) for s in sources if s.schema == "file" and s.path]
    return tuple(sorted(folders, key=lambda f: f == conf_dir()))
