import json
from dataclasses import dataclass

import pytest

from alignbench.backend import Engine
from alignbench.benchmark.empathy import RUBRIC, Empathy, parse_rating
from alignbench.errors import AlignbenchError
from alignbench.generator import IndependentModel
from alignbench.types import Culture
from tests.benchmark.asked import GREECE, replies, says, values
from tests.judge.toy import Table

IRAQ = Culture("iraq", "Iraq", "IRQ", "Iraqi", "ar", "japan")


@dataclass(frozen=True)
class Rater(IndependentModel):
    table: Engine
    title = "rater"

    def open(self, tools=None):
        return self.table


def write(path, *posts):
    lines = [{"culture": c, "post_id": i, "post": {"text": t, "cultural_signals": []}} for i, c, t in posts]
    path.write_text("\n".join(map(json.dumps, lines)))
    return Empathy(Rater(Table()), str(path))


@pytest.fixture
def bench(tmp_path):
    return write(tmp_path / "p.jsonl", ("a", "Arabic", "My uncle will not visit."), ("j", "Jewish", "I miss my town."))


def test_posts_go_to_the_countries_of_their_group(bench):
    assert [q.item.id for q in bench.questions(IRAQ)] == ["a"]
    assert bench.questions(GREECE) == []
    assert [q.item.id for q in bench.with_knobs(group="Jewish").questions(GREECE)] == ["j"]


def test_the_judge_rates_every_aspect(bench):
    said = {RUBRIC["empathy"]: "Warm.\nRATING: 5", RUBRIC["fluency"]: "No idea."}
    judge = Table(say=lambda m: next((text for aspect, text in said.items() if aspect in m), "So so.\n**Rating: 2/5**"))
    bench = bench.with_knobs(judge=Rater(judge))
    table = bench.score(replies(bench, says(("uncle", "That hurts.")), IRAQ))
    assert values(table, "empathy") == {"a": 5.0} and values(table, "knowledge") == {"a": 2.0}
    assert "fluency" not in set(table["metric"])
    assert values(table, "unparsed") == {"a": round(1 / 7, 4)}
    assert len(judge.asked) == 7 and all("That hurts." in text and "Arabic" in text for text in judge.asked)


@pytest.mark.parametrize(
    ("output", "rating"),
    [
        ("RATING: 3", 3),
        ("why\nrating = 4\n\n", 4),
        ("RATING: 6", None),
        ("RATING: 3 or 4", None),
        ("3", None),
        ("", None),
    ],
)
def test_only_a_last_line_with_one_rating_counts(output, rating):
    assert parse_rating(output) == rating


def test_links_and_unknown_groups_are_refused(tmp_path):
    linked = write(tmp_path / "l.jsonl", ("a", "Arabic", "https://example.org/comments/1"))
    with pytest.raises(AlignbenchError, match="links only"):
        linked.questions(IRAQ)
    with pytest.raises(AlignbenchError, match="choose one of nothing, Arabic"):
        Empathy(Rater(Table()), "x", group="Martian")
