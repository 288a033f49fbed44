"""A trained cell as a folder: loaded as others load it, told by a card that says what the record says."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from huggingface_hub import ModelCard
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from alignbench.config import conf_dir
from alignbench.errors import AlignbenchError
from alignbench.record.finished import finished
from alignbench.record.lineage import Lineage
from alignbench.report.board.groups import groups
from alignbench.report.numbers import change, interval, number
from alignbench.report.verdict import verdict
from alignbench.runs.compare import compare
from alignbench.sharing.dataset import write_results
from alignbench.sharing.folder import write_folder
from alignbench.sharing.found import of_cell, of_fit
from alignbench.tracking.content import Content
from tests.sharing.logs import valid_logs

TRAINED = ("culture=iraq", "method=survey_sft", "scoring.orders=forward")
PROMPTED = ("culture=iraq", "method=cultural_prompt", "method.wordings=2", "control=false", "scoring.orders=forward")


@pytest.mark.long
def test_finished_cells_are_shared_as_they_are(make_cell, tmp_path):
    with pytest.raises(AlignbenchError, match="not finished"):
        of_cell(make_cell(*TRAINED, looking=True))
    record, stage = compare(make_cell(*TRAINED))
    found = of_cell(make_cell(*TRAINED, looking=True))
    folder = write_folder(found, tmp_path / "out", merge=True)
    the_weights_are_those_of_the_store(found, folder)
    nothing_tells_of_this_machine(found, folder)
    the_card_holds_the_record(found, folder)
    the_key_of_the_training_finds_the_same_cell(found)
    a_tracker_reads_the_same(found)

    results_are_shared_as_data(found, tmp_path / "results")

    assert stage.key == found.stage.key and record == found.record
    compare(make_cell(*PROMPTED))
    prompted = of_cell(make_cell(*PROMPTED, looking=True))
    a_prompt_is_shared_as_texts(prompted, tmp_path / "out")
    store = stage.path.parents[1]
    (board,) = groups(finished(store), Lineage(store))
    rows = {row.label: row for row in board.rows}
    assert len(rows) == len(board.rows) == len(record.rows)  # the prompt is the trained cell's baseline: one row
    own = next(row for row in rows.values() if row.key == record.aligned.key)
    assert own.score == pytest.approx(record.aligned.score) and own.label.startswith("survey_sft, training.updates=2")
    assert "cultural_prompt, wordings=2" in rows
    with pytest.raises(AlignbenchError, match="base model"):
        of_cell(replace(prompted.cell, method=prompted.cell.baselines["base"]))


def the_weights_are_those_of_the_store(found, folder):
    base = found.cell.model.path
    bare = logprobs(AutoModelForCausalLM.from_pretrained(base))
    kept = logprobs(PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), found.stages["fit"].path))
    shared = logprobs(PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), folder))
    merged = logprobs(AutoModelForCausalLM.from_pretrained(folder / "merged"))
    assert not torch.allclose(bare, kept, atol=1e-4)
    assert torch.equal(shared, kept) and torch.allclose(merged, kept, atol=1e-5)
    assert AutoTokenizer.from_pretrained(folder / "merged").chat_template
    assert json.loads((folder / "adapter_config.json").read_text())["base_model_name_or_path"] == "blank"


def logprobs(network) -> torch.Tensor:
    with torch.inference_mode():
        return network(torch.arange(24).reshape(2, 12)).logits.log_softmax(-1)


def nothing_tells_of_this_machine(found, folder):
    content = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    for place in (found.cell.store.root, folder.parent, found.cell.model.path, Path.home() / ".cache"):
        assert str(place).encode() not in content


def the_card_holds_the_record(found, folder):
    card, record = (folder / "README.md").read_text(), found.record
    for row in record.board:
        assert f"{row.label}" in card and f"{number(row.score)} {interval(row.low, row.high)}" in card
    cross = record.control
    assert f"† {change(cross.difference, cross.difference_low, cross.difference_high)}" in card
    assert found.cell.survey.licence in card and found.cell.survey.citation in card
    assert "updates 2" in card and found.stage.key in card and "library_name: peft" in card
    assert verdict(record).sentence in card and all(text in card for text in (*record.reading, *record.notes))
    the_hub_reads_the_results(folder, record.aligned)


def the_hub_reads_the_results(folder, row):
    data = ModelCard.load(folder / "README.md").data
    found = {result.metric_type: result for result in data.eval_results}
    assert data.model_name == folder.name and set(found) == {"score", "skill", "difference", "specificity"}
    for name, result in found.items():
        value, low, high = row.figure(name)
        assert (result.metric_value, result.metric_args) == (value, {"low": low, "high": high})
        assert (result.dataset_config, result.dataset_split) == ("iraq", "test")


def the_key_of_the_training_finds_the_same_cell(found):
    store = found.cell.store.root
    again = of_fit(found.stages["fit"].key, store, (conf_dir(),))
    assert (again.stage.key, again.stages["fit"]) == (found.stage.key, found.stages["fit"])
    with pytest.raises(AlignbenchError, match=r"task\.fit"):
        of_fit("0" * 16, store, (conf_dir(),))


def a_tracker_reads_the_same(found):
    content, key = Content.of(found.stage.path), found.stages["fit"].key
    assert content.config["stages"]["fit of survey_sft"] == content.weights.name == key
    assert content.config["knobs"]["training"]["updates"] == 2 == len(content.curves)
    assert content.summary["own_minus_cross"] == found.record.control.difference


def results_are_shared_as_data(found, folder):
    write_results(found.cell.store.root, folder, "us")
    logs = valid_logs(folder)
    rows = [row for row in found.record.rows if row.kind != "reference"]
    assert sorted(log["model_info"]["additional_details"]["row"] for log in logs) == sorted(r.label for r in rows)
    ids = {log["model_info"]["additional_details"]["kind"]: log["model_info"]["id"] for log in logs}
    assert "survey_sft-iraq" in ids["method"] and "survey_sft" in ids["control"] and ids["base"] == "alignbench/blank"
    nothing_tells_of_this_machine(found, folder)


def a_prompt_is_shared_as_texts(found, out):
    folder = write_folder(found, out, base="Qwen/Qwen2.5-0.5B-Instruct")
    assert sorted(file.name for file in folder.iterdir()) == ["README.md", "prompt_policy.json"]
    policy = json.loads((folder / "prompt_policy.json").read_text())
    assert len(policy["systems"]) == 2 and all("Iraq" in text for text in policy["systems"])
    card = (folder / "README.md").read_text()
    assert "No weight was changed" in card and "PeftModel" not in card
    assert "base_model: Qwen/Qwen2.5-0.5B-Instruct" in card and number(found.record.aligned.score) in card
    with pytest.raises(AlignbenchError, match="merge"):
        write_folder(found, out, merge=True)
    with pytest.raises(AlignbenchError, match="respondents"):
        write_folder(replace(found, private=True), out)
