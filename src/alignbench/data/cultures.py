"""Cultures by name, read straight from their YAML: for controls and tables, without Hydra."""

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from omegaconf import OmegaConf

from alignbench.data.checks import nearest
from alignbench.types import Culture, check


def culture_named(name: str, folders: Sequence[Path]) -> Culture:
    """The culture in ``<folder>/culture/<name>.yaml``; the first folder that has it wins.

    Args:
        folders: config folders (the user's own, then the package's). ``defaults`` in the file are ignored.

    Raises:
        AlignbenchError: no such culture (the message lists near names), an unknown or a missing key.
    """
    paths = [folder / "culture" / f"{name}.yaml" for folder in folders]
    path = next((p for p in paths if p.is_file()), None)
    if path is None:
        names = culture_names(folders)
        hint = nearest(name, names) or f": {', '.join(names)}"
        check(False, "culture", name, f"there is no such culture{hint}; or add conf/culture/{name}.yaml")
    assert path is not None
    knobs = OmegaConf.to_container(OmegaConf.load(path))
    assert isinstance(knobs, dict)
    knobs.pop("defaults", None)
    known = [f.name for f in fields(Culture)]
    for key in knobs:
        check(key in known, f"{path}, key", key, f"a culture has only {', '.join(known)}{nearest(key, known)}")
    culture = Culture(**{str(key): value for key, value in knobs.items()})
    for key in known:
        check(getattr(culture, key) != "???", f"{path}, key", key, "this key must be given")
    return culture


def culture_names(folders: Sequence[Path]) -> list[str]:
    """Names of all cultures in the folders, sorted."""
    return sorted({path.stem for folder in folders for path in (folder / "culture").glob("*.yaml")})


def country_names(folders: Sequence[Path]) -> dict[str, str]:
    """iso3 -> name of the country, of all cultures in the folders; the first folder that has one wins."""
    found: dict[str, str] = {}
    for name in culture_names(folders):
        culture = culture_named(name, folders)
        found.setdefault(culture.iso3, culture.country)
    return found
