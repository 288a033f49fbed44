from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore

from alignbench.config import components, conf_dir, instantiate, schema
from alignbench.errors import AlignbenchError
from alignbench.evaluation.ask import Asking, Orders
from alignbench.evaluation.elicit import Elicit
from alignbench.evaluation.survey import LogBase, Scoring, distributions, option_mass, respond
from alignbench.identity import canonical
from alignbench.types import Chat, Scale, Split

from .worlds import TableEngine, item, opened

ITEMS = [item("Q1"), item("Q2", 4), item("T", 10, scale=Scale.ten_point)]
KNOBS = Scoring(orders=Orders.both)


def values(chat: Chat, options: Sequence[str]) -> list[float]:
    """A model with opinions and no position bias: the option text's last digit decides, wherever it is listed."""
    listed = re.findall(r"option (\d)$", chat[-1].content, flags=re.M)
    known = listed if len(listed) == len(options) else [str(i) for i in range(len(options))]
    weights = np.array([float(d) + 1 for d in known])
    return [math.log(w) for w in weights / weights.sum()]


def first_label(chat: Chat, options: Sequence[str]) -> list[float]:
    """A model that cares for nothing but the position."""
    return [0.0] + [-3.0] * (len(options) - 1)


def test_shares_follow_the_text_and_not_the_position(tmp_path: Path) -> None:
    found = distributions(respond(opened(TableEngine(values)), ITEMS[:2], KNOBS.asking, tmp_path), ITEMS[:2])
    np.testing.assert_allclose(found["Q1"], np.array([1, 2, 3]) / 6)
    np.testing.assert_allclose(found["Q2"], np.array([1, 2, 3, 4]) / 10)


def test_both_orders_cancel_position_bias(tmp_path: Path) -> None:
    (tmp_path / "both").mkdir()
    (tmp_path / "one").mkdir()
    both = distributions(respond(opened(TableEngine(first_label)), ITEMS, KNOBS.asking, tmp_path / "both"), ITEMS)
    np.testing.assert_allclose(both["Q2"], both["Q2"][::-1])
    forward = replace(KNOBS, orders=Orders.forward)
    one = distributions(respond(opened(TableEngine(first_label)), ITEMS, forward.asking, tmp_path / "one"), ITEMS)
    assert one["Q2"][0] > 0.8 > both["Q2"][0]
    assert [len(both[i.id]) for i in ITEMS] == [3, 4, 10]


def test_contexts_are_averaged_as_probabilities(tmp_path: Path) -> None:
    def answer(chat: Chat, options: Sequence[str]) -> list[float]:
        return [0.0, -50.0, -50.0] if chat[0].content == "first" else [-50.0, 0.0, -50.0]

    knobs = replace(KNOBS, orders=Orders.forward)
    responses = respond(opened(TableEngine(answer), "first", "second"), ITEMS[:1], knobs.asking, tmp_path)
    np.testing.assert_allclose(distributions(responses, ITEMS[:1])["Q1"], [0.5, 0.5, 0], atol=1e-12)


def test_dividing_out_the_prior_removes_a_preference_for_texts(tmp_path: Path) -> None:
    long_texts = {"Q1 option 0": -1.0, "Q1 option 1": -9.0, "Q1 option 2": -4.0}

    def answer(chat: Chat, options: Sequence[str]) -> list[float]:
        asked = "What about Q1?" in chat[-1].content
        return [long_texts[o] + (2.0 if asked and o.endswith("1") else 0.0) for o in options]

    responses = respond(opened(TableEngine(answer)), ITEMS[:1], replace(KNOBS, elicit=Elicit.text).asking, tmp_path)
    weights = np.exp([0.0, 2.0, 0.0])
    np.testing.assert_allclose(distributions(responses, ITEMS[:1])["Q1"], weights / weights.sum())
    assert set(responses["prior"]) == set(long_texts.values())


def test_priors_of_items_with_the_same_options_are_scored_once(tmp_path: Path) -> None:
    twins = [replace(ITEMS[0], id=name, question=f"{name}?") for name in ("A", "B", "C")]
    engine = TableEngine(values)
    respond(opened(engine), twins, Asking(Elicit.text, Orders.forward), tmp_path)
    assert [len(call) for call in engine.calls] == [3 + 1]


def test_one_call_a_chunk_with_equal_system_texts_together(tmp_path: Path) -> None:
    engine = TableEngine(values)
    adapter = Path("adapter")
    model = opened(engine, "b", "a", "b longer", adapter=adapter)
    respond(model, ITEMS, KNOBS.asking, tmp_path, chunk_size=10)
    assert [len(call) for call in engine.calls] == [10, 8] and engine.adapters == [adapter, adapter]
    systems = [chat[0].content for call in engine.calls for chat in call]
    assert systems == sorted(systems) and systems.count("a") == 6


@pytest.mark.parametrize("second_chunk", [4, 3])
def test_a_killed_run_goes_on_after_its_last_chunk(tmp_path: Path, second_chunk: int) -> None:
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    whole = respond(opened(TableEngine(values), "x", "y"), ITEMS, KNOBS.asking, tmp_path / "whole")

    folder = tmp_path / "killed"
    with pytest.raises(KeyboardInterrupt):
        respond(opened(TableEngine(values, dies_after=2), "x", "y"), ITEMS, KNOBS.asking, folder, 4)
    assert len(list(folder.glob("part-*.parquet"))) == 2 and not (folder / "responses.parquet").exists()
    engine = TableEngine(values)
    resumed = respond(opened(engine, "x", "y"), ITEMS, KNOBS.asking, folder, second_chunk)
    assert sum(len(call) for call in engine.calls) == 12 - 8
    pd.testing.assert_frame_equal(resumed, whole)
    assert sorted(path.name for path in folder.iterdir()) == ["responses.parquet"]


def test_finished_responses_are_read_back_without_the_engine(tmp_path: Path) -> None:
    first = respond(opened(TableEngine(values)), ITEMS, KNOBS.asking, tmp_path)
    engine = TableEngine(values)
    pd.testing.assert_frame_equal(respond(opened(engine), ITEMS, KNOBS.asking, tmp_path), first)
    assert engine.calls == []


def test_rows_are_tidy(tmp_path: Path) -> None:
    responses = respond(opened(TableEngine(values), "x", "y"), ITEMS, KNOBS.asking, tmp_path)
    assert len(responses) == (3 + 4 + 10) * 2 * 2
    assert not responses.duplicated(["item", "context", "order", "option"]).any()
    turned = responses[responses["order"] == "reversed"]
    sizes = turned.groupby(["item", "context"])["option"].transform("max")
    assert (turned["position"] + turned["option"] == sizes).all()
    assert option_mass(responses) == {i.id: 0.5 for i in ITEMS}


def test_missing_items_and_broken_scores_are_named(tmp_path: Path) -> None:
    responses = respond(opened(TableEngine(values)), ITEMS[:1], KNOBS.asking, tmp_path)
    with pytest.raises(AlignbenchError, match="Q2"):
        distributions(responses, ITEMS)
    with pytest.raises(AlignbenchError, match="finite"):
        distributions(responses.assign(logprob=-math.inf), ITEMS[:1])
    with pytest.raises(AlignbenchError, match="no item"):
        respond(opened(TableEngine(values)), [], KNOBS.asking, tmp_path / "empty")


@pytest.mark.parametrize(("knob", "value"), [("chunk", 0), ("bootstrap", 0), ("ceiling_n", 0), ("confidence", 1.0)])
def test_impossible_knobs_are_refused(knob: str, value: float) -> None:
    with pytest.raises(AlignbenchError, match=f"scoring.{knob}"):
        Scoring(**{knob: value})


def test_chunk_is_recorded_and_everything_else_is_identity() -> None:
    assert canonical(replace(KNOBS, chunk=1)) == canonical(KNOBS)
    assert canonical(replace(KNOBS, js_sqrt=True)) != canonical(KNOBS)
    assert canonical(replace(KNOBS, js_sqrt=True).asking) == canonical(KNOBS.asking)


def test_yaml_composes_with_overrides() -> None:
    assert components("scoring") == {"survey": Scoring}
    ConfigStore.instance().store(group="schema/scoring", name="survey", node=schema(Scoring))
    with initialize_config_dir(version_base="1.3", config_dir=str(conf_dir() / "scoring")):
        assert instantiate(compose("survey")) == Scoring()
        found = instantiate(compose("survey", overrides=["js_base=e", "elicit=text", "split=validation"]))
    assert found == Scoring(js_base=LogBase.e, elicit=Elicit.text, split=Split.validation)
