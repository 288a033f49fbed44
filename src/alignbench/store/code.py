"""The code that decides a stage's result, as part of its identity.

A fingerprint covers modules, those that they reach by import, and the templates and tables that all of these ask for
by name. It takes syntax trees, so comments, docstrings and line breaks do not count. Files are read, not imported.
Import by a computed name is not followed: give the class of what was imported as well.
"""

import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.util import find_spec, resolve_name
from pathlib import Path

from alignbench.errors import AlignbenchError
from alignbench.identity import canonical
from alignbench.store.source import digest_of, facts_of

_PROJECT = "alignbench"
# Neither counted nor followed, like everything below them: no edit there changes the numbers of a stage.
_APART = (
    "alignbench.store",  # where results lie
    "alignbench.progress",  # what is said meanwhile
    "alignbench.errors",  # how a refusal reads
    "alignbench.component",  # the identity of knobs, which is in the key as text
    "alignbench.identity",  # the same
    "alignbench.tools",  # the door to engines and folders
    "alignbench.config",  # makes objects of YAML; their knobs are in the key
    "alignbench.backend.cache",  # where converted models lie
    "alignbench.backend.engines",  # which engines stay open
    "alignbench.backend.lease",  # which card is used
    "alignbench.backend.memory",  # who keeps freed memory
    "alignbench.norms.picture",  # a map for the eye
    "alignbench.resources.nano",  # data: in ModelRef.fingerprint
    "alignbench.resources.wvs7",  # data: in Survey.fingerprint
    "alignbench.resources.aoi2022",  # data: in Survey.fingerprint
)
_SHARED = (
    "resources"  # a package's folder of data for all its modules; other data lie next to the modules that read them
)
_NO_DATA = (".py", ".pyc", "README.md", "py.typed")
_Listed = Callable[[Path], tuple[list[Path], list[Path]]]


@dataclass(frozen=True)
class Code:
    """What decides a result.

    Attributes:
        modules: module, or path of a resource (``alignbench/steps/prompts/chatbot.jinja``) -> sixteen hex digits of
            what counts in it.
    """

    modules: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Eight hex digits over all."""
        return digest_of(canonical(self.modules).encode())[:8]


def code_of(classes: Iterable[type]) -> Code:
    """The code of these classes and of their bases: what is the project's, or in the same package as a given class.

    Raises:
        AlignbenchError: a class that no module on disk defines, or a file that cannot be read.
    """
    given = list(classes)
    for cls in given:
        module, outer = cls.__module__, cls.__qualname__.partition(".")[0]
        if module == "__main__" or not hasattr(sys.modules.get(module), outer) or _file(module) is None:
            remedy = "its code is part of a stage's key, so it must live in a module: move it to a file and import it"
            raise AlignbenchError("class", f"{module}.{cls.__qualname__}", remedy)
    tops = _tops(cls.__module__ for cls in given)
    return code_in({b.__module__ for cls in given for b in cls.__mro__ if b.__module__.partition(".")[0] in tops})


def code_in(modules: Iterable[str]) -> Code:
    """The code of modules given by their full names, for stages that functions make.

    Raises:
        AlignbenchError: a module without a source file, or a file that cannot be read.
    """
    due = list(modules)
    tops, seen = _tops(due), set[str]()
    for name in due:
        if _file(name) is None:
            raise AlignbenchError("module", name, "there is no source file of it: give the full name of a module")
    found: dict[str, str] = {}
    names: set[str] = set()
    offered: defaultdict[tuple[Path, Path], set[str]] = defaultdict(set)
    listed = cache(_listed)
    while due:
        name = due.pop()
        if name in seen or name.partition(".")[0] not in tops:
            continue
        seen.add(name)
        # The project's own __init__ has its version and a way to read stores.
        file = None if name == _PROJECT or _apart(name) else _file(name)
        if file is None:  # set apart, or no module: something that a module defines
            continue
        facts = facts_of(file)
        found[name] = facts.digest
        said = set(facts.names)
        names |= said
        is_package = file.name == "__init__.py"
        due += [resolve_name(told, name if is_package else name.rpartition(".")[0]) for told in facts.imports]
        due += [name.rsplit(".", i)[0] for i in range(1, name.count(".") + 1)]
        parents = file.parents[: name.count(".") + is_package + 1]  # up to where the top-level package lies
        for path, kinds in _data(parents, said, listed):
            offered[path, parents[-1]] |= kinds
    return Code(dict(sorted({**found, **_resources(offered, names)}.items())))


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Names whose digests differ, and those that only one of the two has; sorted."""
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def _tops(names: Iterable[str]) -> set[str]:
    """Top-level packages whose modules are followed."""
    return {_PROJECT, *(name.partition(".")[0] for name in names)}


def _apart(name: str) -> bool:
    return any(f"{name}.".startswith(f"{apart}.") for apart in _APART)


def _file(name: str) -> Path | None:
    """The source of a module; None where there is none."""
    top, *rest = name.split(".")
    try:
        spec = find_spec(top)
    except ValueError:  # made by hand, without a file
        return None
    if spec is None:
        return None
    if not rest:
        return Path(spec.origin) if spec.origin and spec.origin.endswith(".py") else None
    paths = (os.path.join(place, *rest) for place in spec.submodule_search_locations or ())  # noqa: PTH118 (quick)
    files = (file for path in paths for file in (f"{path}.py", f"{path}/__init__.py"))
    return next((Path(file) for file in files if os.path.isfile(file)), None)  # noqa: PTH113


def _listed(folder: Path) -> tuple[list[Path], list[Path]]:
    """Data files of a folder, and its folders that are no packages."""
    paths = list(folder.iterdir()) if folder.is_dir() else []
    files = [path for path in paths if path.is_file() and not path.name.endswith(_NO_DATA)]
    return files, [path for path in paths if path.is_dir() and not (path / "__init__.py").exists()]


def _data(parents: Sequence[Path], names: set[str], listed: _Listed) -> Iterator[tuple[Path, set[str]]]:
    """Data files that a module may ask for, each with the kinds (``*.json``) that it asks for whole.

    Args:
        parents: the folder of the module and those around it, up to where the top-level package lies.
    """
    kinds, shared = {name for name in names if name.startswith("*.")}, parents[-2:][0] / _SHARED
    due = [parents[0], *([shared] if _SHARED in names else [])]
    while due:
        folder = due.pop()
        files, below = listed(folder)
        yield from ((file, set() if folder == shared else kinds) for file in files)
        told = (f for f in below if f.name in names or shared in folder.parents)
        due += [f for f in told if not _apart(".".join(f.relative_to(parents[-1]).parts))]


def _resources(offered: Mapping[tuple[Path, Path], set[str]], names: set[str]) -> dict[str, str]:
    """Digests of the offered files that are asked for; the key of each begins at its top-level package."""
    globs = {name for name in names if "*" in name and not name.startswith("*.")}
    found: dict[str, str] = {}
    due = []
    for (file, place), kinds in offered.items():
        said = {file.name, file.stem}
        wide = not names.isdisjoint(said) or any(fnmatchcase(part, glob) for glob in globs for part in said)
        if wide or any(fnmatchcase(file.name, kind) for kind in kinds):
            due.append((file, place))
    while due:
        file, place = due.pop()
        name = file.relative_to(place).as_posix()
        if name not in found:
            facts = facts_of(file)
            found[name] = facts.digest
            due += [(path, place) for path in map(file.with_name, facts.names) if path.is_file()]
    return found
