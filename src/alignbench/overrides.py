"""What the command line may say: its choices, and one clear message for a wrong override."""

import difflib
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hydra import compose, version
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.types import ChoiceSweep, Glob, Override
from omegaconf import DictConfig, ListConfig, OmegaConf

from alignbench.config import ROOMS, conf_dir, conf_dirs
from alignbench.data.cultures import canonical
from alignbench.errors import AlignbenchError
from alignbench.suggestions import key_of, refuse_former, suggestion
from alignbench.types import check
from alignbench.vetting import vet
from alignbench.words import parsed_words, with_paths_quoted

# What may be chosen, in the order of the help page.
GROUPS = [*ROOMS, "culture", "experiment"]
_OF_CULTURES = ("culture", "culture.control", "others")  # keys whose values are cultures
# Launcher -> the extra that installs it, and the module that then is there.
_LAUNCHERS = {
    "joblib": ("joblib", "hydra_plugins.hydra_joblib_launcher"),
    "slurm": ("slurm", "hydra_plugins.hydra_submitit_launcher"),
    "submitit_local": ("slurm", "hydra_plugins.hydra_submitit_launcher"),
    "submitit_slurm": ("slurm", "hydra_plugins.hydra_submitit_launcher"),
}


def plugin_folders(arguments: Sequence[str]) -> list[str]:
    """What ``plugins=`` names, which must be known before anything is composed.

    Raises:
        AlignbenchError: it is no list.
    """
    words = [word for word in arguments if word.startswith("plugins=")]
    if not words:
        return []
    folders = parsed_words(words[-1:])[words[-1]].value()
    if not isinstance(folders, list):
        raise AlignbenchError("plugins", words[-1].partition("=")[2], "give a list of folders: 'plugins=[./mine]'")
    return [str(folder) for folder in folders]


def config_folders(arguments: Sequence[str] = ()) -> list[Path]:
    """Folders that hold YAMLs: the user's ``--config-dir``, the package's, those of plugins."""
    return [*_given_folders(arguments), *conf_dirs()]


def _given_folders(arguments: Sequence[str]) -> list[Path]:
    folders: list[Path] = []
    for i, argument in enumerate(arguments):
        if argument in ("--config-dir", "-cd") and i + 1 < len(arguments):
            folders.insert(0, Path(arguments[i + 1]))
        elif argument.startswith("--config-dir="):
            folders.insert(0, Path(argument.split("=", 1)[1]))
    return folders


def choices(group: str, folders: Sequence[Path]) -> dict[str, str]:
    """Choice -> its sentence: the first comment line of its YAML, after Hydra's ``# @package``."""
    found: dict[str, str] = {}
    for folder in reversed(folders):
        for path in sorted((folder / group).rglob("*.yaml")):
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            first = next((line for line in lines if not line.startswith("# @")), "")
            name = path.relative_to(folder / group).with_suffix("").as_posix()
            found[name] = first.removeprefix("#").strip() if first.startswith("#") else ""
    return found


def checked(arguments: Sequence[str]) -> list[str]:
    """The arguments as Hydra is to get them, once :func:`check_overrides` has found nothing wrong."""
    named = with_culture_names(with_globs_spelt_out(with_paths_quoted(arguments)))
    check_overrides(named)
    _check_launcher(named)
    return per_cell(named)


def with_culture_names(arguments: Sequence[str]) -> list[str]:
    """The arguments with every culture under its own name: keys and records do not depend on what it was called.

    Raises:
        AlignbenchError: no such culture, or several.
    """
    folders, parsed = config_folders(arguments), parsed_words(arguments)

    def named(field: str, value: Any) -> Any:
        if isinstance(value, list):
            return [named(field, held) for held in value]
        return value if value is None else canonical(str(getattr(value, "text", value)), folders, field)

    def said(word: str) -> str:
        override = parsed.get(word)
        if override is None or key_of(override) not in _OF_CULTURES or override.is_delete():
            return word
        sweep = override.value() if override.is_sweep_override() else None
        if sweep is not None and not isinstance(sweep, ChoiceSweep):
            return word
        typed = sweep.list if sweep else [override._value]
        return f"{override.get_key_element()}={','.join(_text(named(key_of(override), value)) for value in typed)}"

    return [said(a) for a in arguments]


def check_overrides(arguments: Sequence[str]) -> None:
    """Compose once without running, so that a wrong override gets one message of ours.

    Of a sweep every choice is checked, and the first value of each other list; Hydra checks the rest as it composes.

    Raises:
        AlignbenchError: unknown group choice, unknown key, or a value of the wrong type.
    """
    parsed = list(parsed_words(arguments).values())
    own = [o for o in parsed if not str(o.key_or_group).startswith("hydra")]
    folders = config_folders(arguments)
    for override in own:
        _check_choice(override, folders)
    _check_brought(own, folders)
    overrides = [_first(o) for o in own]
    with hydra_over(_given_folders(arguments)):
        try:
            compose("config", overrides=overrides)
        except Exception as error:  # of Hydra and OmegaConf, and whatever a broken YAML makes its reader raise
            raise _first_wrong(own, overrides, error) from error
        vet(_with_hydras(parsed, overrides), arguments)


def _with_hydras(parsed: Sequence[Override], overrides: Sequence[str]) -> DictConfig:
    """The config with Hydra's own node, and with what was typed for it."""
    hydras = [o for o in parsed if str(o.key_or_group).startswith("hydra")]
    said = list(overrides)
    for override in hydras:
        said.append(_first(override))
        try:
            compose("config", overrides=said, return_hydra_config=True)
        except Exception as error:  # as above
            raise AlignbenchError(key_of(override), override.get_value_string(), _one_line(error)) from error
    return compose("config", overrides=said, return_hydra_config=True)


@contextmanager
def hydra_over(folders: Sequence[Path]) -> Iterator[None]:
    """Inside, Hydra composes with these folders as with ``--config-dir``; afterwards its globals are as before."""
    path = create_config_search_path(str(conf_dir()))
    for folder in folders:
        path.prepend("command-line", f"file://{folder.absolute()}", SearchPathQuery(provider="schema"))
    hydra, base = GlobalHydra.instance(), version.VersionBase.instance()
    before = hydra.hydra, base.version_base
    hydra.clear()
    version.setbase("1.3")
    Hydra.create_main_hydra2("alignbench", path)
    try:
        yield
    finally:
        hydra.hydra, base.version_base = before


def single(arguments: Sequence[str]) -> list[str]:
    """The overrides among the arguments, which must describe one cell.

    Raises:
        AlignbenchError: one of them is a sweep.
    """
    parsed = parsed_words(arguments)
    for override in parsed.values():
        remedy = "call it once for each cell; sweeps are for the command line"
        check(not override.is_sweep_override(), key_of(override), override.get_value_string(), remedy)
    return list(parsed)


def per_cell(arguments: Sequence[str]) -> list[str]:
    """The arguments with the knobs of swept groups as sweeps, of one value each.

    Hydra composes the plain words of a sweep by themselves first: with ``method=a,b`` it would look for
    ``method.joint=[IRQ]`` in the default method. Those of a sweep it leaves to the cells.
    """
    parsed = parsed_words(arguments)
    swept = tuple(f"{o.package or o.key_or_group}." for o in parsed.values() if o.is_sweep_override())

    def said(word: str) -> str:
        override = parsed.get(word)
        if override is None or override.is_sweep_override() or override.is_delete():
            return word
        if not override.key_or_group.startswith(swept):
            return word
        key, _, value = word.partition("=")
        return f"{key}=choice({value})"

    return [said(a) for a in arguments]


def with_globs_spelt_out(arguments: Sequence[str]) -> list[str]:
    """The arguments with ``glob(ira*)`` as the choices that it stands for; one that stands for none is refused."""
    folders, parsed = config_folders(arguments), parsed_words(arguments)

    def said(word: str) -> str:
        override = parsed.get(word)
        if override is None or override.is_delete() or not isinstance(glob := override.value(), Glob):
            return word
        options = sorted(choices(str(override.key_or_group), folders))
        found, typed = glob.filter(options), override.get_value_string()
        check(
            bool(found),
            key_of(override),
            typed,
            f"it fits none of the choices: {', '.join(options) or 'there are none'}",
        )
        return f"{override.get_key_element()}={','.join(found)}"

    return [said(a) for a in arguments]


def _text(value: Any) -> str:
    """A parsed value as it is typed."""
    return str(Override._get_value_element_as_str(value))


def _check_launcher(arguments: Sequence[str]) -> None:
    """Refuse a launcher that is not installed, and Slurm's where there is no Slurm, unless nothing is launched."""
    said = {key_of(o): o.value() for o in parsed_words(arguments).values()}
    name = str(said.get("hydra/launcher"))
    if name in _LAUNCHERS:
        extra, module = _LAUNCHERS[name]
        there = find_spec(module.partition(".")[0]) is not None and find_spec(module) is not None
        check(there, "hydra/launcher", name, f"it is not installed: pip install 'alignbench[{extra}]'")
    if name in ("slurm", "submitit_slurm") and said.get("task") != "plan":
        remedy = "there is no Slurm here (no command sbatch): go to a login node, or try hydra/launcher=submitit_local"
        check(shutil.which("sbatch") is not None, "hydra/launcher", name, remedy)


def _first_wrong(own: Sequence[Override], overrides: Sequence[str], error: Exception) -> AlignbenchError:
    """Name the first override that cannot be composed with those before it; choices go before knobs."""
    pairs = sorted(zip(own, overrides, strict=True), key=lambda pair: _depth(pair[0]))
    if not pairs:
        return AlignbenchError("config", "no overrides", _one_line(error))
    said: list[str] = []
    plain = compose("config", return_hydra_config=True)
    for override, word in pairs[:-1]:
        said.append(word)
        try:
            plain = compose("config", overrides=said, return_hydra_config=True)
        except Exception as own_error:  # as above
            return _explain(override, word, plain, own_error)
    # With all before it the config composes, so the error is the last one's.
    return _explain(*pairs[-1], plain, error)


def _depth(override: Override) -> float:
    """How many choices must have been made before this one counts."""
    if str(override.key_or_group) not in GROUPS:
        return float("inf")
    return 0 if override.package is None else 1 + str(override.package).count(".")


def _first(override: Override) -> str:
    """The override with the first value of its sweep."""
    if not override.is_sweep_override():
        return str(override.input_line)
    spelt = override.is_discrete_sweep() and not isinstance(override.value(), Glob)
    values = list(override.sweep_iterator()) if spelt else []
    check(bool(values), key_of(override), override.get_value_string(), "it names no values: list them, or give a range")
    return f"{override.get_key_element()}={values[0]}"


def _check_choice(override: Override, folders: Sequence[Path]) -> None:
    group = str(override.key_or_group)
    if override.is_delete() or group not in GROUPS or (override.is_sweep_override() and not override.is_choice_sweep()):
        return
    options = sorted(choices(group, folders))
    for value in override.sweep_iterator() if override.is_sweep_override() else [override.value()]:
        if str(value) not in options:
            refuse_former(override)
            remedy = f"no such choice; {suggestion(group, str(value), options)} (python -m alignbench --help lists all)"
            raise AlignbenchError(key_of(override), str(value), remedy)


def _check_brought(own: Sequence[Override], folders: Sequence[Path]) -> None:
    """A choice that brings others along (a model its survey) must not do so unsaid from a second place."""
    said = {str(o.key_or_group): o.value() for o in own if o.package is None}
    for override in own:
        group, choice = str(override.key_or_group), override.value()
        if override.package is None or group not in GROUPS or said.get(group) == choice:
            continue
        texts = [
            f.read_text("utf-8", "replace") for folder in folders if (f := folder / group / f"{choice}.yaml").is_file()
        ]
        brought = [g for g in re.findall(r"override /(\w+)@_global_", texts[0]) if g not in said] if texts else []
        if brought:
            remedy = f"it brings along its own {', '.join(brought)}: say {group}={choice}, or which ones you want"
            raise AlignbenchError(key_of(override), choice, f"{remedy} ({' '.join(f'{g}=...' for g in brought)})")


def _explain(override: Override, word: str, plain: DictConfig, error: Exception) -> AlignbenchError:
    refuse_former(override)
    key = key_of(override) if override.package is None else str(override.key_or_group)
    parent, _, leaf = key.rpartition(".")
    node = OmegaConf.select(plain, parent) if parent else plain
    value = word.split("=", 1)[1] if "=" in word else word
    if override.package:
        taken = [str(slot) for slot in plain.hydra.runtime.choices if str(slot).startswith(f"{key}@")]
        near = difflib.get_close_matches(key_of(override), taken, n=2, cutoff=0.8)
        slots = "a model and a backend have one only with generator=other"
        hint = f"did you mean {' or '.join(near)}?" if near else slots
        return AlignbenchError(key_of(override), value, f"there is no such place among the choices made; {hint}")
    if isinstance(node, DictConfig) and leaf not in node:
        known = [str(k) for k in node if k != "_target_"]
        near = difflib.get_close_matches(leaf, known, n=2)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        return AlignbenchError(key, value, f"no such key; {hint}{parent or 'the top level'} has {', '.join(known)}")
    if isinstance(node, DictConfig) and isinstance(node._get_node(leaf), ListConfig) and "[" not in value:
        typed = override.get_value_string()
        return AlignbenchError(key, typed, f'give a list, in quotes because of the shell: "{key}=[{typed}]"')
    return AlignbenchError(key, value, _one_line(error))


def _one_line(error: BaseException) -> str:
    """Message of the innermost cause, which says what was expected."""
    while error.__cause__ is not None:
        error = error.__cause__
    return re.sub(r"\s+", " ", str(error).split("full_key")[0]).strip()
