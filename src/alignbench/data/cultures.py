"""Cultures by name, read straight from their YAML: for controls and tables, without Hydra."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import fields
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from textwrap import shorten
from typing import Any

from omegaconf import OmegaConf

from alignbench.data.checks import nearest
from alignbench.errors import AlignbenchError
from alignbench.files import leave_out
from alignbench.types import Culture, check

# Characters of what a reader of YAML says: of lists within lists it names every one.
_REASON = 400


def culture_named(word: str, folders: Sequence[Path], field: str = "culture") -> Culture:
    """The culture that ``word`` means, from ``<folder>/culture/<name>.yaml``; the first folder that has it wins.

    Args:
        word: anything that :func:`canonical` knows.
        folders: config folders (the user's own, then the package's). ``defaults`` in the file are ignored.
        field: where the word stands, for messages.

    Raises:
        AlignbenchError: no such culture, several of them, an unknown or a missing key.
    """
    return _read(canonical(word, folders, field), folders)


def canonical(word: str, folders: Sequence[Path], field: str = "culture") -> str:
    """Name of the culture that ``word`` means: its name, its country, ISO code, adjective, or one of its aliases.

    Case, hyphens and a leading "the" do not count. Of several cultures of one country the plain one is meant, whose
    name begins those of all others (iraq, not iraq_2024).

    Raises:
        AlignbenchError: no such culture (the message lists near names), or several and none is the plain one.
    """
    names = culture_names(folders)
    if word in names:
        return word
    known: dict[str, list[str]] = {}
    for culture, name in _readable(names, folders):
        for text in (name, culture.country, culture.iso3, culture.adjective, *culture.aliases):
            known.setdefault(bare(text), []).append(name)
    meant = sorted(set(known.get(bare(word), ())), key=len)
    if not meant:
        near = sorted({name for text in get_close_matches(bare(word), known, n=3) for name in known[text]})
        hint = f" (nearest: {', '.join(near)})" if near else f": {', '.join(names)}"
        check(False, field, word, f"there is no such culture{hint}; or add conf/culture/{word}.yaml")
    plain = all(name.startswith(meant[0]) for name in meant)
    check(plain, field, word, f"several cultures are called so: choose one of {', '.join(sorted(meant))}")
    return meant[0]


def bare(text: str) -> str:
    """The words alone: no case, punctuation or leading "the"."""
    return re.sub(r"[\W_]+", " ", text.casefold()).strip().removeprefix("the ")


def _read(name: str, folders: Sequence[Path]) -> Culture:
    path = next(p for folder in folders if (p := folder / "culture" / f"{name}.yaml").is_file())
    return _culture(path, path.stat().st_mtime_ns)


@cache
def _culture(path: Path, modified: int) -> Culture:
    try:
        knobs = OmegaConf.to_container(OmegaConf.load(path), resolve=True)
    except Exception as error:  # of the reader of YAML, of OmegaConf, or of a file that is no text
        reason = shorten(str(error), _REASON) or type(error).__name__
        raise AlignbenchError(str(path), "a broken YAML", f"mend it: {reason}") from None
    if not isinstance(knobs, dict):
        raise AlignbenchError(str(path), type(knobs).__name__, "write a line name: value for each key of a culture")
    knobs.pop("defaults", None)
    known = [f.name for f in fields(Culture)]
    for key in map(str, knobs):
        check(key in known, f"{path}, key", key, f"a culture has only {', '.join(known)}{nearest(key, known)}")
        texts = knobs[key] if key == "aliases" and isinstance(knobs[key], list) else [knobs[key]]
        optional = key in ("shares", "note")
        for text in texts:
            sound = isinstance(text, str) or (text is None and optional)
            check(sound, f"{path}, {key}", text, "give a text, in quotes where it looks like a number")
        listed = key != "aliases" or isinstance(knobs[key], list)
        check(listed, f"{path}, {key}", knobs[key], "give a list of texts")
    values: dict[str, Any] = {str(key): tuple(v) if isinstance(v, list) else v for key, v in knobs.items()}
    culture = Culture(**values)
    for key in known:
        check(getattr(culture, key) != "???", f"{path}, key", key, "this key must be given")
    return culture


def culture_names(folders: Sequence[Path]) -> list[str]:
    """Names of all cultures in the folders, sorted."""
    return sorted({path.stem for folder in folders for path in (folder / "culture").glob("*.yaml")})


def country_names(folders: Sequence[Path]) -> dict[str, str]:
    """iso3 -> name of the country, of all cultures in the folders; the first folder that has one wins."""
    found: dict[str, str] = {}
    for culture, _ in _readable(culture_names(folders), folders):
        found.setdefault(culture.iso3, culture.country)
    return found


def _readable(names: Sequence[str], folders: Sequence[Path]) -> Iterator[tuple[Culture, str]]:
    """The cultures of these names; one whose file is wrong is left out with a line: it is nobody's choice here."""
    for name in names:
        try:
            yield _read(name, folders), name
        except AlignbenchError as error:
            leave_out(Path(error.field.partition(",")[0]), error)
