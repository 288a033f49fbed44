"""A checkpoint is read tensor by tensor: one that is not whole, or not of this model, is refused and named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from alignbench.backend.loading import load
from alignbench.backend.model import SHIPPED, Model
from alignbench.errors import AlignbenchError

Tensors = dict[str, torch.Tensor]
LAYER = "model.layers.1"


def changed(folder: Path, tensors: Callable[[Tensors], Any] = len, **config: Any) -> Path:
    """nano with other tensors, or another configuration."""
    path = folder / "model"
    shutil.copytree(SHIPPED, path)
    (file,) = path.glob("*.safetensors")
    held = load_file(file)
    tensors(held)
    save_file(held, file, {"format": "pt"})
    said = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps(said | config))
    return path


def loaded(path: Path) -> Any:
    return load(Model(name="changed", path=str(path)).resolve(), "cpu")[0]


@pytest.mark.parametrize(
    ("tensors", "config", "words"),
    [
        (lambda t: t.pop(f"{LAYER}.mlp.up_proj.weight"), {}, f"lack 1 of .*{LAYER}.mlp.up_proj.weight"),
        (len, {"num_hidden_layers": 6}, "lack 18 of .*model.layers.4"),
        (len, {"num_hidden_layers": 3}, "hold 9 tensors of this model that config.json leaves out .*model.layers.3"),
        (len, {"intermediate_size": 256}, "12 tensors have another shape .*384, 128.* must be .*256, 128"),
        (
            lambda t: t.update({f"{LAYER}.self_attn.q_proj.bias": torch.zeros(128)}),
            {},
            f"hold 1 tensors of this model .*{LAYER}.self_attn.q_proj.bias",
        ),
    ],
)
def test_weights_that_are_not_the_models_are_refused(tmp_path, tensors, config, words):
    with pytest.raises(AlignbenchError, match=words):
        loaded(changed(tmp_path, tensors, **config))


def test_a_part_that_the_model_has_no_place_for_is_left_unread(tmp_path, capsys):
    eyes = {"vision_tower.patch.weight": torch.zeros(3)}
    assert loaded(changed(tmp_path, lambda tensors: tensors.update(eyes))).config.num_hidden_layers == 4
    assert "1 tensors left unread" in capsys.readouterr().out


def test_code_that_a_model_brings_is_never_run(tmp_path):
    path = changed(tmp_path, len, model_type="stranger", auto_map={"AutoModelForCausalLM": "stranger.Model"})
    (path / "stranger.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Model: ...\n")
    with pytest.raises(AlignbenchError, match="code of the model's own would have to run"):
        Model(path=str(path)).resolve()
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", ["", '{"model_type": "lla', "[]"])
def test_a_configuration_that_is_cut_is_named(tmp_path, content):
    path = changed(tmp_path)
    (path / "config.json").write_text(content)
    with pytest.raises(AlignbenchError, match=r"config\.json.*it is cut"):
        Model(path=str(path)).resolve()
