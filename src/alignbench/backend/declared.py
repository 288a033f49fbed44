"""Chat templates that are declared for a model: ``model.template``. Base models have none of their own."""

from pathlib import Path
from typing import Any

from alignbench.errors import AlignbenchError
from alignbench.types import ModelRef, check

OWN, PLAIN = "own", "plain"
FIELD = "model.template"
# Our choice. What an answer begins with is a line of its own, so that a label is the same token after it whatever a
# tokenizer makes of blanks. Nothing is written for BOS: the tokenizer does that, where its model was trained with one.
PLAIN_TEXT = (
    "{% for m in messages %}"
    "{% if m.role == 'assistant' %}Answer:\n{% elif m.role == 'user' %}Question:\n{% endif %}"
    "{{ m.content }}\n\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}Answer:\n{% endif %}"
)


def declared(template: str) -> str:
    """The text of the template that ``model.template`` names; empty where it is the model's own.

    Args:
        template: ``own``, ``plain``, or a file with a chat template in Jinja.

    Raises:
        AlignbenchError: the file is not there, is empty, or no text.
    """
    if template in (OWN, PLAIN):
        return PLAIN_TEXT if template == PLAIN else ""
    try:
        text = Path(template).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        remedy = f"say {OWN}, {PLAIN}, or give a file with a chat template in Jinja ({type(error).__name__})"
        raise AlignbenchError(FIELD, template, remedy) from None
    check(bool(text.strip()), FIELD, template, "this file is empty")
    return text


def required(template: str | None, name: str) -> str:
    """The template that the model ``name`` is asked in.

    Raises:
        AlignbenchError: it has none, and none is declared.
    """
    remedy = f"say {FIELD}={PLAIN} to ask it in a plain one, or give a file; an instruct variant brings its own"
    check(bool(template), FIELD, OWN, f"{name} has no chat template, as base models have none: {remedy}")
    return str(template)


def title(model: ModelRef) -> str:
    """Which template a model is asked in, in words."""
    if not model.template:
        return "its own chat template"
    return f"the plain template ({FIELD}={PLAIN})" if model.template == PLAIN_TEXT else f"the template of {FIELD}"


def tokenizer_of(model: ModelRef, **told: Any) -> Any:
    """The model's tokenizer, with the template that is declared for it, if one is.

    Args:
        told: further arguments of transformers' loader.
    """
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model.path, trust_remote_code=False, **told)
    if model.template:
        tokenizer.chat_template = model.template
    return tokenizer
