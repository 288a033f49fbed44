"""All results of a store as a dataset, and as logs that pass the schemas of Every Eval Ever."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from huggingface_hub import DatasetCard, ModelCard
from omegaconf import DictConfig

from alignbench.errors import AlignbenchError
from alignbench.evaluation.catalogue import Better, metrics, of_rows
from alignbench.evaluation.statistics import Interval
from alignbench.record.cell import BenchmarkLine, BenchmarkRecord, CellRecord, InputRecord, ItemRecord
from alignbench.record.finished import finished
from alignbench.sharing import card, hub
from alignbench.sharing.card import Shared, metadata
from alignbench.sharing.dataset import write_results
from alignbench.task.publish import Publish
from tests.report.cells import ITEMS_ASKED, cell
from tests.sharing.logs import valid_logs

WVS = InputRecord("survey", "WVS", "7", "non-commercial", "Haerpfer et al., doi:10.14281/18241.20 and doi:10.1/x.")


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    """The base model alone, and a training with two seeds, all with questions."""
    store = tmp_path_factory.mktemp("published") / "store"
    cell(store, "none", "iraq")
    for seed in (0, 1):
        cell(store, "culturerl", "iraq", seed, 0.8)
    for file in store.glob("score/*/record.json"):
        record = CellRecord.from_json(json.loads(file.read_text()))
        labels = [row.label for row in record.rows if row.kind != "reference"]
        items = tuple(
            ItemRecord(
                i.id, i.battery, f"{i.id}?", ("yes", "no"), (0.7, 0.3), dict.fromkeys(labels, (0.4, 0.6)), scores
            )
            for i in ITEMS_ASKED
            for scores in [dict.fromkeys(labels, 0.75)]
        )
        own = InputRecord("fit", "fit", key="f", row="culturerl")
        file.write_text(json.dumps(replace(record, items=items, provenance=(WVS, own)).to_json()))
    return store


@pytest.fixture(scope="module")
def published(store, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    write_results(store, folder, "us")
    return folder


def test_every_model_that_was_asked_has_one_valid_log(store, published):
    logs, cells = valid_logs(published), finished(store)
    asked = {
        (row.key, found.record.cell.culture): row
        for found in cells
        for row in found.record.rows
        if row.kind != "reference"
    }
    assert len(logs) == len(asked) and len({log["evaluation_id"] for log in logs}) == len(logs)
    assert all(len(log["items"]) == len(ITEMS_ASKED) for log in logs)
    given = {metric["metric_config"]["metric_id"] for log in logs for metric in log["evaluation_results"]}
    there = {name for row in asked.values() for name in of_rows() if row.figure(name)[0] is not None}
    assert given == {f"alignbench.{name}" for name in there}


def test_a_log_holds_the_figures_of_its_row(store, published):
    shown = {}
    for found in finished(store):
        for row in found.record.rows:
            figures = {name: row.figure(name) for name in of_rows() if row.figure(name)[0] is not None}
            shown.setdefault((found.record.cell.seed, row.label), []).append(figures)
    for log in valid_logs(published):
        about, figures = log["model_info"]["additional_details"], {}
        for result in log["evaluation_results"]:
            name, details = result["metric_config"]["metric_id"].removeprefix("alignbench."), result["score_details"]
            bounds = details["uncertainty"].get("confidence_interval", {"lower": None, "upper": None})
            figures[name] = (details["score"], bounds["lower"], bounds["upper"])
            assert details["uncertainty"]["num_samples"] == len(ITEMS_ASKED)
            assert result["metric_config"]["lower_is_better"] is (metrics()[name].better is Better.lower)
            assert result["source_data"]["url"] == ["https://doi.org/10.14281/18241.20", "https://doi.org/10.1/x"]
        assert figures in shown[int(about["seed"]), about["row"]]


def test_a_trained_model_has_a_name_of_its_own_and_other_words_do_not_make_another(published):
    ids = {}
    for log in valid_logs(published):
        ids.setdefault(log["model_info"]["additional_details"]["row"], set()).add(log["model_info"]["id"])
    assert ids["base"] == ids["cultural_prompt"] == {"local/nano"}
    assert ids["culturerl"] == {f"alignbench/nano-culturerl-iraq-s{s}" for s in (0, 1)}


def test_an_item_says_what_was_answered_and_what_people_say_most(published):
    item = valid_logs(published)[0]["items"][0]
    assert item["input"]["reference"] == ["yes"] and item["input"]["choices"] == ["yes", "no"]
    assert json.loads(item["output"]["raw"][0]) == {"yes": 0.4, "no": 0.6}
    assert item["answer_attribution"][0]["extracted_value"] == "no"
    assert item["evaluation"] == {"score": 0.75, "is_correct": False}
    assert json.loads(item["metadata"]["people"]) == {"yes": 0.7, "no": 0.3}


def test_the_same_store_gives_the_same_files_and_what_is_gone_from_it_goes(store, published, tmp_path):
    (tmp_path / "data/alignbench/gone").mkdir(parents=True)
    (tmp_path / "data/mine").mkdir()
    write_results(store, tmp_path, "us")
    assert {k: v for k, v in files_of(tmp_path).items() if "mine" not in k} == files_of(published)
    assert (tmp_path / "data/mine").is_dir()


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(f.relative_to(folder)): f.read_bytes()
        for f in folder.rglob("*.*")
        if f.suffix in (".json", ".jsonl", ".md")
    }


def test_the_card_names_every_table_and_all_hold_what_the_store_holds(store, published):
    data = DatasetCard.load(published / "README.md").data
    tables = {c["config_name"]: pd.read_parquet(published / c["data_files"]) for c in data.configs}
    assert set(tables) == {"results", "items", "comparisons"}
    cells = finished(store)
    assert set(tables["results"]["run"]) == set(tables["items"]["run"]) == {found.stage.name for found in cells}
    assert len(tables["items"]) == sum(len(i.models) for found in cells for i in found.record.items)
    assert set(tables["comparisons"]["seeds"]) == {1, 2}
    text = (published / "README.md").read_text()
    assert "A made-up world." in text and WVS.citation in text


@pytest.mark.long
def test_datasets_loads_every_table(published, tmp_path):
    from datasets import load_dataset

    for name in ("results", "items", "comparisons"):
        rows = load_dataset(str(published), name, split="train", cache_dir=str(tmp_path))
        assert len(rows) == len(pd.read_parquet(published / f"{name}.parquet"))


def test_one_command_writes_and_pushes_a_dataset(store, tmp_path, monkeypatch, capsys):
    pushed = []
    monkeypatch.setattr(hub, "check_push", lambda repo: None)
    monkeypatch.setattr(hub, "push", lambda *words: pushed.append(words) or "there")
    Publish(out=f"{tmp_path}/out", push="me/results").main(DictConfig({"store": str(store)}))
    assert pushed == [(tmp_path / "out", "me/results", True, "dataset")] and "pushed there" in capsys.readouterr().out
    (log, *_) = valid_logs(tmp_path / "out")
    assert log["source_metadata"]["source_organization_name"] == "me"


def test_what_cannot_be_pushed_or_is_not_there_writes_nothing(store, tmp_path):
    for place, repo, message in ((store, "me", "owner/name"), (tmp_path, "", "no finished cell")):
        with pytest.raises(AlignbenchError, match=message):
            Publish(out=f"{tmp_path}/out", push=repo).main(DictConfig({"store": str(place)}))
    assert not (tmp_path / "out").exists()


def test_the_hub_reads_results_of_survey_and_benchmarks_from_a_card(tmp_path, monkeypatch):
    record = cell(tmp_path, "culturerl", "iraq")
    line = BenchmarkLine("culturerl", "method", "accuracy", "persona", Interval(0.5, 0.4, 0.6, 9), None, 60)
    others = (replace(line, label="base", kind="base"), replace(line, value=Interval(float("nan"), 0, 0, 1)))
    asked = BenchmarkRecord(record.cell, "neutral", (line, *others))
    monkeypatch.setattr(card, "finished_benchmarks", lambda store: [(tmp_path, {}, asked)])
    model, home = SimpleNamespace(licence="Secret"), SimpleNamespace(root=tmp_path)
    found = SimpleNamespace(
        record=record, cell=SimpleNamespace(model=model, store=home), config={"choices": {"survey": "wvs7"}}
    )
    shared = Shared("mine", "Qwen/Q", True, "adapter", False, False, False)
    data = ModelCard(f"---\n{metadata(found, shared)}\n---\ntext").data
    assert (data.base_model, data.library_name, data.license, data.model_name) == ("Qwen/Q", "peft", "other", "mine")
    found = {(r.dataset_type, r.metric_type): r for r in data.eval_results}
    assert found["wvs7", "score"].metric_value == record.aligned.score
    accuracy = found["neutral", "accuracy"]
    assert (accuracy.metric_value, accuracy.metric_args, accuracy.metric_name) == (
        0.5,
        {"low": 0.4, "high": 0.6},
        "accuracy (persona)",
    )
    assert [kind for kind, _ in found].count("neutral") == 1
