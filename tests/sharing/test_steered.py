"""A steered cell as a folder: the snippet of its card, and the model with a bias, say what the hook says."""

import re

import pytest
import torch
from transformers import AutoModelForCausalLM

from alignbench.backend.steering import FILE, SteeringVector
from alignbench.errors import AlignbenchError
from alignbench.runs.compare import compare
from alignbench.sharing.folder import write_folder
from alignbench.sharing.found import of_cell
from alignbench.sharing.steered import write_biased

STEERED = ("culture=iraq", "method=steering", "method.items=2", "method.depths=[0.5]", "method.strengths=[2.0]")
STEERED += ("control=false", "scoring.orders=forward")


def logits(network) -> torch.Tensor:
    with torch.inference_mode():
        return network(torch.arange(24).reshape(2, 12)).logits.log_softmax(-1)


@pytest.mark.long
def test_a_vector_is_shared_with_what_adds_it_and_as_a_bias(make_cell, tmp_path):
    compare(make_cell(*STEERED))
    found = of_cell(make_cell(*STEERED, looking=True))
    base, steering = found.cell.model.path, SteeringVector.load(found.stages["steer"].path)
    folder = write_folder(found, tmp_path, base=str(base), merge=True)
    card = (folder / "README.md").read_text()
    assert sorted(file.name for file in folder.iterdir()) == ["README.md", "merged", FILE]
    assert SteeringVector.load(folder) == steering and "No weight was changed" in card and "PeftModel" not in card

    network = AutoModelForCausalLM.from_pretrained(base)
    bare = logits(network)
    with steering.at_work(network):
        steered = logits(network)
    assert not torch.allclose(bare, steered, atol=1e-2)
    said = re.search(r"```python\n(.*?)```", card, re.DOTALL)[1].replace(folder.name, str(folder))
    names = {}
    exec(said, names)
    assert torch.allclose(logits(names["model"]), steered, atol=1e-5)
    merged = AutoModelForCausalLM.from_pretrained(folder / "merged")
    assert torch.allclose(logits(merged), steered, atol=1e-4) and merged.config.mlp_bias


def test_what_has_no_bias_there_is_refused(make_cell, monkeypatch, tmp_path):
    from alignbench.sharing import steered

    blank_model = make_cell("method=none", "control=false").model

    vector = SteeringVector(0, (1.0,) * AutoModelForCausalLM.from_pretrained(blank_model.path).config.hidden_size)
    monkeypatch.setattr(steered, "_with_biases", lambda network: network)
    with pytest.raises(AlignbenchError, match="no bias"):
        write_biased(blank_model, vector, tmp_path)
