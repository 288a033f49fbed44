import importlib
import subprocess
import sys
from dataclasses import make_dataclass
from pathlib import Path
from types import ModuleType

import pytest

import alignbench
from alignbench.errors import AlignbenchError
from alignbench.method.survey_sft import SurveySFT
from alignbench.store import code
from alignbench.store.code import changed, code_in, code_of

# Asks lazily for a helper, which asks for another; its base lies elsewhere.
FILES = {
    "__init__.py": "from .setup import READY\n",
    "setup.py": "READY = 1\n",
    "base.py": "class Base:\n    weight = 1\n",
    "room/__init__.py": "",
    "room/method.py": '''"""A method."""
from typing import TYPE_CHECKING
from ..base import Base

if TYPE_CHECKING:
    from ..typing_only import Thing

class Method(Base):
    """Its class."""

    def fit(self, rows):
        """Fit."""
        # Rows are many.
        from . import helper
        import alignbench.ranks
        import alignbench.store.stages
        return helper.total(rows)
''',
    "room/helper.py": "from plug.far import deep\n\ndef total(rows):\n    return deep.scale(rows, 'greeting')\n",
    "room/bystander.py": "X = 1\n",
    "far/__init__.py": "",
    "far/deep.py": """from pathlib import Path
PROMPTS = Path(__file__).parent / "prompts"
TABLE = Path(__file__).parents[1] / "resources" / "tables"

def scale(rows, name, style="full"):
    return 2 * rows, f"{name}.jinja", f"ask_{style}.jinja", f"{style}.json"
""",
    "far/prompts/greeting.jinja": 'Hello. {% include "closing.jinja" %}',
    "far/prompts/closing.jinja": "Bye.",
    "far/prompts/ask_full.jinja": "What?",
    "far/prompts/unused.jinja": "Nobody asks for this.",
    "resources/tables/full.json": "{}",
    "resources/other.json": "{}",
    "resources/elsewhere/full.json": "{}",
    "typing_only.py": "class Thing: ...\n",
}
RESOURCES = {
    "plug/far/prompts/greeting.jinja",
    "plug/far/prompts/closing.jinja",
    "plug/far/prompts/ask_full.jinja",
    "plug/resources/tables/full.json",
}


@pytest.fixture
def plug(tmp_path, monkeypatch):
    """A package that somebody plugs in: the folder of its files, with the cache next to it."""
    monkeypatch.setenv("ALIGNBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(str(tmp_path))
    for name, text in FILES.items():
        path = tmp_path / "plug" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    code._facts.cache_clear()
    yield tmp_path / "plug"
    for name in [name for name in sys.modules if name.partition(".")[0] == "plug"]:
        del sys.modules[name]


def fingerprint():
    return code_of([importlib.import_module("plug.room.method").Method])


def edited(plug, name, old, new):
    """Names whose digest an edit changes."""
    before = fingerprint()
    text = (plug / name).read_text()
    assert old in text
    (plug / name).write_text(text.replace(old, new))
    after = fingerprint()
    names = changed(before.modules, after.modules)
    assert (before.digest != after.digest) == bool(names)
    return names


def test_a_class_is_fingerprinted_with_all_that_it_reaches(plug):
    found = set(fingerprint().modules)
    modules = {"plug", "plug.setup", "plug.base", "plug.room", "plug.room.method", "plug.room.helper", "plug.far"}
    assert {name for name in found if "plug" in name} == modules | {"plug.far.deep"} | RESOURCES
    assert "alignbench.ranks" in found
    assert not {name for name in found if name.startswith("alignbench.store")}


def test_a_base_counts_though_no_import_tells_of_it(plug):
    module, base = importlib.import_module("plug.setup"), importlib.import_module("plug.base").Base
    module.Sub = type("Sub", (base,), {"__module__": "plug.setup"})
    assert {"plug.setup", "plug.base"} <= set(code_of([module.Sub]).modules)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("room/method.py", '"""A method."""', '"""The method."""'),
        ("room/method.py", '    """Its class."""\n', ""),
        ("room/method.py", '"""Fit."""', '"""Fit it."""'),
        ("room/method.py", "# Rows are many.", "# Rows are few."),
        ("room/helper.py", "\n\n", "\n\n\n\n"),
        ("room/helper.py", "(rows, 'greeting')", '(\n        rows,\n        "greeting",\n    )'),
        ("room/method.py", "from ..typing_only import Thing", "from ..room.bystander import X"),
        ("typing_only.py", "...", "a = 1"),
        ("room/bystander.py", "1", "2"),
        ("far/prompts/unused.jinja", "Nobody", "No one"),
        ("resources/other.json", "{}", "[]"),
        ("resources/elsewhere/full.json", "{}", "[]"),
    ],
)
def test_what_changes_no_result_changes_no_fingerprint(plug, name, old, new):
    assert edited(plug, name, old, new) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "names"),
    [
        ("room/method.py", "total(rows)", "total(rows[1:])", ["plug.room.method"]),
        ("far/deep.py", "2 * rows", "3 * rows", ["plug.far.deep"]),
        ("room/helper.py", "rows", "lines", ["plug.room.helper"]),
        ("base.py", "1", "2", ["plug.base"]),
        ("setup.py", "1", "2", ["plug.setup"]),
        ("far/prompts/greeting.jinja", "Hello", "Hi", ["plug/far/prompts/greeting.jinja"]),
        ("far/prompts/closing.jinja", "Bye", "So long", ["plug/far/prompts/closing.jinja"]),
        ("far/prompts/ask_full.jinja", "What?", "Which?", ["plug/far/prompts/ask_full.jinja"]),
        ("resources/tables/full.json", "{}", "[]", ["plug/resources/tables/full.json"]),
        ("room/__init__.py", "", "import plug.room.bystander", ["plug.room", "plug.room.bystander"]),
    ],
)
def test_what_may_change_a_result_changes_the_fingerprint_and_is_named(plug, name, old, new, names):
    assert edited(plug, name, old, new) == names


def test_what_is_set_apart_is_neither_counted_nor_followed(plug, monkeypatch):
    monkeypatch.setattr(code, "_APART", (*code._APART, "plug.far"))
    assert edited(plug, "far/deep.py", "2 * rows", "3 * rows") == []
    assert edited(plug, "far/prompts/greeting.jinja", "Hello", "Hi") == []
    assert edited(plug, "room/helper.py", "rows", "lines") == ["plug.room.helper"]
    monkeypatch.setattr(code, "_APART", (*code._APART[:-1], "plug.resources.tables"))
    assert edited(plug, "resources/tables/full.json", "{}", "[]") == []
    assert edited(plug, "far/deep.py", "3 * rows", "4 * rows") == ["plug.far.deep"]


def test_a_module_need_not_be_imported(plug):
    found = code_in(["plug.room.method"])
    assert "plug" not in sys.modules
    assert found == fingerprint()
    with pytest.raises(AlignbenchError, match=r"plug\.nowhere"):
        code_in(["plug.nowhere"])


def test_facts_are_kept_on_disk_and_made_again_when_damaged(plug, tmp_path, monkeypatch):
    before = fingerprint()
    kept = sorted((tmp_path / "cache" / "code").iterdir())
    for path, damage in zip(kept, ["", "{", "[]", "{}", *[None] * len(kept)], strict=False):
        path.write_text(path.read_text() if damage is None else damage)
    parsed = []
    monkeypatch.setattr(code, "_parsed", lambda text, parse=code._parsed: parsed.append(text) or parse(text))
    code._facts.cache_clear()
    assert fingerprint() == before
    assert len(parsed) == 4
    code._facts.cache_clear()
    assert fingerprint() == before
    assert len(parsed) == 4


def test_a_class_without_a_module_is_refused(plug, monkeypatch):
    monkeypatch.setitem(sys.modules, "by_hand", ModuleType("by_hand"))
    by_hand = type("ByHand", (), {"__module__": "by_hand"})
    sys.modules["by_hand"].ByHand = by_hand
    cell = type("Cell", (), {"__module__": "__main__"})
    monkeypatch.setattr(sys.modules["__main__"], "Cell", cell, raising=False)
    for cls in (make_dataclass("Made", ["x"]), cell, by_hand, int):
        with pytest.raises(AlignbenchError, match=rf"{cls.__name__}.*must live in a module"):
            code_of([cls])


def test_a_file_that_cannot_be_read_is_named(plug):
    (plug / "room" / "helper.py").write_bytes(b"x = '\xff'")
    with pytest.raises(AlignbenchError, match=r"helper\.py"):
        fingerprint()


def test_the_same_source_has_the_same_digest_under_every_python(plug):
    """A digest is part of every key: if this one changes, all stores start from nothing."""
    text = "def f(a, /, *b: int, c=u'x', **d) -> f'{a!r:>{c}} b':\n    return [*b, {**d, 1.5: ...}, lambda: b'\\0']\n"
    (plug / "pinned.py").write_text(text)
    assert code_in(["plug.pinned"]).modules["plug.pinned"] == "731b0711006edb32"


def test_a_method_of_the_project_holds_what_trains_and_asks_and_not_what_stores_and_shows():
    found = set(code_of([SurveySFT]).modules)
    prompts = {f"alignbench/evaluation/prompts/survey_item{end}.jinja" for end in ("", "_compact", "_reworded")}
    trained = {"alignbench.training.losses", "alignbench.backend.render", "alignbench.evaluation.ask"}
    assert prompts | trained | {"alignbench.method.survey_sft", "alignbench.steps.joint"} <= found
    assert {"alignbench.device", "alignbench/resources/languages/wvs7/tr.jsonl"} <= found
    apart = ("alignbench.store", "alignbench.report", "alignbench.progress", "alignbench/report")
    assert not {name for name in found if name.startswith(apart)}
    assert "alignbench" not in found
    assert "alignbench/judge/prompts/llm.jinja" not in found


@pytest.mark.long
def test_every_file_of_data_is_in_some_fingerprint():
    package = Path(alignbench.__file__).parent
    paths = [path.relative_to(package.parent) for path in package.rglob("*") if path.is_file()]
    modules = [".".join(p.with_suffix("").parts).removesuffix(".__init__") for p in paths if p.suffix == ".py"]
    # Notes for people, the folder of YAMLs in a wheel, and what has a fingerprint of its own.
    notes = ("languages/README.md", "vsm13/source.json")
    spared = {"alignbench/py.typed", *(f"alignbench/resources/{name}" for name in notes)}
    elsewhere = ("alignbench/conf/", *(f"alignbench/resources/{name}/" for name in ("nano", "wvs7", "aoi2022")))
    data = {path.as_posix() for path in paths if path.suffix not in (".py", ".pyc")} - spared
    seen = {name for module in modules for name in code_in([module]).modules}
    assert {name for name in data if not name.startswith(elsewhere)} - seen == set()


def test_everything_set_apart_exists():
    package = Path(alignbench.__file__).parents[1]
    for name in code._APART:
        path = package.joinpath(*name.split("."))
        assert path.is_dir() or path.with_suffix(".py").is_file(), name


def test_no_torch_is_imported():
    lines = "import sys; from alignbench.store.code import code_in; code_in(['alignbench.method.culturerl'])"
    subprocess.run([sys.executable, "-c", f"{lines}; assert 'torch' not in sys.modules"], check=True)
