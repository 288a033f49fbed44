"""From chats to token ids: the only place that applies a chat template.

Engines and trainers take token ids from here, never text, so that no second tokenisation can add
a second BOS and no backend can render a prompt in its own way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from alignbench.errors import AlignbenchError
from alignbench.progress import say
from alignbench.types import Chat, Message, ModelRef, check

_PROBE = "zqx"
_END_OF_THOUGHT = "</think>"


@dataclass(frozen=True)
class RenderedPrompt:
    """A rendered chat that waits for the assistant's words: ``ids`` are the tokens of ``text``."""

    text: str
    ids: tuple[int, ...]


class Renderer:
    """Applies one tokenizer's chat template, with guards.

    Args:
        tokenizer: a Hugging Face tokenizer with a chat template.
        template_kwargs: extra arguments of the template (``enable_thinking`` ...).
        name: of the model, for messages.
    """

    def __init__(self, tokenizer: Any, template_kwargs: Mapping[str, Any] | None = None, name: str = "model") -> None:
        self.tokenizer = tokenizer
        self.template_kwargs = dict(template_kwargs or {})
        self.name = name
        self._options: dict[tuple[tuple[int, ...], str], tuple[int, ...]] = {}
        check(bool(tokenizer.chat_template), "model.chat_template", None, f"{name} has no chat template")

    @classmethod
    def of(cls, model: ModelRef) -> Renderer:
        """The renderer of a resolved model; reads its tokenizer, not its weights."""
        from transformers import AutoTokenizer

        return cls(AutoTokenizer.from_pretrained(model.path), model.template_kwargs, model.name)

    def prompt(self, chat: Chat) -> RenderedPrompt:
        """The chat rendered up to where the assistant starts to speak."""
        text = self._render(chat, add_generation_prompt=True)
        return RenderedPrompt(text, self._encode(text))

    def option_ids(self, prompt: RenderedPrompt, option: str) -> tuple[int, ...]:
        """Tokens by which ``option`` continues ``prompt``.

        Remembered per option and per text since the prompt's last special token: what stands
        before a special token cannot change how the rest is tokenised.
        """
        start = max((i for i, token in enumerate(prompt.ids) if token in self._special), default=-1)
        key = (prompt.ids[start + 1 :] if start >= 0 else prompt.ids, option)
        if key not in self._options:
            check(bool(option), "option", option, "an option needs at least one character")
            self._options[key] = self._continuation(prompt, option)
        return self._options[key]

    def with_options(
        self, chats: Sequence[Chat], options: Sequence[Sequence[str]]
    ) -> tuple[list[RenderedPrompt], list[list[tuple[int, ...]]]]:
        """The prompts of chats, and the tokens of the options of each."""
        prompts = [self.prompt(chat) for chat in chats]
        asked = zip(prompts, options, strict=True)
        return prompts, [[self.option_ids(prompt, option) for option in own] for prompt, own in asked]

    def conversation(self, chat: Chat) -> tuple[list[int], list[int]]:
        """Token ids of (prompt, completion) for training; the last message is the assistant's.

        The completion ends with the token that ends a turn, so a model learns to stop.
        """
        last = chat[-1]
        check(last.role == "assistant", "chat", last.role, "a training chat ends with the assistant's message")
        prompt = self.prompt(chat[:-1])
        return list(prompt.ids), [*self._continuation(prompt, last.content), self.end_of_turn]

    @cached_property
    def end_of_turn(self) -> int:
        """The token that the template writes after the assistant's words."""
        text = self._render((Message("user", "hi"), Message("assistant", _PROBE)), add_generation_prompt=False)
        rest = self._tokens(text.rpartition(_PROBE)[2])
        check(bool(rest), "model.chat_template", rest, f"the template of {self.name} does not end the assistant's turn")
        return rest[0]

    @cached_property
    def stops(self) -> tuple[int, ...]:
        """Tokens at which generation stops: end of turn, and the tokenizer's end of text."""
        eos = self.tokenizer.eos_token_id
        return tuple(sorted({self.end_of_turn} | ({eos} if eos is not None else set())))

    def decode(self, ids: Sequence[int]) -> str:
        """Text of generated ids up to the first stop, trimmed; a thinking model's thoughts are cut off."""
        text = str(self.tokenizer.decode(ids[: self._end(ids)], skip_special_tokens=True))
        if self.template_kwargs.get("enable_thinking"):
            text = text.rpartition(_END_OF_THOUGHT)[2] if _END_OF_THOUGHT in text else ""
        return text.strip()

    def spoken(self, ids: Sequence[int]) -> int:
        """How many of these generated ids the model chose: up to the first stop, the stop included."""
        return min(self._end(ids) + 1, len(ids))

    def preflight(self, chat: Chat) -> str:
        """The rendered chat, after checking that no message was lost; for manifests and doctors.

        Raises:
            AlignbenchError: the template fails, drops a message, or BOS is not there exactly once.
        """
        text = self.prompt(chat).text
        for message in chat:
            shown, remedy = message.content.strip() in text, f"the template of {self.name} drops this message"
            check(shown, f"chat.{message.role}", message.content, remedy)
        return text

    @cached_property
    def keeps_system(self) -> bool:
        """Whether the template has a place for a system message."""
        try:
            text = self._apply((Message("system", _PROBE), Message("user", "hi")), add_generation_prompt=True)
        except AlignbenchError:
            text = ""
        if _PROBE not in text:
            say(f"  note   {self.name} knows no system message: it is put before the first user message")
        return _PROBE in text

    @cached_property
    def _special(self) -> frozenset[int]:
        return frozenset(self.tokenizer.all_special_ids)

    @cached_property
    def _adds_bos(self) -> bool:
        bos = self.tokenizer.bos_token_id
        return bos is not None and self.tokenizer("a").input_ids[:1] == [bos]

    def _end(self, ids: Sequence[int]) -> int:
        return next((i for i, token in enumerate(ids) if token in self.stops), len(ids))

    def _render(self, chat: Chat, add_generation_prompt: bool) -> str:
        if chat[0].role == "system" and not self.keeps_system:
            chat = _fold_system(chat)
        return self._apply(chat, add_generation_prompt)

    def _apply(self, chat: Chat, add_generation_prompt: bool) -> str:
        from jinja2 import TemplateError

        messages = [{"role": m.role, "content": m.content} for m in chat]
        try:
            return str(
                self.tokenizer.apply_chat_template(
                    messages, tokenize=False, add_generation_prompt=add_generation_prompt, **self.template_kwargs
                )
            )
        except TemplateError as error:
            roles = ", ".join(m.role for m in chat)
            raise AlignbenchError("model.chat_template", roles, f"the template of {self.name} says: {error}") from error

    def _encode(self, text: str) -> tuple[int, ...]:
        ids = self._tokens(text)
        bos = self.tokenizer.bos_token_id
        if self._adds_bos and ids[:1] != (bos,):
            ids = (bos, *ids)
        doubled = bos is not None and ids[:2] == (bos, bos)
        check(not doubled, "model.chat_template", ids[:2], f"the template of {self.name} writes BOS twice")
        return ids

    def _tokens(self, text: str) -> tuple[int, ...]:
        return tuple(self.tokenizer(text, add_special_tokens=False).input_ids)

    def _continuation(self, prompt: RenderedPrompt, text: str) -> tuple[int, ...]:
        """Tokens of ``text`` after ``prompt``; tokenised alone where its first token merges with the prompt's last."""
        whole = self._encode(prompt.text + text)
        if whole[: len(prompt.ids)] == prompt.ids:
            return whole[len(prompt.ids) :]
        return self._tokens(text)


def _fold_system(chat: Chat) -> Chat:
    system, user, *rest = chat
    return (Message("user", f"{system.content}\n\n{user.content}"), *rest)
