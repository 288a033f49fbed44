"""README and docs: commands compose, targets, scripts, links and pictures exist, and the drawing shows the imports."""

import ast
import re
import shlex
from collections import defaultdict
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from alignbench.config import register
from alignbench.data.source.table import SurveyTable
from alignbench.overrides import check_overrides
from alignbench.types import Scale, Split

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# The commands of docs/extending.md are run by tests/test_docs_extending.py.
COMPOSED = [page for page in PAGES if page.name != "extending.md"]
LINKING = [*PAGES, *sorted((ROOT / "experiments").glob("**/*.md")), *sorted((ROOT / "examples").glob("**/*.md"))]
PICTURES = {picture.name for picture in (ROOT / "docs").glob("*.png")}
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
# Commands that belong to others.
FOREIGN = {".", "cd", "export", "git", "pip", "trackio", "vllm", "wandb"}

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
# A file that a page shows, with its name in the line before.
SHOWN = re.compile(r"`(mine/[\w/]+\.\w+)`[^\n]*:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def by_name(pages: list[Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("page", pages, ids=lambda page: str(page.relative_to(ROOT)))


def fenced(text: str) -> Iterator[str]:
    """Every command of the blocks that hold commands, without its comment."""
    for language, body in FENCE.findall(text):
        if language in ("", "bash", "sh"):
            for line in body.replace("\\\n", " ").splitlines():
                yield from filter(None, re.sub(r"(^|\s)#\s.*", "", line).strip().split(" && "))


def inline(text: str) -> list[str]:
    return INLINE.findall(FENCE.sub("", text))


def check(command: str) -> None:
    """What the command calls exists, and what it asks of alignbench composes."""
    words = shlex.split(command)
    while re.fullmatch(r"[A-Z_]+=\S*", words[0]):
        words = words[1:]
    match words:
        case ["make", *targets]:
            assert set(targets) <= TARGETS, command
        case ["alignbench", "new", *rest]:
            from alignbench.scaffold import new

            new(rest)
        case ["alignbench", *rest] | ["python", "-m", "alignbench", *rest]:
            composes(command, rest)
        case ["accelerate", "launch", "--config_file", path, "--num_processes", _, "-m", "alignbench", *rest]:
            assert (ROOT / path).is_file(), command
            composes(command, rest)
        case ["python", "-m", module, *_]:
            assert find_spec(module), command
        case ["python", script, *_]:
            assert (ROOT / script).is_file(), command
        case [program, *_]:
            assert program in FOREIGN, command


def composes(command: str, words: list[str]) -> None:
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", command)
    assert not set("[](){}*?<>~") & set(bare), f"zsh reads more into this: {command}"
    overrides = [word for word in words if "=" in word and not word.startswith("-")]
    flags = [word for word in words if word not in overrides]
    choices = [values(word) for word in overrides]
    several = any(len(found) > 1 for found in choices)
    assert not several or "-m" in flags or command.count("experiment="), f"a sweep needs -m: {command}"
    first = [found[0] for found in choices]
    cells = {(*first[:i], word, *first[i + 1 :]) for i, found in enumerate(choices) for word in found}
    for cell in cells:
        check_overrides([*flags, *cell])


def values(word: str) -> list[str]:
    """The word once for each value of its list."""
    override = OverridesParser.create().parse_override(word)
    if not override.is_sweep_override():
        return [word]
    return [f"{override.get_key_element()}={value}" for value in override.sweep_string_iterator()]


def write_shown(text: str, folder: Path) -> None:
    """The files that a page shows."""
    for name, content in SHOWN.findall(text):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)


@by_name([page if page == PAGES[0] else pytest.param(page, marks=pytest.mark.long) for page in COMPOSED])
def test_commands_compose(page, tmp_path, monkeypatch):
    register()
    monkeypatch.chdir(tmp_path)
    text = page.read_text(encoding="utf-8")
    write_shown(text, tmp_path)
    for command in fenced(text):
        check(command)
    for code in inline(text):
        if re.match(r"(make|python|alignbench) ", code):
            check(code)


@by_name(PAGES)
def test_brackets_are_quoted_for_zsh(page):
    bare = [code for code in inline(page.read_text(encoding="utf-8")) if re.search(r"(^|\s)[\w.@]+=\S*\[", code)]
    assert not bare


def test_the_survey_of_ones_own_loads(tmp_path):
    write_shown((ROOT / "docs" / "data.md").read_text(encoding="utf-8"), tmp_path)
    mine = tmp_path / "mine"
    files = {"items": "items.jsonl", "shares": "shares.csv", "split_file": "splits.csv"}
    table = SurveyTable(**{knob: str(mine / name) for knob, name in files.items()})
    survey = table.load(())
    assert {item.scale for item in survey.items} == {Scale.ordinal, Scale.ten_point, Scale.nominal}
    assert set(survey.of("IRQ")) == {item.id for item in survey.items}
    assert set(table.splits().values()) == set(Split)


def links(page: Path) -> list[str]:
    prose = FENCE.sub("", page.read_text(encoding="utf-8"))
    return [*re.findall(r"\]\(([^)\s]+)\)", prose), *re.findall(r'(?:src|srcset)="([^"]+)"', prose)]


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@by_name(LINKING)
def test_links_lead_somewhere(page):
    for target in links(page):
        path, _, anchor = target.partition("#")
        if re.match(r"\w+:", target):
            continue
        file = page.parent / path if path else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


def test_every_picture_is_shown_and_every_page_is_listed():
    assert {Path(target).name for page in PAGES for target in links(page)} >= PICTURES
    assert {page.name for page in PAGES} == {Path(target).name for target in links(ROOT / "docs" / "README.md")}


def test_the_readme_is_short_and_says_how_to_test():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    language, block = FENCE.findall(text)[0]
    assert language == "" and re.search(r"^make test\b", block, re.MULTILINE)
    assert len(text.splitlines()) <= 160
    assert set(re.findall(r"^make (\S+)", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)) <= TARGETS


# The drawing of docs/architecture.md.
SRC = ROOT / "src" / "alignbench"


def drawn() -> tuple[dict[str, str], set[tuple[str, str]]]:
    """Module -> its box, and the arrows between boxes."""
    drawing = next(body for language, body in FENCE.findall(architecture()) if language == "mermaid")
    labels = re.findall(r'^ +(\w+)\["([^"]+)"\]', drawing, re.MULTILINE)
    boxes = {module: box for box, modules in labels for module in modules.split(", ")}
    lines = re.findall(r"^ +(\w+)(?:\[.+\])? --> (.+)$", drawing, re.MULTILINE)
    return boxes, {(box, target) for box, targets in lines for target in targets.split(" & ")}


def architecture() -> str:
    return (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def modules() -> set[str]:
    folders = {path.parent.name for path in SRC.glob("*/__init__.py")}
    return folders | {path.stem for path in SRC.glob("*.py")}


def imported(file: Path) -> Iterator[str]:
    """Rooms and modules of the package that a file imports, also inside functions; not those for type checkers."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    guards = [node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)]
    idle = {node for guard in guards for node in ast.walk(guard)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node not in idle and node.module:
            names = [f"alignbench.{name.name}" for name in node.names] if node.module == "alignbench" else [node.module]
            parts = [name.split(".") for name in names]
            yield from (part[1] for part in parts if part[0] == "alignbench" and part[1] in modules())


def reached(arrows: set[tuple[str, str]]) -> dict[str, set[str]]:
    """Box -> every box that its arrows lead to."""
    found = defaultdict(set)
    for box, target in arrows:
        found[box].add(target)
    for _ in arrows:
        for targets in list(found.values()):
            targets |= {further for target in targets for further in found.get(target, ())}
    return found


@pytest.mark.long
def test_the_drawing_shows_the_imports():
    boxes, arrows = drawn()
    assert not set(boxes) ^ modules()
    found = defaultdict(set)
    for file in SRC.rglob("*.py"):
        own = file.relative_to(SRC).parts[0].removesuffix(".py")
        for module in imported(file):
            if boxes[own] != boxes[module]:
                found[boxes[own], boxes[module]].add(str(file.relative_to(SRC)))
    far = reached(arrows)
    assert not {box for box in far if box in far[box]}, "a circle is drawn"
    assert not {pair: files for pair, files in found.items() if pair[1] not in far[pair[0]]}, "imports without an arrow"
    assert not arrows - set(found), "arrows without an import"


def test_the_table_of_rooms_names_every_module():
    rows = re.findall(r"^\| (`.+?) \|", architecture(), re.MULTILINE)
    assert not {name for row in rows for name in INLINE.findall(row)} ^ (modules() - {"__init__", "__main__"})
