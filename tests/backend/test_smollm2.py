"""The real default model; runs where it has been converted before (conversion takes half a minute)."""

import pytest

from alignbench.backend import cache, smollm2
from alignbench.backend.hf import HF
from alignbench.backend.model import Dtype, Model
from alignbench.types import Sampling, chat

FOLDER = cache.root() / "models" / smollm2.FOLDER


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the default model is not in the cache")
def test_the_default_model_speaks_sane_english_and_stops():
    ref = Model("builtin:smollm2_135m", name="smollm2_135m", dtype=Dtype.float32).resolve()
    engine = HF(device="cpu").open(ref)
    ((answer,),) = engine.generate([chat("What is the capital of France?")], Sampling(max_new_tokens=16))
    assert answer == "The capital of France is Paris."
    assert engine.usage.generated_tokens < 16
    prompt = engine.renderer.prompt(chat("Choose.\n\n1. yes\n2. no"))
    assert engine.renderer.tokenizer.eos_token == "<|im_end|>"
    assert {len(engine.renderer.option_ids(prompt, label)) for label in "123456789"} == {1}
    # A blank line before a digit is one token, as in the model's training.
    assert "ĊĊ" in engine.renderer.tokenizer.convert_ids_to_tokens(prompt.ids)
