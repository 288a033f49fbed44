import pytest

from alignbench.benchmark.blend import Blend, lemmas
from alignbench.errors import AlignbenchError
from alignbench.identity import canonical
from tests.benchmark.asked import GREECE, KOREA, USA, prefers, replies, says, scored, values, write_csv, write_json

NONE = {"idk": 0, "no-answer": 0, "not-applicable": 0}
SHORT = {
    "X-01": {
        "question": "?",
        "en_question": "What do joggers drink in your country?",
        "annotations": [
            {"answers": ["a"], "en_answers": ["cold lemonades", "lemon drink"], "count": 4},
            {"answers": ["b"], "en_answers": ["tap water"], "count": 1},
            {"answers": ["c"], "en_answers": [], "count": 5},
        ],
        "idks": NONE,
    },
    "X-02": {"question": "?", "en_question": "Nobody knew?", "annotations": [], "idks": {**NONE, "idk": 5}},
    "X-03": {
        "question": "?",
        "en_question": "Does not apply?",
        "annotations": [{"answers": ["d"], "en_answers": ["d"], "count": 1}],
        "idks": {**NONE, "no-answer": 1, "not-applicable": 2},
    },
}
PROMPT = (
    'What do joggers eat in Greece? Without any explanation, choose only one from the given alphabet choices. {"a":""}'
)
CHOICE = {
    "MCQID": "X-01_0",
    "ID": "X-01",
    "country": "Greece",
    "prompt": f"{PROMPT}\n\nA. plums\nB. rusks\n\nAnswer:",
    "choices": '{"A": "plums", "B": "rusks", "C": "crackers", "D": "toffee"}',
    "choice_countries": "{}",
    "answer_idx": "B",
}


@pytest.fixture
def short(tmp_path):
    write_json(tmp_path / "Greece_data.json", SHORT)
    listed = [{"ID": "X-01", **SHORT["X-01"]}]
    write_json(tmp_path / "South_Korea_data.json", listed)
    return Blend(str(tmp_path))


def test_short_answers_score_by_the_votes_of_the_best_match(short):
    table = scored(short, says(("in Greece", "I think it is water from the tap.")), GREECE)
    assert values(table, "sem_b") == {"X-01": 100.0}
    assert values(table, "sem_w") == {"X-01": 25.0}
    assert values(scored(short, says(("in Greece", "A cold lemonade")), GREECE), "sem_w") == {"X-01": 100.0}
    assert values(scored(short, says(("in Greece", "wine")), GREECE), "sem_b") == {"X-01": 0.0}


def test_both_published_layouts_are_read_and_the_country_is_named(short):
    (question,) = short.questions(KOREA)
    assert "joggers drink in South Korea?" in question.user


def test_persona_goes_behind_the_system_text(short):
    (question,) = short.with_knobs(persona=True).questions(GREECE)
    assert question.framing.startswith("You are from Greece")


def test_parts_of_a_country_do_not_stand_for_it_and_a_region_can_be_named(short, tmp_path):
    india = GREECE.__class__("india", "India", "IND", "Indian", "hi", "china")
    assert short.questions(india) == []
    write_json(tmp_path / "West_Java_data.json", SHORT)
    assert "in West Java?" in short.with_knobs(region="West_Java").questions(india)[0].user


@pytest.mark.parametrize(
    ("one", "many"),
    [
        *(("cherry", "cherries"), ("cookie", "cookies"), ("pie", "pies"), ("box", "boxes"), ("house", "houses")),
        *(("potato", "potatoes"), ("shoe", "shoes"), ("dish", "dishes"), ("glass", "glasses"), ("cat", "cats")),
    ],
)
def test_plurals_fold(one, many):
    assert lemmas(one) == lemmas(many.upper())


def test_what_is_no_plural_stays():
    assert lemmas("bus tennis glass gas, TEA!") == ["bus", "tennis", "glass", "gas", "tea"]


def test_choice_is_asked_in_both_orders_and_scored(tmp_path):
    path = write_csv(tmp_path / "mc.csv", [CHOICE, {**CHOICE, "MCQID": "other", "country": "US"}])
    blend = Blend(str(path), "choice")
    engine = prefers("rusks")
    table = scored(blend, engine, GREECE)
    assert values(table, "accuracy") == {"X-01_0": 1.0}
    assert values(table, "accuracy_uniform") == {"X-01_0": 0.25}
    assert len(engine.asked) == 2 and all("explanation" not in text for text in engine.asked)
    assert values(scored(blend, prefers("plums"), GREECE), "accuracy") == {"X-01_0": 0.0}
    assert [q.item.id for q in blend.questions(USA)] == ["other"]


def test_content_and_not_the_path_is_identity(short, tmp_path):
    before = canonical(short)
    other = tmp_path / "copy"
    other.mkdir()
    for name in ("Greece_data.json", "South_Korea_data.json"):
        (other / name).write_bytes((tmp_path / name).read_bytes())
    assert canonical(Blend(str(other))) == before
    write_json(other / "Greece_data.json", {})
    assert canonical(Blend(str(other))) != before


def test_wrong_files_are_refused(short, tmp_path):
    with pytest.raises(AlignbenchError, match="no such file"):
        short.questions(USA)
    with pytest.raises(AlignbenchError, match="choose one of nothing, Algeria"):
        Blend("x", region="Atlantis")
    broken = {"X-01": {**SHORT["X-01"], "annotations": [{"en_answers": ["a"], "count": "many"}]}}
    write_json(tmp_path / "Greece_data.json", broken)
    with pytest.raises(AlignbenchError, match=r"Greece_data.json.*annotations, entry 1, count = 'many'"):
        short.questions(GREECE)
    for changed, match in (
        ({"answer_idx": "E"}, "line 2, answer_idx"),
        ({"choices": "eval('1')"}, "line 2, choices"),
        ({"prompt": "Which one?"}, "line 2, prompt"),
    ):
        path = write_csv(tmp_path / "mc.csv", [{**CHOICE, **changed}])
        with pytest.raises(AlignbenchError, match=match):
            Blend(str(path), "choice").questions(GREECE)
    with pytest.raises(AlignbenchError, match="lacks MCQID, country"):
        Blend(str(write_csv(tmp_path / "mc.csv", [{"ID": "1"}])), "choice").questions(GREECE)


def test_no_reply_scores_nothing(short):
    table = short.score(replies(short, says(), GREECE))
    assert set(table["value"]) == {0.0}
