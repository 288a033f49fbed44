"""The shapes of chat templates that models come with, each with a tokenizer of its kind, made in moments.

The texts are ours; the marks, blanks and turns are those of the published templates.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from alignbench.backend.render import Renderer
from alignbench.types import ModelRef

_CORPUS = """system user assistant model You live in Iraq. How important is family in your life? Answer with the number.
Very important, rather important, not very important, not at all important. 1 2 3 4 5 6 7 8 9 10 A B C D yes no hi
[INST] [/INST] <<SYS>> <</SYS>> User: Assistant: Today Date: 26 July 2024 helpful"""


@dataclass(frozen=True)
class Family:
    """A chat template, the kind of tokenizer that it goes with, and what must be found in it.

    Attributes:
        special: special tokens besides ``bos`` and ``eos``.
        pieces: a tokenizer that marks word beginnings (SentencePiece), not one on bytes.
        adds_bos: the tokenizer puts BOS before every text.
        turn: all that is written for a user who says "hi" and an assistant who answers "yes", to the end of the turn.
        words: the part of it that the assistant says, blanks and end included.
        default: the beginning of the system text that is written unasked.
        keeps_system: whether there is a place for a system message.
        thinking: what the user must choose; None where the model cannot think.
    """

    template: str
    turn: str
    words: str
    special: tuple[str, ...] = ()
    bos: str | None = None
    eos: str = "</s>"
    pieces: bool = False
    adds_bos: bool = False
    keeps_system: bool = True
    default: str | None = None
    thinking: bool | None = None
    today: str = ""

    def model(self, name: str, folder: Path = Path()) -> ModelRef:
        """A reference that tells the template what a user would."""
        kwargs = {} if self.thinking is None else {"enable_thinking": self.thinking}
        return ModelRef(name, folder, name, kwargs, today=self.today)

    def renderer(self, name: str) -> Renderer:
        """The renderer of a model of this family."""
        return Renderer(self.tokenizer(), self.model(name))

    def tokenizer(self) -> Any:
        """A tokenizer of some hundred tokens with this template. Digits are single tokens."""
        from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
        from transformers import PreTrainedTokenizerFast

        marks = [mark for mark in (self.bos, self.eos, *self.special) if mark]
        core = Tokenizer(models.BPE())
        digits = pre_tokenizers.Digits(individual_digits=True)
        letters = pre_tokenizers.ByteLevel.alphabet()
        if self.pieces:
            core.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Metaspace(prepend_scheme="first"), digits])
            core.decoder, letters = decoders.Metaspace(), sorted({*_CORPUS, "▁", *map(chr, range(33, 127))} - {" "})
        else:
            core.pre_tokenizer = pre_tokenizers.Sequence([digits, pre_tokenizers.ByteLevel(add_prefix_space=False)])
            core.decoder = decoders.ByteLevel()
        core.train_from_iterator(
            _CORPUS.splitlines(),
            trainers.BpeTrainer(
                vocab_size=600, special_tokens=marks, initial_alphabet=sorted(letters), show_progress=False
            ),
        )
        if self.adds_bos and self.bos:
            core.post_processor = processors.TemplateProcessing(
                single=f"{self.bos} $A", special_tokens=[(self.bos, core.token_to_id(self.bos))]
            )
        return PreTrainedTokenizerFast(
            tokenizer_object=core,
            bos_token=self.bos,
            eos_token=self.eos,
            chat_template=self.template,
            clean_up_tokenization_spaces=False,
        )


def _chatml(default: str = "") -> str:
    """Turns between <|im_start|> and <|im_end|>, a system text of the maker's where none is given."""
    unasked = (
        "{% if messages[0].role != 'system' %}<|im_start|>system\n" + default + "<|im_end|>\n{% endif %}"
        if default
        else ""
    )
    return (
        unasked + "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )


_CHATML = ("<|im_start|>", "<|im_end|>")
_SYSTEM_FIRST = (
    "{% if messages[0].role == 'system' %}{% set sys = messages[0].content %}{% set messages = messages[1:] %}"
)
_LLAMA3 = "<|start_header_id|>{}<|end_header_id|>\n\n"
_HEADERS = ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")
_DATED = (
    "{{ bos_token }}" + _SYSTEM_FIRST + "{% else %}{% set sys = '' %}{% endif %}"
    "{% if date_string is not defined %}{% set date_string = strftime_now('%d %b %Y') %}{% endif %}"
    + _LLAMA3.format("system")
    + "Today Date: {{ date_string }}\n\n{{ sys }}<|eot_id|>{% for m in messages %}"
    + _LLAMA3.format("{{ m.role }}")
    + "{{ m.content | trim }}<|eot_id|>{% endfor %}{% if add_generation_prompt %}"
    + _LLAMA3.format("assistant")
    + "{% endif %}"
)
_GEMMA = (
    "{{ bos_token }}%s{%% for m in messages %%}<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n"
    "%s{{ m.content | trim }}<end_of_turn>\n{%% endfor %%}"
    "{%% if add_generation_prompt %%}<start_of_turn>model\n{%% endif %%}"
)
_COHERE = (
    "<|START_OF_TURN_TOKEN|>",
    "<|END_OF_TURN_TOKEN|>",
    "<|SYSTEM_TOKEN|>",
    "<|USER_TOKEN|>",
    "<|CHATBOT_TOKEN|>",
)
_R1 = ("<｜User｜>", "<｜Assistant｜>", "<think>", "</think>")
_R1_TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ m.content }}{% elif m.role == 'user' %}"
    "<｜User｜>{{ m.content }}{% else %}<｜Assistant｜>{{ m.content.split('</think>')[-1] }}{{ eos_token }}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<｜Assistant｜>%s{% endif %}"
)
_SMOLLM = "You are a helpful assistant named Smol"
_QWEN = "You are Qwen, a helpful assistant."
_COMMAND = "You are Command, a model that helps."

_GEMMA_2 = Family(
    _GEMMA % ("{% if messages[0].role == 'system' %}{{ raise_exception('no system role') }}{% endif %}", ""),
    turn="<bos><start_of_turn>user\nhi<end_of_turn>\n<start_of_turn>model\nyes<end_of_turn>",
    words="yes<end_of_turn>",
    special=("<start_of_turn>", "<end_of_turn>"),
    bos="<bos>",
    eos="<eos>",
    adds_bos=True,
    keeps_system=False,
)
_DEEPSEEK = Family(
    _R1_TEMPLATE.replace("%s", "<think>\n"),
    turn="<｜begin｜><｜User｜>hi<｜Assistant｜><think>\n\n</think>\n\nyes<｜end｜>",
    words="yes<｜end｜>",
    special=_R1,
    bos="<｜begin｜>",
    eos="<｜end｜>",
    adds_bos=True,
    thinking=False,
)

FAMILIES = {
    "Llama 2": Family(
        _SYSTEM_FIRST + "{% endif %}{% for m in messages %}{% if m.role == 'user' %}{{ bos_token }}[INST] "
        "{% if loop.first and sys is defined %}<<SYS>>\n{{ sys }}\n<</SYS>>\n\n{% endif %}{{ m.content }} [/INST]"
        "{% else %} {{ m.content }} {{ eos_token }}{% endif %}{% endfor %}",
        turn="<s>[INST] hi [/INST] yes </s>",
        words=" yes </s>",
        bos="<s>",
        pieces=True,
        adds_bos=True,
    ),
    "Llama 3": Family(
        _DATED,
        turn="<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nToday Date: 26 Jul 2024\n\n<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nhi<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\nyes<|eot_id|>",
        words="yes<|eot_id|>",
        special=_HEADERS,
        bos="<|begin_of_text|>",
        eos="<|end_of_text|>",
        adds_bos=True,
        today="2024-07-26",
    ),
    "Mistral v0.1": Family(
        "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system role') }}"
        "{% elif m.role == 'user' %}[INST] {{ m.content }} [/INST]{% else %} {{ m.content }}{{ eos_token }}"
        "{% endif %}{% endfor %}",
        turn="<s>[INST] hi [/INST] yes</s>",
        words=" yes</s>",
        bos="<s>",
        pieces=True,
        adds_bos=True,
        keeps_system=False,
    ),
    "Mistral v0.3": Family(
        _SYSTEM_FIRST + "{% endif %}{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}[INST] "
        "{% if loop.last and sys is defined %}{{ sys }}\n\n{% endif %}{{ m.content }}[/INST]"
        "{% else %} {{ m.content | trim }}{{ eos_token }}{% endif %}{% endfor %}",
        turn="<s>[INST] hi[/INST] yes</s>",
        words=" yes</s>",
        special=("[INST]", "[/INST]"),
        bos="<s>",
        pieces=True,
        adds_bos=True,
    ),
    "Mistral Small 3": Family(
        "{{ bos_token }}" + _SYSTEM_FIRST + "{% else %}"
        "{% set sys = 'You are Mistral. The current date is ' + strftime_now('%Y-%m-%d') + '.' %}{% endif %}"
        "[SYSTEM_PROMPT]{{ sys }}[/SYSTEM_PROMPT]{% for m in messages %}"
        "{% if m.role == 'user' %}[INST]{{ m.content }}[/INST]{% else %}{{ m.content }}{{ eos_token }}{% endif %}"
        "{% endfor %}",
        turn="<s>[SYSTEM_PROMPT]You are Mistral. The current date is 2024-07-26.[/SYSTEM_PROMPT][INST]hi[/INST]yes</s>",
        words="yes</s>",
        special=("[INST]", "[/INST]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]"),
        bos="<s>",
        adds_bos=True,
        default="You are Mistral. The current date is 2024-07-26.",
        today="2024-07-26",
    ),
    "Gemma 2": _GEMMA_2,
    "Gemma 3": replace(
        _GEMMA_2,
        template=_GEMMA
        % (_SYSTEM_FIRST + "{% endif %}", "{% if loop.first and sys is defined %}{{ sys }}\n\n{% endif %}"),
        keeps_system=True,
    ),
    "Qwen 2.5": Family(
        _chatml(_QWEN),
        turn=f"<|im_start|>system\n{_QWEN}<|im_end|>\n<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\nyes<|im_end|>",
        words="yes<|im_end|>",
        special=_CHATML,
        eos="<|endoftext|>",
        default=_QWEN,
    ),
    "Qwen 3": Family(
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.role == 'assistant' and loop.last %}"
        "<think>\n\n</think>\n\n{% endif %}{{ m.content.split('</think>')[-1] }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n"
        "{% if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>\n\n{% endif %}{% endif %}",
        turn="<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\nyes<|im_end|>",
        words="yes<|im_end|>",
        special=_CHATML,
        eos="<|endoftext|>",
        thinking=False,
    ),
    "DeepSeek-R1": _DEEPSEEK,
    "DeepSeek-R1, first form": replace(_DEEPSEEK, template=_R1_TEMPLATE.replace("%s", "")),
    "Phi 3": Family(
        "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}<|end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|>\n{% endif %}",
        turn="<|user|>\nhi<|end|>\n<|assistant|>\nyes<|end|>",
        words="yes<|end|>",
        special=("<|system|>", "<|user|>", "<|assistant|>", "<|end|>"),
        bos="<s>",
        eos="<|endoftext|>",
    ),
    "Falcon": Family(
        "{% for m in messages %}{{ m.role | capitalize }}: {{ m.content }}\n{% endfor %}"
        "{% if add_generation_prompt %}Assistant:{% endif %}",
        turn="User: hi\nAssistant: yes<|endoftext|>",
        words=" yes<|endoftext|>",
        eos="<|endoftext|>",
    ),
    "Command-R": Family(
        "{{ bos_token }}" + _SYSTEM_FIRST + "{% else %}{% set sys = '" + _COMMAND + "' %}{% endif %}"
        "<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>{{ sys }}<|END_OF_TURN_TOKEN|>{% for m in messages %}"
        "<|START_OF_TURN_TOKEN|>{% if m.role == 'user' %}<|USER_TOKEN|>{% else %}<|CHATBOT_TOKEN|>{% endif %}"
        "{{ m.content | trim }}<|END_OF_TURN_TOKEN|>{% endfor %}"
        "{% if add_generation_prompt %}<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>{% endif %}",
        turn=f"<BOS_TOKEN><|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>{_COMMAND}<|END_OF_TURN_TOKEN|>"
        "<|START_OF_TURN_TOKEN|><|USER_TOKEN|>hi<|END_OF_TURN_TOKEN|>"
        "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>yes<|END_OF_TURN_TOKEN|>",
        words="yes<|END_OF_TURN_TOKEN|>",
        special=_COHERE,
        bos="<BOS_TOKEN>",
        eos="<|END_OF_TEXT|>",
        adds_bos=True,
        default=_COMMAND,
    ),
    "SmolLM 2": Family(
        _chatml(_SMOLLM),
        turn=f"<|im_start|>system\n{_SMOLLM}<|im_end|>\n<|im_start|>user\nhi<|im_end|>\n"
        "<|im_start|>assistant\nyes<|im_end|>",
        words="yes<|im_end|>",
        special=_CHATML,
        bos="<|im_start|>",
        eos="<|im_end|>",
        default=_SMOLLM,
    ),
    "content in parts": Family(
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{% for part in m.content %}{{ part.text }}{% endfor %}"
        "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
        turn="<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\nyes<|im_end|>",
        words="yes<|im_end|>",
        special=_CHATML,
        eos="<|endoftext|>",
    ),
    "channels": Family(
        "{% for m in messages %}<|start|>{{ m.role }}{% if m.role == 'assistant' %}<|channel|>final{% endif %}"
        "<|message|>{{ m.content }}{% if loop.last and m.role == 'assistant' %}<|return|>{% else %}<|end|>"
        "{% endif %}{% endfor %}{% if add_generation_prompt %}<|start|>assistant{% endif %}",
        turn="<|start|>user<|message|>hi<|end|><|start|>assistant<|channel|>final<|message|>yes<|return|>",
        words="yes<|return|>",
        special=("<|start|>", "<|end|>", "<|message|>", "<|channel|>"),
        eos="<|return|>",
    ),
    "a blank after the colon": Family(
        "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}{% if m.role == 'assistant' %}"
        "{{ eos_token }}{% endif %}{{ '\n' }}{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}",
        turn="<s>user: hi\nassistant: yes</s>",
        words=" yes</s>",
        bos="<s>",
        pieces=True,
        adds_bos=True,
    ),
}
