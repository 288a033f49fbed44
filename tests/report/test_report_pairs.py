"""Specificity over all pairs of cultures: what is learnt of one's own people, and neither words nor a better form."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import alignbench
from alignbench.evaluation.items import BoardEntry
from alignbench.evaluation.metrics import js_similarity
from alignbench.evaluation.statistics import holm
from alignbench.record.finished import finished
from alignbench.report.board import read, write
from alignbench.report.board.pairs import Specificity, specificities
from alignbench.report.board.panels import sections
from alignbench.report.board.pooled import ranked
from alignbench.report.results import POOLED, schema_markdown
from tests.evaluation.worlds import Entry, scored
from tests.report.cells import COUNTRIES, KNOBS, SHARES, WORLD, cell, key, toward

CULTURES = ("iraq", "china", "usa")


def boards(*methods: tuple[str, float, float | None], seeds: tuple[int, ...] = (0,)) -> dict[str, list[BoardEntry]]:
    """Culture -> board with methods (name, weight of the own people's answers, the same of the words alone)."""
    made = {}
    for culture in CULTURES:
        iso3 = COUNTRIES[culture][1]
        entries = [Entry("base", "base", [toward("USA", 0.4, 0)], key("base"))]
        for name, own, words in methods:
            entries.append(Entry(name, "method", [toward(iso3, own, s) for s in seeds], name + iso3, method=name))
            if words is not None:
                prompted = f"base prompted as {name}"
                entries.append(Entry(prompted, "prompted", [toward(iso3, words, 0)], prompted + iso3, method=name))
        board = scored(entries, WORLD, iso3, KNOBS)
        made[culture] = [replace(e, seeds=seeds) if len(seeds) > 1 and e.kind == "method" else e for e in board]
    return made


def found(made: dict[str, list[BoardEntry]]) -> dict[str, Specificity]:
    return {one.label: one for one in specificities(made, js_similarity, KNOBS.resampling)}


def test_it_is_positive_for_what_is_learnt_and_zero_for_what_the_words_bring_alone() -> None:
    of = found(boards(("learnt", 0.8, None), ("words", 0.8, 0.8), ("beyond", 0.8, 0.3), ("all alike", 0.0, None)))
    assert of["learnt"].found.low > 0.02 and of["learnt"].found.pairs == 3 and of["learnt"].found.items == 15
    assert of["words"].prompted and of["words"].found.value == pytest.approx(0, abs=1e-12)
    assert of["beyond"].prompted and 0.02 < of["beyond"].found.value < of["learnt"].found.value
    assert abs(of["all alike"].found.value) < of["learnt"].found.value / 20
    corrected = holm([one.found.p_value for one in of.values()])
    assert [one.p_value for one in of.values()] == pytest.approx(corrected)


def test_it_is_the_mean_over_pairs_of_own_less_other() -> None:
    made = boards(("learnt", 0.8, None))
    iso3 = {culture: COUNTRIES[culture][1] for culture in CULTURES}
    answers = {culture: toward(iso3[culture], 0.8, 0) for culture in CULTURES}

    def score(model: str, survey: str) -> float:
        people = SHARES[iso3[survey]]
        return float(np.mean([js_similarity(answers[model][item], people[item]) for item in people]))

    pairs = [("iraq", "china"), ("iraq", "usa"), ("china", "usa")]
    each = [(score(a, a) + score(b, b) - score(a, b) - score(b, a)) / 2 for a, b in pairs]
    assert found(made)["learnt"].found.value == pytest.approx(np.mean(each))


def test_only_seeds_that_all_cultures_share_count_and_words_stand_for_every_seed() -> None:
    whole = boards(("learnt", 0.8, 0.3), seeds=(0, 1))
    part = {c: list(board) for c, board in whole.items()}
    of_three = boards(("learnt", 0.8, 0.3), seeds=(1, 2, 0))["iraq"]
    part["iraq"] = of_three
    assert found(part)["learnt"].found.value == pytest.approx(found(whole)["learnt"].found.value)
    of_one = boards(("learnt", 0.8, 0.3), seeds=(5, 6))["iraq"]
    assert found({**whole, "iraq": of_one}) == {}, "seeds of one culture alone cannot be paired"


def test_a_culture_without_the_prompted_row_is_left_out() -> None:
    made = boards(("learnt", 0.8, 0.3))
    made["usa"] = [entry for entry in made["usa"] if entry.kind != "prompted"]
    one = found(made)["learnt"]
    assert one.cultures == ("iraq", "china") and one.found.pairs == 1


def test_it_stands_on_the_page_and_in_the_files_with_its_test(tmp_path: Path) -> None:
    for culture in ("iraq", "china"):
        cell(tmp_path / "store", "culturerl", culture, gain=0.8)
    page = write(finished(tmp_path / "store"), tmp_path / "store", tmp_path).read_text(encoding="utf-8")
    with (tmp_path / "specificity.csv").open(encoding="utf-8") as file:
        rows = {row["label"]: row for row in csv.DictReader(file)}
    own = rows["culturerl"]
    assert set(rows) == {"culturerl", "cultural_prompt"} and own["cultures"] == "China Iraq" and own["pairs"] == "1"
    assert own["c_dist"] == "1.0", "each model fits its own people best"
    assert float(own["low"]) > 0 and float(own["detectable"]) > 0 and float(own["p_value"]) >= float(own["p_raw"])
    figure = f"+{float(own['value']):.3f}"
    assert f"| culturerl | nano | China, Iraq | {figure} [" in (tmp_path / "board.md").read_text(encoding="utf-8")
    assert figure in page.partition("Specificity over all pairs of cultures</h2>")[2].partition("</section>")[0]


def test_one_culture_has_no_pairs(tmp_path: Path) -> None:
    cell(tmp_path / "store", "culturerl", "iraq")
    page = write(finished(tmp_path / "store"), tmp_path / "store", tmp_path).read_text(encoding="utf-8")
    assert "all pairs of cultures</h2>" not in page and "all pairs" not in (tmp_path / "board.md").read_text()


def test_c_dist_falls_where_another_cultures_model_fits_better() -> None:
    of = found(boards(("learnt", 0.8, None), ("all alike", 0.0, None)))
    assert of["learnt"].c_dist == 1.0
    made = boards(("learnt", 0.8, None))
    iso3 = {culture: COUNTRIES[culture][1] for culture in CULTURES}
    entry = next(e for e in made["iraq"] if e.label == "learnt")
    # Iraq's model answers as China's people do: on Iraq's survey the American one may well be better.
    swapped = Entry("learnt", "method", [toward(iso3["china"], 0.8, 0)], entry.key, method="learnt")
    made["iraq"] = scored([Entry("base", "base", [toward("USA", 0.4, 0)], key("base")), swapped], WORLD, "IRQ", KNOBS)
    assert found(made)["learnt"].c_dist < 1.0


def test_pooled_figures_are_data_too_and_the_same_as_in_the_table(tmp_path: Path) -> None:
    for culture in ("iraq", "china"):
        cell(tmp_path / "store", "culturerl", culture, gain=0.8)
    write(finished(tmp_path / "store"), tmp_path / "store", tmp_path)
    with (tmp_path / "pooled.csv").open(encoding="utf-8") as file:
        row = next(row for row in csv.DictReader(file) if row["label"] == "culturerl")
    table = alignbench.load_results(tmp_path / "store")
    pooled = table[table.metric.str.startswith("pooled.") & (table.label == "culturerl")].set_index("metric")
    assert set(pooled.index) == set(POOLED) and all(f"`{name}`" in schema_markdown() for name in POOLED)
    of = {"score": "score", "difference": "gain", "specificity": "specificity", "specificity_p": "specificity_p"}
    of |= {"difference_p": "gain_p", "detectable": "detectable", "rank": "rank", "c_dist": "c_dist"}
    assert {name: pooled.value[f"pooled.{name}"] for name in of} == {n: float(row[column]) for n, column in of.items()}
    assert pooled.low["pooled.specificity"] == float(row["specificity_low"]) and row["two_way"] == "False"
    assert (
        pooled.country.unique().tolist() == ["China, Iraq"] and pooled.culture.isna().all() and pooled.seed.isna().all()
    )


def test_methods_that_are_not_clear_of_zero_share_a_place(tmp_path: Path) -> None:
    for culture in ("iraq", "china"):
        cell(tmp_path / "store", "culturerl", culture, gain=0.8)
    (panel,) = sections(read(finished(tmp_path / "store"), tmp_path / "store", tmp_path))[0].panels
    (one,) = (one for one in panel.pooled if one.label == "culturerl")
    figures = {"best": (0.2, 0.01), "good": (0.1, 0.01), "large": (0.3, 0.06), "none": (0.0, 1.0), "harm": (-0.1, 0.01)}
    methods = [
        replace(one, label=label, specificity=replace(one.specificity, value=value), specificity_p=p)
        for label, (value, p) in figures.items()
    ]
    found = ranked([*methods, replace(one, label="alone", specificity=None, specificity_p=None)])
    ranks = {"best": 1, "good": 2, "large": 3, "none": 3, "harm": 5, "alone": None}
    assert {one.label: one.rank for one in found} == ranks
