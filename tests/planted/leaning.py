"""A world and a model in which a country is a direction, both written down by hand.

People answer every question alike but for one trait of their country: how far they lean to the last option. The model
reads the trait off the name of the country, and a little of it off every label, spreads it to all tokens that follow,
and says labels by it. So the right vector is known, and a random one is hardly ever near it.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from alignbench.backend.model import SHIPPED
from alignbench.data.splits import split_survey
from alignbench.data.survey import Survey
from alignbench.identity import digest
from alignbench.runs.cell import Cell
from alignbench.types import Answers

# Logits from one option to the next.
TRAITS = {"IRQ": 0.5, "BRA": -0.5}
_NAMES = {" Iraq": 1.0, " Brazil": -1.0}
_LABELS = range(1, 10)
_WIDTH, _LAYERS = 512, 4


def leaning_survey(survey: Survey) -> Survey:
    """The questions whose labels the model knows, answered by the traits."""
    survey = survey.restrict({item.battery for item in survey.items if len(item.codes) in _LABELS})
    answers = {
        iso3: {i.id: Answers(_shares(len(i.codes), trait)) for i in survey.items} for iso3, trait in TRAITS.items()
    }
    return replace(survey, answers=answers, fingerprint=digest(["leaning", survey.fingerprint]))


def _shares(options: int, trait: float) -> tuple[float, ...]:
    odds = np.exp(trait * np.arange(options))
    return tuple((odds / odds.sum()).tolist())


def leaning_model(folder: Path) -> Path:
    """Write the model: attention that looks at all tokens alike, once, and nothing else."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    config = AutoConfig.from_pretrained(SHIPPED)
    config.update({
        "hidden_size": _WIDTH, "intermediate_size": _WIDTH, "num_hidden_layers": _LAYERS, "num_attention_heads": 1,
        "num_key_value_heads": 1, "head_dim": _WIDTH, "tie_word_embeddings": False, "dtype": "float32",
    })  # fmt: skip
    tokenizer = AutoTokenizer.from_pretrained(SHIPPED)
    network = AutoModelForCausalLM.from_config(config).float()
    with torch.no_grad():
        for name, weight in network.named_parameters():
            weight.fill_(1.0 if "norm" in name else 0.0)
        tokens, head, attention = (
            network.model.embed_tokens.weight,
            network.lm_head.weight,
            network.model.layers[0].self_attn,
        )
        # Dimension 0 is the same everywhere, 1 what a token says of the trait, 2 the mean of what was said up to it.
        tokens[:, 0] = 1.0
        for name, trait in _NAMES.items():
            tokens[_token(tokenizer, name), 1] = trait
        # What is read has been normed, to the square root of the width.
        attention.v_proj.weight[2, 1] = attention.o_proj.weight[2, 2] = 4 / _WIDTH**0.25
        for label in _LABELS:
            token, place = _token(tokenizer, str(label)), label - 5
            tokens[token, 1] = 0.05 * place
            head[token, :3] = torch.tensor([10.0, 1.6 * place, 1.6 * place]) / _WIDTH**0.5
    folder.mkdir(parents=True)
    for file in SHIPPED.iterdir():
        if file.suffix in (".json", ".jinja") and file.name != "config.json":
            shutil.copy(file, folder / file.name)
    network.save_pretrained(folder)
    return folder


def _token(tokenizer: Any, text: str) -> int:
    (token,) = tokenizer(text, add_special_tokens=False).input_ids
    return int(token)


def leaning_cell(cell: Cell) -> Cell:
    """A cell of the planted world with these answers in place of its own."""
    splits = cell.source.splits()
    survey = leaning_survey(cell.survey)
    surveys = split_survey(survey, {battery: splits[battery] for battery in {item.battery for item in survey.items}})
    return replace(cell, survey=survey, surveys=surveys, asked=surveys[cell.scoring.split])
