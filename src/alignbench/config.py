"""Schemas for Hydra, made from the classes themselves, and the one instantiate.

Every group of ``conf/`` has a room of the package, and one in each plugin that adds to it. Each module of a room holds
at most one public :class:`~alignbench.component.Component`; a mutable twin of it is stored as
``schema/<group>/<module>``, so a YAML that starts with ``/schema/<group>/<module>@_here_`` is
checked when Hydra composes. Adding a choice is one module and one YAML.
"""

import importlib
import inspect
import pkgutil
from dataclasses import MISSING as NO_DEFAULT
from dataclasses import dataclass, field, fields, make_dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, get_origin, get_type_hints

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, DictConfig, OmegaConf

from alignbench import plugins
from alignbench.component import Component
from alignbench.errors import AlignbenchError
from alignbench.store.store import StalePolicy
from alignbench.types import Culture, check

ROOMS = {
    "task": "alignbench.task",
    "method": "alignbench.method",
    "model": "alignbench.backend.model",
    "backend": "alignbench.backend",
    "survey": "alignbench.data.source",
    "scoring": "alignbench.evaluation",
    "benchmark": "alignbench.benchmark",
    "judge": "alignbench.judge",
    "embedder": "alignbench.embedder",
    "author": "alignbench.norms.author",
    "generator": "alignbench.generator",
    "training": "alignbench.training",
    "tracking": "alignbench.tracking",
}


# What a sweep does when a cell fails.
OnError = Enum("OnError", {"continue": "continue", "stop": "stop"})


@dataclass
class Root:
    """Top level of ``conf/config.yaml``; each group is typed by its own schema."""

    task: Any = MISSING
    method: Any = MISSING
    # Methods that every run is compared with; ``base`` is what differences are measured from.
    baselines: dict[str, Any] = field(default_factory=dict)
    culture: Any = MISSING
    model: Any = MISSING
    backend: Any = MISSING
    survey: Any = MISSING
    training: Any = MISSING
    judge: Any = MISSING
    embedder: Any = MISSING
    author: Any = MISSING
    generator: Any = MISSING
    # Judges what the generator wrote; filled like it (generator@critic=...).
    critic: Any = MISSING
    # How the survey is scored.
    scoring: Any = MISSING
    # Where finished cells are shown, besides the pages.
    tracking: Any = MISSING
    # Another benchmark, for task=benchmark.
    benchmark: Any = None
    seed: int = 0
    # Also fit the method in the culture's control country and report the specificity.
    control: bool = True
    # Cultures that the aligned model is prompted as afterwards, to see what it forgot (damage).
    others: list[str] = field(default_factory=list)
    # Go on although the judge is near chance on the norm pool.
    insist: bool = False
    # What becomes of a stage that other code built from the same inputs: rebuild it, or keep it.
    stale: StalePolicy = StalePolicy.rebuild
    # A failed cell of a sweep: leave its traceback in the store and go on, or stop.
    on_error: OnError = OnError["continue"]
    store: str = "outputs/store"
    reports: str = "outputs/reports"
    # Folders of plugins; they are read from the command line before anything is composed.
    plugins: list[str] = field(default_factory=list)


def conf_dir() -> Path:
    """The folder of YAMLs: inside an installed package, or at the top of a checkout."""
    installed = Path(__file__).parent / "conf"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "conf"


def conf_dirs() -> list[Path]:
    """The package's folder of YAMLs, then those of the loaded plugins."""
    return [conf_dir(), *(plugin.conf for plugin in plugins.loaded())]


def components(group: str) -> dict[str, type]:
    """Configurable classes of a group by module name, found by looking: the package's, then those of plugins.

    Where the room itself defines an abstract component (``Method``, ``Backend`` ...), only its subclasses count.

    Raises:
        AlignbenchError: two modules of one name, or a plugin's module that cannot be imported.
    """
    if group == "culture":
        return {"culture": Culture}
    room = importlib.import_module(ROOMS[group])
    base = next((c for c in _components_in(room) if inspect.isabstract(c)), Component)
    names = [m.name for m in pkgutil.iter_modules(getattr(room, "__path__", []))]
    own = [importlib.import_module(f"{ROOMS[group]}.{name}") for name in names] or [room]
    found: dict[str, type] = {}
    for module in (*own, *plugins.modules(group)):
        name = module.__name__.rpartition(".")[2]
        taken = found.get(name)
        remedy = f"{taken and taken.__module__} has this name: give the module another one"
        check(taken is None, f"plugins, {group}", module.__name__, remedy)
        for cls in _components_in(module):
            if issubclass(cls, base) and not inspect.isabstract(cls):
                found[name] = cls
    return found


def _components_in(module: ModuleType) -> list[type]:
    classes = [c for c in vars(module).values() if inspect.isclass(c) and c.__module__ == module.__name__]
    return [c for c in classes if issubclass(c, Component)]


@cache
def schema(cls: type) -> type:
    """A mutable twin of a frozen dataclass with ``_target_`` set: what OmegaConf can merge into."""
    hints = get_type_hints(cls)
    twin: list[tuple[str, Any, Any]] = [("_target_", str, field(default=f"{cls.__module__}.{cls.__qualname__}"))]
    for f in fields(cls):
        if f.metadata.get("supplied"):
            continue
        if f.default_factory is not NO_DEFAULT:
            default = field(default_factory=f.default_factory)
        else:
            default = field(default="???" if f.default is NO_DEFAULT else f.default)
        hint: Any = hints[f.name]
        if _is_component(hint):
            twin.append((f.name, Any, field(default=MISSING)))  # its own choice brings its schema
        else:  # OmegaConf knows ``list[X]`` and not ``tuple[X, ...]``
            twin.append((f.name, list[hint.__args__[0]] if get_origin(hint) is tuple else hint, default))
    return make_dataclass(f"{cls.__name__}Schema", twin)


def _is_component(hint: Any) -> bool:
    return inspect.isclass(hint) and issubclass(hint, Component)


def register() -> None:
    """Store the schema of every component, once for the plugins that are loaded; imports no torch.

    Raises:
        AlignbenchError: a plugin whose modules or YAMLs cannot be taken.
    """
    _register(plugins.loaded())


@cache
def _register(found: tuple[plugins.Plugin, ...]) -> None:
    for number, plugin in enumerate(found):
        _admit(plugin, [conf_dir(), *(before.conf for before in found[:number])])
    store = ConfigStore.instance()
    store.store(group="schema", name="root", node=Root)
    for group in [*ROOMS, "culture"]:
        for name, cls in components(group).items():
            store.store(group=f"schema/{group}", name=name, node=schema(cls))


def _admit(plugin: plugins.Plugin, before: list[Path]) -> None:
    """Refuse a plugin without content, and YAMLs of no group or whose names are taken."""
    groups = {path.name for path in conf_dir().iterdir() if path.is_dir()}
    files = sorted(plugin.conf.rglob("*.yaml"))
    names = (*ROOMS, "metric")
    rooms = [name for name in names if (plugin.folder / name).is_dir()]
    remedy = f"there is nothing in it that we know: it wants conf/ and folders called {', '.join(names)}"
    check(bool(files or rooms), "plugins", str(plugin), remedy)
    for file in files:
        name = file.relative_to(plugin.conf)
        check(name.parts[0] in groups, "plugins", str(file), f"no such group; there are {', '.join(sorted(groups))}")
        taken = next((path for folder in before if (path := folder / name).exists()), None)
        check(taken is None, "plugins", str(file), f"{taken} has this name: give the choice another one")


def class_of(target: str, place: str) -> type:
    """The class that a ``_target_`` names; nothing outside the package and its plugins is imported.

    Args:
        place: key of the config in which it stands, for the message.

    Raises:
        AlignbenchError: another package's, or nothing that may be configured.
    """
    module, _, name = target.rpartition(".")
    ours = f"{module}.".startswith("alignbench.") or plugins.plugin_of(module) is not None
    remedy = "only classes of alignbench and of loaded plugins may be configured (a folder is loaded by plugins=[DIR])"
    check(ours, f"{place}._target_", target, remedy)
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise AlignbenchError(f"{place}._target_", target, f"there is no such class: {error}") from error
    fits = inspect.isclass(found) and issubclass(found, Component | Culture)
    check(fits, f"{place}._target_", target, "this is no class that may be configured")
    return found  # type: ignore[no-any-return]


def ours(cfg: DictConfig) -> dict[str, Any]:
    """A composed config without Hydra's own node as plain values; what refers to another value stands as written."""
    content = OmegaConf.to_container(cfg)
    assert isinstance(content, dict)
    return {str(key): value for key, value in content.items() if key != "hydra"}


def _how_to_give(knob: str) -> str:
    """Words that fill a knob which has no default."""
    place, is_model, _ = knob.partition(".model.path")
    if not is_model:
        return f"say {knob}=..."
    slot = place if place == "generator" else f"generator@{place}"
    return f"choose the model: {slot}=other model@{place}.model=NAME, or {slot}=api for a server"


def instantiate(node: DictConfig) -> Any:
    """Build the component that ``node`` describes, and those inside it; see :func:`class_of` for what is accepted.

    Raises:
        AlignbenchError: foreign or missing ``_target_``, a knob that the class refuses, or a choice of a group that
            does not fit its place.
    """
    name = node._get_full_key(None)
    cls = class_of(str(node.get("_target_", "")), name)
    missing = sorted(str(key).removeprefix(f"{name}.") for key in OmegaConf.missing_keys(node))
    if missing:
        raise AlignbenchError(f"{name}.{missing[0]}", "not given", _how_to_give(f"{name}.{missing[0]}"))
    hints = get_type_hints(cls)
    for key in (str(key) for key in node if key != "_target_" and key not in hints):
        check(False, f"{name}.{key}", "a key", f"no such key; {name} has {', '.join(hints)}")
    knobs = {str(key): _knob(node, str(key), hints[str(key)]) for key in node if key != "_target_"}
    try:
        return cls(**knobs)
    except AlignbenchError as error:
        group, _, knob = error.field.partition(".")
        if group not in ROOMS or group == name:
            raise
        raise error.at(f"{name}.{knob}".rstrip(".")) from error


def _knob(node: DictConfig, key: str, hint: Any) -> Any:
    """Value of one field, in the type that its class wants."""
    value = node[key]
    if _is_component(hint):
        made = instantiate(value)
        kind = (inspect.getdoc(hint) or "").split("\n", 1)[0]
        fits = isinstance(made, hint)
        check(fits, value._get_full_key(None), type(made).__name__, f"another choice is wanted here: {kind}")
        return made
    if OmegaConf.is_config(value):
        value = OmegaConf.to_container(value, resolve=True)
    if isinstance(value, list) and get_origin(hint) is tuple:
        return tuple(value)
    return value


def typed(recorded: Any) -> Any:
    """A config that was written as plain values, with the types of its schemas again (enums above all)."""
    if not isinstance(recorded, dict):
        return recorded
    target = str(recorded.get("_target_", ""))
    if not target:
        return OmegaConf.create({k: typed(v) for k, v in recorded.items()})
    node = OmegaConf.structured(schema(class_of(target, "recorded config")))
    return OmegaConf.merge(node, {k: typed(v) for k, v in recorded.items()})
