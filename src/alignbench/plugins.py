"""Plugins: packages outside the tree that bring choices with them.

A plugin is a Python package with a folder for each group that it adds to, named like the group (``method/``, ``judge/``
...), and with its YAMLs in ``conf/<group>/``. An installed plugin names its package by an entry point of the group
``alignbench.plugins``; a folder is named on the command line, ``plugins=[./mine]``. What is loaded stays loaded.
"""

import os
import pkgutil
import sys
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from alignbench.errors import AlignbenchError
from alignbench.types import check

ENTRY_POINTS = "alignbench.plugins"
_FIELD = "plugins"
_loaded: dict[str, "Plugin"] = {}


@dataclass(frozen=True)
class Plugin:
    """A loaded package.

    Attributes:
        version: of an installed one; None for a folder.
    """

    name: str
    folder: Path
    version: str | None = None

    def __str__(self) -> str:
        return f"{self.name} {self.version or f'in {self.folder}'}"

    @property
    def conf(self) -> Path:
        """Its YAMLs, which join the search path; the folder need not exist."""
        return self.folder / "conf"

    @property
    def sentence(self) -> str:
        """The first line of its docstring."""
        return (sys.modules[self.name].__doc__ or "").strip().partition("\n")[0]

    def holds(self, name: str) -> bool:
        """Whether a module or a class of this full name is the plugin's."""
        return f"{name}.".startswith(f"{self.name}.")


def load(folders: Iterable[str] = ()) -> None:
    """Import the installed plugins and those in ``folders``; one that is loaded is left as it is.

    Raises:
        AlignbenchError: no such folder, no package, a name that another package has, or an import that fails.
    """
    for entry in sorted(metadata.entry_points(group=ENTRY_POINTS)):
        _add(entry.value, entry.dist.version if entry.dist else None)
    for said in folders:
        _add(_on_path(said), None)


def loaded() -> tuple[Plugin, ...]:
    """All of them: installed ones by name, then folders in the order in which they were given."""
    return tuple(_loaded.values())


def plugin_of(name: str) -> Plugin | None:
    """The loaded plugin that a module or a class of this full name belongs to; None for any other."""
    return next((plugin for plugin in loaded() if plugin.holds(name)), None)


def modules(group: str) -> list[ModuleType]:
    """Modules of the loaded plugins for a group.

    Raises:
        AlignbenchError: one of them cannot be imported.
    """
    rooms = ((plugin, str(plugin.folder / group)) for plugin in loaded())
    return [_imported(f"{p.name}.{group}.{found.name}") for p, room in rooms for found in pkgutil.iter_modules([room])]


def _on_path(said: str) -> str:
    """The name of the package in a folder, which can be imported from now on, by jobs in other processes as well."""
    given = Path(said).expanduser().absolute()
    folder = given.parent.resolve() / given.name
    others = ", ".join(p.name for p in loaded() if p.version) or "none"
    remedy = f"no such folder: give the path of a plugin's package (installed plugins need no naming; here: {others})"
    check(folder.is_dir(), _FIELD, said, remedy)
    check((folder / "__init__.py").is_file(), _FIELD, said, "this is no Python package: put an __init__.py into it")
    check(folder.name.isidentifier(), _FIELD, said, "no Python name: call the folder by letters, digits and _ alone")
    around = str(folder.parent)
    if around not in sys.path:
        # At the end, so that nothing next to the plugin takes the place of an installed package.
        sys.path.append(around)
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), around]))
    spec = find_spec(folder.name)
    first = Path(spec.origin).parent if spec and spec.origin else None
    remedy = f"another package has this name, in {first}: rename the folder"
    check(first is not None and first.samefile(folder), _FIELD, said, remedy)
    return folder.name


def _add(name: str, version: str | None) -> None:
    if name in _loaded:
        return
    file = _imported(name).__file__ or ""
    check(file.endswith("__init__.py"), _FIELD, name, "this is no Python package: an entry point names one")
    _loaded[name] = Plugin(name, Path(file).parent, version)


def _imported(name: str) -> ModuleType:
    try:
        return import_module(name)
    except Exception as error:  # whatever the code of a stranger raises
        lines = [f"{at.filename}, line {at.lineno}" for at in traceback.extract_tb(error.__traceback__)]
        where = next((line for line in reversed(lines) if not line.startswith("<")), "")
        reason = f"{type(error).__name__}: {error} ({where})"
        raise AlignbenchError(_FIELD, name, f"it cannot be imported; mend or uninstall it: {reason}") from error
