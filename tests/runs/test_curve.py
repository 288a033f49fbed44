"""The scores of checkpoints: what they are, what must be said of them, and that nothing rests on them."""

import pytest

from alignbench.errors import AlignbenchError
from alignbench.identity import walk
from alignbench.record.cell import CHECKPOINT, CHECKPOINT_ON_TEST, MARKS
from alignbench.report.page import write_page
from alignbench.runs.compare import compare, score_of
from alignbench.tracking.content import Content
from alignbench.types import Split, chat

KEPT = (
    "method=survey_sft", "culture=iraq", "control=false", "training.learning_rate=0.05", "scoring.orders=forward",
    "training.keep_checkpoints=true",
)  # fmt: skip
SHOWN = (*KEPT, "scoring.checkpoints_on_test=true")
(MARK,) = MARKS.values()


@pytest.mark.long
def test_every_checkpoint_is_scored_as_the_exported_one_is_and_the_page_says_what_was_looked_at(make_cell, tmp_path):
    record, stage = compare(make_cell(*SHOWN))
    assert [row["update"] for row in record.history] == [1, 2]
    first, last = (row[CHECKPOINT_ON_TEST] for row in record.history)
    assert first != last == pytest.approx(record.aligned.score)
    assert all(0 < row[CHECKPOINT] < 1 and row[CHECKPOINT] != row[CHECKPOINT_ON_TEST] for row in record.history)
    page = write_page(record, tmp_path / "page", stage.path).read_text(encoding="utf-8")
    assert page.count(MARK) == 2 and "checkpoint on test chose nothing" in page
    pushed = Content.of(stage.path)
    assert MARK in pushed.notes and [row[CHECKPOINT_ON_TEST] for row in pushed.curves] == [first, last]


def test_checkpoints_of_full_weights_are_served_as_models(make_cell):
    cell = make_cell(*KEPT, "training.weights=full")
    curve = score_of(cell).curve
    training = cell.store.get(curve.model.training)
    served = {update: curve.model.at_work(cell.tools, update) for update in (1, 2)}
    assert [model.engine.model.path for model in served.values()] == [
        training.path / "kept" / f"{u}" / "model" for u in (1, 2)
    ]
    assert served[1].engine.model.fingerprint != served[2].engine.model.fingerprint != training.key
    exported, asked = curve.model.at_work(cell.tools), ([chat("Do you work?")], [("1", "2")])
    first, last, own = (model.engine.score(*asked)[0].logprobs for model in (*served.values(), exported))
    assert first != last == own


def test_without_the_word_for_it_no_test_item_is_looked_at_and_no_training_can_tell(make_cell):
    kept, shown = score_of(make_cell(*KEPT)), score_of(make_cell(*SHOWN))
    assert set(kept.curve.surveys) == {Split.validation} and MARK not in kept.notes
    assert set(shown.curve.surveys) == {Split.validation, Split.test} and MARK in shown.notes
    assert kept.curve.model == shown.curve.model
    assert [one.responses.recipe for one in kept.answered] == [one.responses.recipe for one in shown.answered]
    read = [stage for _, stage in walk(shown.curve.model.training) if stage is shown.curve]
    assert not read and score_of(make_cell(*KEPT[:-1])).curve is None


def test_checkpoints_that_are_not_kept_cannot_be_shown(make_cell):
    with pytest.raises(AlignbenchError, match=r"scoring\.checkpoints_on_test.*training\.keep_checkpoints=true"):
        make_cell(*KEPT[:-1], "scoring.checkpoints_on_test=true")
