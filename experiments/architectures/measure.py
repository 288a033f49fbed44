"""What our engine, trainer and export make of a model, against plain transformers: one unpadded prompt at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, GenerationConfig

from alignbench.backend.architecture import capped, text_config
from alignbench.backend.hf import HF
from alignbench.backend.model import Dtype, Model
from alignbench.backend.preflight import preflight
from alignbench.backend.render import Renderer
from alignbench.errors import AlignbenchError
from alignbench.sharing.folder import write_merged
from alignbench.training import Training
from alignbench.training.selection import Job
from alignbench.training.sft import ConversationRow, train_sft
from alignbench.types import ModelRef, OptionScores, Sampling, chat

_PERSONA = "You are an average person living in this country, and you answer every question as such a person would."
CHATS = [
    chat(f"How important is family in your life?{' Think of last year.' * i}\n1. very\n2. not at all", system)
    for system in (f"{_PERSONA} You are old.", None)
    for i in range(3)
]
# Of one token and of several, two with the same beginning.
OPTIONS = ("1", "2", "very important", "very good", "30")
NEW = 12
_ONE_STEP = Training(dtype="float32", updates=1, prompts_per_update=2, micro_batch=2, lora_r=4, learning_rate=0.1)
_SAID = [ConversationRow(chat("What do you say?"), reply) for reply in ("very", "no, never")]


@dataclass(frozen=True)
class Row:
    """What was found of an architecture: largest differences of log-probabilities, or why there are none."""

    scored: float | str
    generated: str
    trained: float | str
    exported: float | str


def measured(folder: Path, scratch: Path) -> Row:
    """All four, each by itself.

    Args:
        scratch: an empty folder, for adapter and export.
    """
    model = Model(str(folder), dtype=Dtype.float32).resolve()
    engine = HF(device="cpu").open(model)
    # A model that is refused is refused before anything else.
    refused = _tried(lambda: [examine() for _, examine in preflight(lambda: engine)])
    if isinstance(refused, str):
        return Row(refused, "", "", "")
    network, adapter, merged = plain(model), scratch / "adapter", scratch / "merged"

    def trained() -> float:
        before = engine.score(CHATS, [OPTIONS] * len(CHATS))
        train_sft(Job(model, _ONE_STEP, 0, adapter), _SAID)
        after = engine.score(CHATS, [OPTIONS] * len(CHATS), adapter)
        if _apart(before, [list(one.logprobs) for one in after]) < 1e-3:
            raise AssertionError("the step changed nothing")
        return _apart(after, alone(PeftModel.from_pretrained(plain(model), adapter), model))

    def exported() -> float:
        merged.mkdir()
        write_merged(model, adapter, merged)
        return _apart(engine.score(CHATS, [OPTIONS] * len(CHATS), adapter), alone(plain(model, merged), model))

    learnt = _tried(trained)
    return Row(
        _tried(lambda: _apart(engine.score(CHATS, [OPTIONS] * len(CHATS)), alone(network, model))),
        _tried(lambda: "equal" if engine.generate(CHATS, Sampling(NEW)) == greedy(network, model) else "differs"),
        learnt,
        "" if isinstance(learnt, str) else _tried(exported),
    )


def plain(model: ModelRef, folder: Path | None = None) -> Any:
    """The weights as transformers loads them; soft-capped attention must be asked for."""
    eager = {"attn_implementation": "eager"} if capped(text_config(model)) else {}
    return AutoModelForCausalLM.from_pretrained(folder or model.path, dtype=torch.float32, **eager).eval()


def alone(network: Any, model: ModelRef) -> list[list[float]]:
    """Log-probabilities of :data:`OPTIONS` after each of :data:`CHATS`."""
    renderer = Renderer.of(model)
    rows = []
    for prompt in map(renderer.prompt, CHATS):
        row = []
        for option in OPTIONS:
            tokens, start = renderer.option_ids(prompt, option), len(prompt.ids) - 1
            with torch.inference_mode():
                found = network(input_ids=torch.tensor([[*prompt.ids, *tokens]])).logits[0].log_softmax(-1)
            row.append(sum(found[start + i, token].item() for i, token in enumerate(tokens)))
        rows.append(row)
    return rows


def greedy(network: Any, model: ModelRef) -> list[list[str]]:
    """What transformers writes after each of :data:`CHATS`."""
    renderer = Renderer.of(model)
    wanted = GenerationConfig(max_new_tokens=NEW, eos_token_id=list(renderer.stops), pad_token_id=renderer.stops[0])
    texts = []
    for prompt in map(renderer.prompt, CHATS):
        made = network.generate(torch.tensor([prompt.ids]), generation_config=wanted)
        texts.append([renderer.decode(made[0, len(prompt.ids) :].tolist())])
    return texts


def _apart(found: Sequence[OptionScores], wanted: Sequence[Sequence[float]]) -> float:
    pairs = zip(found, wanted, strict=True)
    return max(abs(a - b) for one, row in pairs for a, b in zip(one.logprobs, row, strict=True))


def _tried(found: Callable[[], Any]) -> Any:
    """What was found, or in words why it was not."""
    try:
        return found()
    except AlignbenchError as error:
        return f"refused: {error.remedy}"
    except Exception as error:  # a fault, to be shown as one
        return f"{type(error).__name__}: {' '.join(str(error).split())}"
