import math

import pytest

from alignbench.benchmark.bleu import mutual_bleu
from alignbench.benchmark.story_generation import Gaps, StoryGeneration
from alignbench.errors import AlignbenchError
from alignbench.types import Culture
from tests.benchmark.asked import GREECE, replies, says, scored, values

LAND = {name: Culture(name, name, name[:3].upper(), f"{name}ish", "en", "greece") for name in ("Aland", "Beland")}
LAND |= {name: Culture(name, name, name[:3].upper(), f"{name}ish", "en", "greece") for name in ("Celand", "Deland")}
VECTORS = "ctr,country,Demonym,pdi,idv\nA,Aland,Alandish,0,0\nB,x,Belandish,1,0\nC,Celand,c,2,0\nD,Deland,d,4,#NULL!\n"
BASE = "once a fox met the moon and they sang until the grass was wet with song"
# Ever fewer words of Aland's story are left: nearer lands tell nearer stories.
TOLD = (
    ("Alandish", BASE),
    ("Belandish", BASE.replace("wet with song", "dry again today")),
    ("Celandish", BASE.replace("until the grass was wet with song", "while seven old ships went slowly home")),
    ("Delandish", "nobody here remembers anything about that quiet green hill in Deland"),
)


@pytest.fixture
def stories(tmp_path):
    (tmp_path / "v.csv").write_text(VECTORS)
    (tmp_path / "c.tsv").write_text("morals\tpatience\n")
    return StoryGeneration(str(tmp_path / "v.csv"), str(tmp_path / "c.tsv"), gaps=Gaps.dimensions)


def test_one_culture_gives_vocabulary_alone(stories):
    table = scored(stories, says(("patience", "A cat, a hat in Deland")), LAND["Deland"])
    assert values(table, "words") == {"DEL:patience": 6}
    assert values(table, "distinct") == {"DEL:patience": round(5 / 6, 4)}
    assert values(table, "names_country") == {"DEL:patience": 1}
    assert "kendall_tau" not in set(table["metric"])


def test_cultures_combine_by_scoring_their_replies_together(stories):
    table = scored(stories, says(*TOLD), *LAND.values())
    taus = values(table, "kendall_tau", "iso3")
    # Seen from Aland both orders are B, C, D. Deland's story shares no word with the others, so it ranks none of them.
    assert taus["ALA"] == 1.0 and set(taus) == {"ALA", "BEL", "CEL"}
    swapped = dict(zip(("Alandish", "Delandish", "Celandish", "Belandish"), (t for _, t in TOLD), strict=True))
    assert values(scored(stories, says(*swapped.items()), *LAND.values()), "kendall_tau", "iso3")["ALA"] == -1.0


def test_gaps_leave_out_countries_or_dimensions(stories):
    some = replies(stories.with_knobs(gaps=Gaps.countries), says(*TOLD), *LAND.values())
    assert "kendall_tau" not in set(stories.with_knobs(gaps=Gaps.countries).score(some)["metric"])
    assert "kendall_tau" in set(stories.score(some)["metric"])


def test_a_country_without_a_vector_only_tells(stories):
    (question,) = stories.questions(GREECE)
    assert question.gold["vector"] is None and "a Greek child" in question.user
    assert "an Alandish child" in stories.questions(LAND["Aland"])[0].user
    table = scored(stories, says(*TOLD, ("Greek", "x")), *LAND.values(), GREECE)
    assert set(values(table, "kendall_tau", "iso3")) == {"ALA", "BEL", "CEL"}


def test_bleu_by_hand():
    assert mutual_bleu("the cat sat on the mat", "The cat sat on the mat!") == pytest.approx(1)
    assert mutual_bleu("dogs bark", "fish swim") == mutual_bleu("", "word") == 0
    # Four of five words; smoothed bigrams (3+1)/(4+1), trigrams (2+1)/(3+1), fourgrams (1+1)/(2+1).
    expected = math.exp((math.log(4 / 5) + math.log(4 / 5) + math.log(3 / 4) + math.log(2 / 3)) / 4)
    assert mutual_bleu("a b c d e", "a b c d f") == pytest.approx(expected)


def test_wrong_input_is_refused(stories, tmp_path):
    (tmp_path / "c.tsv").write_text("patience\n")
    with pytest.raises(AlignbenchError, match=r"c.tsv = 'a text in one column \(patience\)"):
        stories.questions(GREECE)
    (tmp_path / "c.tsv").write_text("morals\tpatience\n")
    (tmp_path / "v.csv").write_text(VECTORS.replace("2,0", "two,0"))
    with pytest.raises(AlignbenchError, match="line 4, pdi = 'two'"):
        stories.questions(LAND["Celand"])
    (tmp_path / "v.csv").write_text("ctr,country,pdi\nA,b,1\n")
    with pytest.raises(AlignbenchError, match="lacks Demonym"):
        stories.questions(GREECE)


def test_the_country_may_be_known_by_its_name_alone(stories):
    assert stories.questions(LAND["Celand"])[0].gold["vector"] == [2.0, 0.0]
    assert stories.questions(LAND["Deland"])[0].gold["vector"] == [4.0, None]
