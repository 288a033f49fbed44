"""What a composed config may hold, whoever wrote the YAMLs: looked at before anything of it is made or imported."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from alignbench.config import ROOMS, Root, ours
from alignbench.errors import AlignbenchError
from alignbench.types import check

# Whose classes Hydra may make: launchers, sweepers, callbacks, and what writes its log.
_MAKERS = ("hydra.", "hydra_plugins.", "alignbench.", "logging.")
# Keys under which Hydra's node, and the logging that it sets up, name a class or a function.
_NAMING = ("_target_", "()", "class", "factory")
_STREAMS = ("ext://sys.stdout", "ext://sys.stderr")
# Resolvers that read what is no part of the config.
_OUTSIDE = re.compile(r"\$\{\s*(oc\.env|oc\.decode|env)\s*:")


def vet(cfg: DictConfig, typed: Sequence[str] = ()) -> None:
    """Refuse a composed config that a run cannot use, or must not.

    Args:
        cfg: with Hydra's own node.
        typed: the words of the command line, which may do what a YAML may not.

    Raises:
        AlignbenchError: a group without a choice, a key of the top level that nothing reads, a value that refers to
            nothing, one that reads the environment or makes Hydra call foreign code without being typed.
    """
    said, own = " ".join(typed), ours(cfg)
    if "hydra" in cfg:
        _vet_hydra({"hydra": OmegaConf.to_container(cfg.hydra)}, said)
    for group in (*ROOMS, "culture"):
        given = group == "benchmark" or (group in cfg and not OmegaConf.is_missing(cfg, group))
        check(given, group, "no choice", f"every run has one: leave out ~{group}, or say {group}=...")
    known = [*Root.__dataclass_fields__]
    unknown = [key for key in own if key not in known]
    check(not unknown, ", ".join(map(str, unknown)), "a key", f"no such key; the top level has {', '.join(known)}")
    _vet_values(own, said)
    _resolve(cfg)


def _resolve(node: Any, place: str = "") -> None:
    """Ask for every value, in its type; what refers to nothing, to itself or to another type is refused."""
    keys = list(node) if isinstance(node, DictConfig) else range(len(node)) if isinstance(node, ListConfig) else []
    for key in keys:
        at = f"{place}.{key}".lstrip(".")
        if at == "hydra" or OmegaConf.is_missing(node, key):
            continue
        try:
            value = node[key]
        except OmegaConfBaseException as error:
            reason = " ".join(str(error).split("full_key")[0].split())
            raise AlignbenchError(at, str(node._get_node(key)), f"give the value itself: {reason}") from None
        _resolve(value, at)


def _vet_values(content: Any, said: str) -> None:
    for place, value in _walked(content):
        outside = isinstance(value, str) and _OUTSIDE.search(value) and value not in said
        remedy = "a YAML may not read the environment, which ends up in records: type it on the command line"
        check(not outside, place, value, remedy)


def _vet_hydra(content: Any, said: str) -> None:
    for place, value in _walked(content):
        if not isinstance(value, str):
            continue
        foreign = place.rpartition(".")[2] in _NAMING and not value.startswith(_MAKERS)
        streamed = value.startswith(("ext://", "cfg://")) and value not in _STREAMS
        check(not (foreign or streamed), place, value, "Hydra may make classes of its own, its plugins and ours alone")
        environment = place.startswith("hydra.job.env_set.") and "env_set" not in said
        check(not environment, place, value, "a YAML may not set the environment: type it on the command line")


def _walked(content: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with the keys that lead to it."""
    pairs = content.items() if isinstance(content, Mapping) else enumerate(content) if isinstance(content, list) else ()
    for key, value in pairs:
        at = f"{place}.{key}".lstrip(".")
        yield at, value
        yield from _walked(value, at)
