"""What a cell compares: which rows there are, whose they are, and what is measured from what."""

import pandas as pd
import pytest

from alignbench.evaluation.items import ACROSS, load
from alignbench.runs.compare import compare
from alignbench.runs.describe import reading

pytestmark = pytest.mark.long

LESSONS = ("method=culturellm", "method.variant=seed_only")


def kinds(record):
    return {row.label: row.kind for row in record.rows if row.kind != "reference"}


def test_a_training_that_is_prompted_stands_beside_the_base_given_the_same_prompt(make_cell):
    record, stage = compare(make_cell("culture=iraq", *LESSONS))
    assert kinds(record) == {
        "base": "base",
        "culturellm": "method",
        "base prompted as culturellm": "prompted",
        "culturellm of Argentina": "control",
        "base prompted as culturellm of Argentina": "prompted_control",
        "cultural_prompt": "method",
    }
    own, prompted = record.aligned, record.prompted
    assert own.against == prompted.label and own.difference == pytest.approx(own.score - prompted.score)
    assert own.plain == pytest.approx(own.score - record.base.score)
    js = {e.label: e.frames[0].set_index("item")[["js", ACROSS]].dropna() for e in load(stage.path) if e.method}

    def crossed(model: str, control: str) -> pd.Series:
        sides = js[model], js[control]
        return (sides[0]["js"] + sides[1][ACROSS] - sides[0][ACROSS] - sides[1]["js"]) / 2

    learnt = crossed("culturellm", "culturellm of Argentina")
    learnt -= crossed("base prompted as culturellm", "base prompted as culturellm of Argentina")
    assert own.specificity == pytest.approx(learnt.mean()) and own.specificity_items == learnt.count()


def test_answers_of_prompted_rows_are_shared_by_all_trainings_under_the_same_words(make_cell):
    first = compare(make_cell("culture=iraq", *LESSONS, "control=false"))[0].prompted
    other = compare(make_cell("culture=iraq", *LESSONS, "control=false", "training.learning_rate=1e-4"))[0].prompted
    assert first.key == other.key and first.score == other.score


def test_words_without_training_and_training_without_words_need_no_prompted_row(make_cell):
    prompt, _ = compare(make_cell("culture=iraq", "method=cultural_prompt"))
    assert set(kinds(prompt).values()) == {"base", "method", "control"}
    assert prompt.aligned.against == "base" and prompt.aligned.specificity is not None
    silent, _ = compare(make_cell("culture=iraq", *LESSONS, "method.told=never"))
    assert "prompted" not in kinds(silent).values() and silent.aligned.against == "base"


def test_full_weights_that_are_prompted_are_compared_alike(make_cell):
    record, _ = compare(make_cell("culture=iraq", *LESSONS, "control=false", "training.weights=full"))
    assert record.prompted is not None and record.aligned.against == record.prompted.label
    assert record.prompted.score != record.aligned.score


@pytest.mark.parametrize(
    ("split", "words"),
    [
        ("test", "No method saw an item"),
        ("train", "have seen these very items"),
        ("validation", "chose what stands"),
    ],
)
def test_the_page_says_truly_what_methods_saw_of_the_items(make_cell, split, words):
    cell = make_cell("culture=iraq", f"scoring.split={split}", "training.select=validation")
    said = " ".join(reading(cell, (), held=split != "test"))
    assert f"scored on the {split} items" in said and words in said
    assert (split == "test") == ("No method saw" in said)


def test_every_table_says_which_checkpoint_stands_for_a_training(make_cell):
    last, chosen = (reading(make_cell(f"training.select={rule}"), (), False)[:4] for rule in ("last", "validation"))
    assert "none saw validation items" in " ".join(last)
    assert "an input of every method that trains" in " ".join(chosen)
