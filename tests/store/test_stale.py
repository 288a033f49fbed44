"""Edited code is another stage; an edited comment is not."""

import importlib
import sys

import pytest

from alignbench.store import store as stores
from alignbench.store.store import StalePolicy, Store

LOSS = '''"""A loss."""


def loss(x):
    """Double x."""
    return 2 * x  # doubled
'''
STAGES = """from dataclasses import dataclass

from alignbench.store.stage import Stage


@dataclass(frozen=True)
class Train(Stage):
    name = "train"

    rows: int

    def build(self, folder, tools):
        from lab.loss import loss

        return {"loss": loss(self.rows)}
"""

ASK = """from dataclasses import dataclass

from alignbench.store.stage import Stage


@dataclass(frozen=True)
class Ask(Stage):
    name = "ask"

    trained: Stage

    def build(self, folder, tools):
        return {"score": 100 - tools.facts(self.trained)["loss"]}
"""


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A package with a training and what asks it; the returned function edits its loss and imports it again."""
    folder = tmp_path / "site" / "lab"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "stages.py").write_text(STAGES)
    (folder / "asking.py").write_text(ASK)
    monkeypatch.syspath_prepend(str(folder.parent))
    monkeypatch.setenv("ALIGNBENCH_CACHE", str(tmp_path / "cache"))

    def edited(loss: str):
        (folder / "loss.py").write_text(loss)
        for name in [name for name in sys.modules if name.partition(".")[0] == "lab"]:
            del sys.modules[name]
        importlib.invalidate_caches()
        stores._code_of.cache_clear()
        return importlib.import_module("lab.asking").Ask, importlib.import_module("lab.stages").Train

    yield edited
    for name in [name for name in sys.modules if name.partition(".")[0] == "lab"]:
        del sys.modules[name]


def test_an_edited_comment_or_docstring_reuses(lab, tmp_path):
    ask, train = lab(LOSS)
    first = Store(tmp_path / "store").get(ask(train(5)))
    ask, train = lab(
        LOSS.replace("# doubled", "# times two").replace("Of x.", "Twice x.").replace("\n\n\n", "\n\n\n\n")
    )
    assert Store(tmp_path / "store").find(ask(train(5))) == first


def test_an_edited_loss_rebuilds_all_that_rests_on_it_and_says_why(lab, tmp_path, capsys):
    ask, train = lab(LOSS)
    first = Store(tmp_path / "store").get(ask(train(5)))
    ask, train = lab(LOSS.replace("2 * x", "3 * x"))
    again = Store(tmp_path / "store").get(ask(train(5)))
    assert (first.facts["score"], again.facts["score"]) == (90, 85)
    said = " ".join(" ".join(capsys.readouterr()).split())
    assert "the code has changed (lab.loss)" in said and "a stage that it reads has changed" in said
    assert "stale=keep" in said


def test_stale_stages_are_kept_if_told_and_never_pass_for_new_ones(lab, tmp_path):
    ask, train = lab(LOSS)
    first = Store(tmp_path / "store").get(ask(train(5)))
    ask, train = lab(LOSS.replace("2 * x", "3 * x"))
    assert Store(tmp_path / "store", stale=StalePolicy.keep).get(ask(train(5))) == first
    assert Store(tmp_path / "store").find(ask(train(5))) is None
    other = Store(tmp_path / "store", stale=StalePolicy.keep).get(ask(train(7)))
    assert other.facts["score"] == 79, "what was never built is built by the code as it is"


def test_what_rests_on_a_kept_stage_is_not_taken_for_built_by_the_code_as_it_is(lab, tmp_path):
    ask, train = lab(LOSS)
    Store(tmp_path / "store").get(train(5))
    ask, train = lab(LOSS.replace("2 * x", "3 * x"))
    kept = Store(tmp_path / "store", stale=StalePolicy.keep).get(ask(train(5)))
    assert kept.facts["score"] == 90
    assert Store(tmp_path / "store").get(ask(train(5))).facts["score"] == 85
