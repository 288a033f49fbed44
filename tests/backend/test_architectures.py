"""What a model's configuration says is honoured, as plain transformers does it, or refused by name."""

from __future__ import annotations

import json
import shutil

import pytest
from transformers import AutoTokenizer

from alignbench.backend.architecture import check_tokens, reach, remembers_tokens, text_config, window
from alignbench.backend.hf import HF
from alignbench.backend.loading import load, quiet
from alignbench.backend.model import Dtype, Model
from alignbench.backend.preflight import preflight
from alignbench.errors import AlignbenchError
from alignbench.training import Training
from alignbench.training.policy import load_policy
from alignbench.types import ModelRef, Sampling, chat
from experiments.architectures.measure import CHATS, NEW, OPTIONS, alone, greedy, measured, plain
from experiments.architectures.models import MODELS, WINDOW, build
from experiments.docs_table import DOCS

# One of each kind; the rest is in the table (and in `make proof`).
KINDS = {
    "Mistral (window)": WINDOW,
    "Gemma 2 (soft-capping, window)": WINDOW,
    "GPT-Neo (local attention)": WINDOW,
    "Qwen3-Next (linear attention)": None,
    "RecurrentGemma (hybrid)": WINDOW,
    "MPT (ALiBi)": None,
    "GPT-J": None,
    "Llama (more rows than tokens)": None,
}
PLAIN = {"GPT-J", "Llama (more rows than tokens)"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Builds a model once."""
    quiet()
    root = tmp_path_factory.mktemp("architectures")

    def model(name: str) -> ModelRef:
        folder = root / "".join(filter(str.isalnum, name))
        return Model(str(folder if folder.is_dir() else build(name, folder)), dtype=Dtype.float32).resolve()

    return model


def engine_of(model: ModelRef):
    return HF(device="cpu").open(model)


@pytest.mark.parametrize("name", KINDS)
def test_scores_and_greedy_texts_are_those_of_plain_transformers(made, name):
    model = made(name)
    assert window(text_config(model)) == KINDS[name]
    network = plain(model)
    assert remembers_tokens(network) == (name in PLAIN)
    engine = engine_of(model)
    with engine.remembering():
        texts = engine.generate(CHATS, Sampling(NEW))
        found = [x for one in engine.score(CHATS, [OPTIONS] * len(CHATS)) for x in one.logprobs]
    assert found == pytest.approx([x for row in alone(network, model) for x in row], abs=1e-4)
    assert texts == greedy(network, model)


def test_what_depends_on_its_neighbours_in_a_batch_is_refused(made):
    checks = dict(preflight(lambda: engine_of(made("RWKV 4"))))
    with pytest.raises(AlignbenchError, match="depends on the other prompts"):
        checks["score"]()


@pytest.mark.parametrize(
    ("name", "limit", "words"),
    [
        ("Llama (dynamic rope)", 512, "its dynamic rope moves"),
        ("Phi 3 (LongRoPE)", 256, "its longrope rope moves"),
        ("GPT-2", 512, "its positions end at"),
    ],
)
def test_a_prompt_past_where_positions_hold_is_refused(made, name, limit, words):
    model = made(name)
    assert reach(text_config(model))[0] == limit
    engine = engine_of(model)
    around = len(engine.renderer.prompt(chat("")).ids)

    def of(tokens: int):
        return [chat("1" * (tokens - around))]  # a digit is a token

    assert engine.score(of(limit), [("1", "2")]) and engine.generate(of(limit - 4), Sampling(4))
    with pytest.raises(AlignbenchError, match=words):
        engine.score(of(limit + 1), [("1", "2")])
    with pytest.raises(AlignbenchError, match=words):
        engine.generate(of(limit - 4), Sampling(5))


def test_a_model_of_rope_and_slopes_has_no_such_place(made):
    for name in ("Llama", "Bloom (ALiBi)", "MPT (ALiBi)", "Falcon (ALiBi)", "Mamba", "Llama (YaRN rope)"):
        assert reach(text_config(made(name))) is None


@pytest.fixture
def outside(made, tmp_path) -> ModelRef:
    """Llama with a padding token that its 640 rows of embeddings do not have, as many fine-tunes have it."""
    folder = shutil.copytree(made("Llama").path, tmp_path / "outside")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens([f"<{number}>" for number in range(len(tokenizer), 640)])
    tokenizer.add_special_tokens({"pad_token": "<pad>"})
    assert tokenizer.pad_token_id == 640
    tokenizer.save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "pad_token_id": 640}))
    return Model(str(folder), dtype=Dtype.float32).resolve()


def test_a_padding_token_without_an_embedding_is_never_read(made, outside):
    one, other = engine_of(outside), engine_of(made("Llama"))
    assert one.score(CHATS, [OPTIONS] * len(CHATS)) == other.score(CHATS, [OPTIONS] * len(CHATS))
    assert one.generate(CHATS, Sampling(NEW)) == greedy(plain(other.model), outside)
    assert load(outside, "cpu")[1].pad_token_id < 640
    with pytest.raises(AlignbenchError, match="token 640 has no embedding, there are 640"):
        check_tokens(load(outside, "cpu")[0], outside, [(1, 640)])
    one.score([chat("<pad>")], [("1", "2")])  # in a text it is five letters like any others


def test_an_adapter_of_turned_or_renamed_matrices_fits(made, tmp_path):
    from peft import LoraConfig, get_peft_model

    from alignbench.backend import adapters

    model = made("GPT-2")
    config = LoraConfig(r=4, target_modules="all-linear", fan_in_fan_out=True)
    get_peft_model(load(model, "cpu")[0], config).save_pretrained(tmp_path)
    adapters.verify(tmp_path, model)
    with pytest.raises(AlignbenchError, match="is not in the base"):
        adapters.verify(tmp_path, made("Llama"))


@pytest.mark.parametrize(("name", "modules"), [("Mamba", "in_proj"), ("Phi 3.5 MoE", "q_proj")])
def test_lora_that_cannot_be_put_on_is_refused_before_the_training(made, name, modules):
    with pytest.raises(AlignbenchError, match=rf"^training.lora_targets = .*name some of .*{modules}"):
        load_policy(made(name), Training(dtype="float32"), 0)


def test_an_adapter_that_cannot_be_merged_is_refused(made, tmp_path):
    from peft import LoraConfig, get_peft_model

    from alignbench.sharing.folder import write_merged

    model = made("Zamba 2 (hybrid)")
    config = LoraConfig(r=4, target_modules=["down_proj"], init_lora_weights=False)
    get_peft_model(load(model, "cpu")[0], config).save_pretrained(tmp_path)
    with pytest.raises(AlignbenchError, match="merging it changes what"):
        write_merged(model, tmp_path, tmp_path / "merged")


def documented() -> dict[str, list[str]]:
    """Architecture -> its cells in the docs."""
    page = (DOCS / "models_and_backends.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line[:2] == "| "]
    return {name: cells for name, *cells in rows if name in MODELS}


def test_the_table_holds_every_architecture_and_no_difference_that_counts():
    found = documented()
    assert list(found) == list(MODELS) and len(found) >= 30
    for cells in found.values():
        for cell in cells:
            assert cell in ("equal", "–") or cell.startswith("refused [") or float(cell) < 1e-4


@pytest.mark.proof
@pytest.mark.parametrize("name", MODELS)
def test_the_table_is_true(made, tmp_path, name):
    row = measured(made(name).path, tmp_path)
    for cell, found in zip(documented()[name], (row.scored, row.generated, row.trained, row.exported), strict=True):
        if isinstance(found, float):
            assert found < 1e-4 and float(cell) < 1e-4
        else:
            assert cell == (found or "–") or (found.startswith("refused: ") and cell.startswith("refused ["))
