import pytest

from alignbench.benchmark.content_moderation import ContentModeration
from alignbench.errors import AlignbenchError
from alignbench.identity import canonical
from tests.benchmark.asked import GREECE, KOREA, prefers, scored, values, write_csv, write_json

TASK = {
    "name": "rudeness",
    "file": "rude.tsv",
    "text": "tweet",
    "label": "class",
    "question": "Is this text rude?",
    "labels": {"1": "Rude", "0": "Not rude"},
    "cultures": ["GRC"],
    "licence": "ours",
}
ROWS = [{"tweet": t, "class": c} for t, c in (("Begone", 1), ("Pest", 1), ("Dear sir", 0), ("Thanks", 0), ("Hm", 0))]


@pytest.fixture
def bench(tmp_path):
    write_csv(tmp_path / "rude.tsv", ROWS, "\t")
    other = {**TASK, "name": "spam", "file": "spam.json", "labels": {"True": "Spam", "False": "Not spam"}}
    write_json(tmp_path / "spam.json", [{"tweet": "Buy", "class": True}, {"tweet": "Hello", "class": False}])
    return ContentModeration(str(write_json(tmp_path / "tasks.json", [TASK, other])))


def test_macro_f1_by_task(bench):
    # "Rude" to everything: F1 of rude 2*2/(4+3) = 4/7 and of the other 0; spam: everything is the first option listed.
    table = scored(bench, prefers(". Rude", ". Spam"), GREECE)
    assert values(table, "macro_f1", "task") == {"rudeness": round(2 / 7, 4), "spam": round(1 / 3, 4)}
    # "Not rude" to everything: F1 2*3/(6+2) = 3/4 and 0.
    assert values(table, "macro_f1_majority", "task") == {"rudeness": 0.375, "spam": round(1 / 3, 4)}
    accuracy = values(table, "accuracy")
    assert [accuracy[f"rudeness:{n}"] for n in range(1, 6)] == [1, 1, 0, 0, 0]


def test_only_tasks_of_the_culture_are_asked(bench):
    assert bench.questions(KOREA) == []
    assert bench.provenance.licence == "rudeness: ours; spam: ours"


def test_the_sets_are_part_of_the_identity(bench, tmp_path):
    before = canonical(bench)
    write_csv(tmp_path / "rude.tsv", ROWS[:-1], "\t")
    assert canonical(ContentModeration(bench.path)) != before


def test_wrong_input_is_refused(tmp_path):
    write_csv(tmp_path / "rude.tsv", [*ROWS, {"tweet": "Eh", "class": 7}], "\t")
    for task, match in (
        (TASK, "rude.tsv, line 7, class = '7'"),
        ({**TASK, "text": "txt"}, "lacks txt .nearest: tweet.; give the set rudeness"),
        ({**TASK, "labels": {"1": "Rude"}}, "two labels or more"),
        ({k: v for k, v in TASK.items() if k != "licence"}, "lacks licence"),
        ({**TASK, "file": "absent.csv"}, "no such file"),
    ):
        path = write_json(tmp_path / "tasks.json", [task])
        with pytest.raises(AlignbenchError, match=match):
            ContentModeration(str(path)).questions(GREECE)
