"""The code that decides a stage's result, as part of its identity.

A fingerprint covers modules, those that they reach by import, and the templates and tables that all of these ask for
by name. It takes syntax trees, so comments, docstrings and line breaks do not count. Files are read, not imported.
Import by a computed name is not followed: give the class of what was imported as well.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.util import find_spec, resolve_name
from pathlib import Path

from alignbench import plugins
from alignbench.backend.cache import root
from alignbench.errors import AlignbenchError
from alignbench.files import write_text
from alignbench.identity import canonical

_INCLUDED = re.compile(r"\{%-?\s*(?:include|extends|import|from)\s+[\"']([^\"']+)[\"']")
_NAME = re.compile(r"[\w.*-]+|[^*\n]+\.\w+")
_WORD = re.compile(r"[^\W_]{3}")
_OWN = Path(__file__).read_bytes()
_PROJECT = "alignbench"
# Neither counted nor followed, like everything below them: no edit there changes the numbers of a stage.
_APART = (
    "alignbench.store",  # where results lie
    "alignbench.progress",  # what is said meanwhile
    "alignbench.errors",  # how a refusal reads
    "alignbench.faults",  # the same of what the machine does
    "alignbench.component",  # the identity of knobs, which is in the key as text
    "alignbench.identity",  # the same
    "alignbench.plugins",  # which packages are looked into; their own code is followed
    "alignbench.config",  # makes objects of YAML; their knobs are in the key
    "alignbench.backend.cache",  # where converted models lie
    "alignbench.backend.engines",  # which engines stay open
    "alignbench.backend.preflight",  # what is tried before
    "alignbench.backend.lease",  # which card is used
    "alignbench.backend.memory",  # who keeps freed memory
    "alignbench.training.interrupt",  # when a training saves itself
    "alignbench.norms.picture",  # a map for the eye
    "alignbench.resources.nano",  # data: in ModelRef.fingerprint
    "alignbench.resources.wvs7",  # data: in Survey.fingerprint
    "alignbench.resources.aoi2022",  # data: in Survey.fingerprint
)
# A package's folder of data for all its modules; other data lie next to the modules that read them.
_SHARED = "resources"
_NO_DATA = (".py", ".pyc", "README.md", "py.typed")


@dataclass(frozen=True)
class Facts:
    """What one file says.

    Attributes:
        digest: sixteen hex digits of what counts: of a module its syntax tree without docstrings and what only a type
            checker reads, of any other file its bytes.
        imports: modules, relative ones with their dots, and what may be one.
        names: what may name a file. ``*`` is that of a glob, or a hole of an f-string; ``*.json`` and the like stand
            for all such files in the folders that the same module names.
    """

    digest: str
    imports: list[str]
    names: list[str]


class _Meaning(ast.NodeTransformer):
    """Drops texts that stand alone, docstrings among them, and what only a type checker reads."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if text else self.generic_visit(node)

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        return node.orelse if ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING") else node


def facts_of(file: Path) -> Facts:
    """The facts of a file as it stands; read once a process while it stays the same.

    Raises:
        AlignbenchError: it cannot be read, or is not Python though its name says so.
    """
    try:
        state = file.stat()
        return _facts(file, state.st_mtime_ns, state.st_size)
    except (OSError, SyntaxError, ValueError) as error:
        remedy = f"this is part of a stage's key and has no fingerprint: {error}"
        raise AlignbenchError("code", str(file), remedy) from error


@cache
def _facts(file: Path, mtime_ns: int, size: int) -> Facts:
    content = file.read_bytes()
    if file.suffix != ".py":
        included = _INCLUDED.findall(content.decode()) if file.suffix == ".jinja" else []
        return Facts(digest_of(content)[:16], [], included)
    # A tree takes milliseconds. This module is part of the name, lest what another version of it found be taken for
    # its own.
    kept = root() / "code" / f"{digest_of(_OWN + content)}.json"
    try:
        return Facts(**json.loads(kept.read_bytes()))
    except (OSError, ValueError, TypeError):  # not there, or damaged
        facts = _parsed(content)
    kept.parent.mkdir(parents=True, exist_ok=True)
    write_text(kept, json.dumps(asdict(facts)))
    return facts


def _parsed(source: bytes) -> Facts:
    tree = _Meaning().visit(ast.parse(source))
    imports: set[str] = set()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            imports |= {base, *(f"{base}{'.' if node.module else ''}{alias.name}" for alias in node.names)}
        elif "PackageLoader" in (getattr(node, "id", None), getattr(node, "attr", None)):
            names.add("templates")  # where Jinja looks if it is told no folder
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names |= set(node.value.split("/"))
        elif isinstance(node, ast.JoinedStr):
            said = "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)
            names |= {part for part in said.split("/") if _telling(part)}
    return Facts(digest_of(_spelt(tree).encode())[:16], sorted(imports), sorted(filter(_NAME.fullmatch, names)))


def _telling(name: str) -> bool:
    """Whether an f-string says which file: by a word, or as tables of one kind. Templates are named by who calls."""
    return _WORD.search(name.split(".")[0]) is not None or (name.startswith("*.") and not name.endswith(".jinja"))


def _spelt(node: object) -> str:
    """A syntax tree as text, without places and empty fields: those differ between versions of Python."""
    if isinstance(node, list):
        return f"[{','.join(map(_spelt, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    held = ((name, value) for name, value in ast.iter_fields(node) if name not in ("ctx", "kind"))
    told = ",".join(f"{name}={_spelt(value)}" for name, value in held if value is not None and value != [])
    return f"{type(node).__name__}({told})"


def digest_of(content: bytes) -> str:
    """Sixty-four hex digits of SHA-256."""
    return hashlib.sha256(content).hexdigest()


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
        names.update(facts.names)
        parent = name if file.name == "__init__.py" else name.rpartition(".")[0]
        due += [resolve_name(told, parent) for told in facts.imports]
        due += [name.rsplit(".", i)[0] for i in range(1, name.count(".") + 1)]
    roots = [file.parent for top in tops if (file := _file(top)) and file.name == "__init__.py"]
    found |= {name: digest for root in roots for name, digest in _data(root, set(found), names)}
    return Code(dict(sorted(found.items())))


def code_under(folder: Path) -> Code:
    """Every module in a folder, whether or not a stage reaches it."""
    files = sorted(folder.rglob("*.py"))
    return Code({file.relative_to(folder).as_posix(): facts_of(file).digest for file in files})


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Names whose digests differ, and those that only one of the two has; sorted."""
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def _tops(names: Iterable[str]) -> set[str]:
    """Top-level packages whose modules are followed: the project, its plugins, and those of the given modules."""
    roots = (*(plugin.name for plugin in plugins.loaded()), *names)
    return {_PROJECT, *(name.partition(".")[0] for name in roots)}


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


@cache
def _files(root: Path) -> list[tuple[Path, str, tuple[str, ...]]]:
    """Data files below a top-level package: path, package that it belongs to, and the folders from there to it."""
    found = []
    for file in sorted(path for path in root.rglob("*") if path.is_file() and not path.name.endswith(_NO_DATA)):
        package = next(folder for folder in file.parents if folder == root or (folder / "__init__.py").is_file())
        package = root if package == root / _SHARED else package
        owner = ".".join(package.relative_to(root.parent).parts)
        found.append((file, owner, file.parent.relative_to(package).parts))
    return found


def _data(root: Path, modules: set[str], names: set[str]) -> Iterator[tuple[str, str]]:
    """Path and digest of the data files below ``root`` that the modules may ask for by ``names``.

    A file belongs to all modules of its package, one in the shared folder to all that name that folder. It is asked
    for by its name, with or without its ending, by a glob, or by its kind (``*.json``) where its folder is named.
    """
    globs = {name for name in names if "*" in name}
    kinds = {glob for glob in globs if glob.startswith("*.")}
    due = []
    for file, owner, folders in _files(root):
        shared = folders[:1] == (_SHARED,)
        within, known = folders[shared:], _SHARED in names if shared else owner in modules
        place = ".".join(file.parent.relative_to(root.parent).parts)
        if not known or not names.issuperset(within[:1]) or _apart(place):
            continue
        asked = globs - kinds if shared and not within else globs
        said = (file.name, file.stem)
        if not names.isdisjoint(said) or any(fnmatchcase(part, glob) for glob in asked for part in said):
            due.append(file)
    seen: set[Path] = set()
    while due:
        file = due.pop()
        if file not in seen:
            seen.add(file)
            facts = facts_of(file)
            yield file.relative_to(root.parent).as_posix(), facts.digest
            due += [path for path in map(file.with_name, facts.names) if path.is_file()]
