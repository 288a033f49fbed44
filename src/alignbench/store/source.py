"""What a source file says: what counts in it, the modules that it imports, and the names of files that it may ask for.

Kept on disk under the content, because a syntax tree takes some milliseconds.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from alignbench.backend.cache import root
from alignbench.errors import AlignbenchError
from alignbench.files import write_text

_INCLUDED = re.compile(r"\{%-?\s*(?:include|extends|import|from)\s+[\"']([^\"']+)[\"']")
_NAME = re.compile(r"[\w.*-]+|[^*\n]+\.\w+")
_WORD = re.compile(r"[^\W_]{3}")
_OWN = Path(__file__).read_bytes()


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
    # This module is part of the name, so that what another version of it found is not taken for its own.
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
