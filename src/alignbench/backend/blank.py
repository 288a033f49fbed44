"""A tiny Llama with its own tokenizer, made in a second from a seed: the model of the tests.

Its weights are random, so what it says means nothing; everything else (chat template, single-token
labels, end of turn, LoRA targets) is as in a real model.
"""

from pathlib import Path
from typing import Any

from alignbench.backend.loading import quiet
from alignbench.identity import digest

FOLDER = "blank-v1"
PARAMETERS = 137_344
_SEED = 20
_START, _END = "<|im_start|>", "<|im_end|>"
_VOCABULARY = 640
_TEMPLATE = (
    "{% for m in messages %}" + _START + "{{ m.role }}\n{{ m.content }}" + _END + "\n{% endfor %}"
    "{% if add_generation_prompt %}" + _START + "assistant\n{% endif %}"
)
# What the tokenizer learns its merges from: the words of surveys and of prompts about them.
_CORPUS = """
system user assistant You are an average person from this country living in. Answer with the number of one option only.
How important is family in your life? Very important, rather important, not very important, not at all important.
Do you agree or disagree with the following statement? Agree strongly, agree, neither, disagree, disagree strongly.
How much confidence do you have in the government, the police, the courts, the press, the churches, the army?
A great deal, quite a lot, not very much, none at all. Most people can be trusted. You need to be very careful.
On a scale from 1 to 10, where 1 means never justifiable and 10 means always justifiable, how would you place your view?
People here hold that work, religion, friends, politics and leisure are important. When jobs are scarce, men should
have more right to a job than women. It is a duty towards society to have children. Which of these would you like?
Question: Options: Answer: yes no mentioned not mentioned good bad should often sometimes rarely never always
"""


def fingerprint() -> str:
    """The version of this recipe."""
    return digest(FOLDER)


def build(folder: Path) -> None:
    """Write tokenizer and random weights; the same bytes every time."""
    quiet()
    tokenizer = _tokenizer()
    tokenizer.save_pretrained(folder)
    _model(len(tokenizer), tokenizer.convert_tokens_to_ids(_END)).save_pretrained(folder)


def _tokenizer() -> Any:
    """Byte-level BPE: any text is possible, digits and capital letters are one token each."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=_VOCABULARY,
        special_tokens=["<|pad|>", _START, _END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    core.train_from_iterator(_CORPUS.splitlines(), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token=_START,
        eos_token=_END,
        pad_token="<|pad|>",
        chat_template=_TEMPLATE,
        model_max_length=2048,
        clean_up_tokenization_spaces=False,
    )


def _model(vocabulary: int, end: int) -> Any:
    """A Llama of 0.15 M parameters. Weights are drawn wide, so that its answers depend on the prompt."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    # Heads of 32: smaller ones are unknown to vLLM's attention kernels on the CPU.
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=64,
        intermediate_size=192,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=2048,
        initializer_range=0.1,
        tie_word_embeddings=True,
        bos_token_id=1,
        eos_token_id=end,
        pad_token_id=0,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SEED)
        return LlamaForCausalLM(config)
