"""``alignbench new KIND NAME [FOLDER]``: a module, its YAML and a test that passes, to be changed into one's own."""

from collections.abc import Sequence
from pathlib import Path

from alignbench.config import conf_dirs
from alignbench.errors import AlignbenchError
from alignbench.progress import say
from alignbench.templates import rendered
from alignbench.types import check, one_of

_TEMPLATES = Path(__file__).parent / "resources" / "scaffold"
_USAGE = "alignbench new KIND NAME [FOLDER], as in: alignbench new method tone ./mine"


def kinds() -> list[str]:
    """What can be begun."""
    return sorted(path.name.removesuffix("_test.jinja") for path in _TEMPLATES.glob("*_test.jinja"))


def new(words: Sequence[str]) -> None:
    """Write the files into a plugin's package, which is made if there is none, and say what comes next.

    Raises:
        AlignbenchError: an unknown kind, a name that is no name or is taken, or a file that is there already.
    """
    if len(words) not in (2, 3):
        raise AlignbenchError("alignbench new", " ".join(words), _USAGE)
    kind, name, folder = words[0], words[1], Path(words[2] if len(words) > 2 else "mine")
    one_of("alignbench new", kind, kinds())
    for word in (name, folder.name):
        check(word.isidentifier(), f"alignbench new {kind}", word, "give a Python name: letters, digits and _")
    taken = [path for conf in conf_dirs() if (path := conf / kind / f"{name}.yaml").exists()]
    check(not taken, f"alignbench new {kind}", name, "there is a choice of this name: take another one")
    files = {
        folder / "__init__.py": "package",
        folder / kind / "__init__.py": "room",
        folder / kind / f"{name}.py": kind,
        folder / "conf" / kind / f"{name}.yaml": "choice",
        folder / "tests" / f"test_{name}.py": f"{kind}_test",
    }
    values = {"kind": kind, "name": name, "package": folder.name, "cls": name.title().replace("_", "")}
    for path in files:
        free = not path.exists() or path.name == "__init__.py"
        check(free, f"alignbench new {kind}", str(path), "this file is there already: take another name")
    for path, template in files.items():
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{rendered(_TEMPLATES, template, **values)}\n", encoding="utf-8")
            say(f"written  {path}")
    say(f"test it  python -m pytest {folder}")
    say(f"use it   python -m alignbench 'plugins=[{folder}]' {kind}={name} model=nano")
