"""A tiny model that thinks by itself: the blank one with a template, and tokens, for thoughts."""

from __future__ import annotations

from pathlib import Path

from alignbench.backend import blank
from alignbench.backend.template import END_OF_THOUGHT, THOUGHT
from alignbench.types import ModelRef
from experiments.templates.families import FAMILIES

# How likely its thoughts end, as a logit above all others: about one token in twenty.
_ENDS = 3.5


def thinker(folder: Path, family: str = "Qwen 3") -> ModelRef:
    """The model in ``folder``, made in a second; told to think, as ``model.thinking=on`` does.

    Its weights are random, but its thoughts end: the row of the mark that ends them lies along what the network
    mostly holds.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    blank.build(folder)
    tokenizer, network = AutoTokenizer.from_pretrained(folder), AutoModelForCausalLM.from_pretrained(folder)
    tokenizer.add_tokens([THOUGHT, END_OF_THOUGHT])
    tokenizer.chat_template = FAMILIES[family].template
    tokenizer.save_pretrained(folder)
    network.config.tie_word_embeddings = False
    network.lm_head.weight = torch.nn.Parameter(network.lm_head.weight.detach().clone())
    network.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    with torch.no_grad():
        held = network.model(torch.arange(0, 600).reshape(6, 100)).last_hidden_state.mean((0, 1))
        network.lm_head.weight[-2:] = 0
        network.lm_head.weight[-1] = _ENDS * held / (held @ held)
    network.save_pretrained(folder)
    return ModelRef("thinker", folder, f"thinker, {family}", {"enable_thinking": True})
