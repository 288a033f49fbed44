"""From chats to token ids: the only place that applies a chat template.

Engines and trainers take token ids from here, never text, so that no second tokenisation can add
a second BOS and no backend can render a prompt in its own way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

from alignbench.backend.declared import FIELD, tokenizer_of
from alignbench.backend.template import END_OF_THOUGHT, THOUGHT, ChatTemplate
from alignbench.types import Chat, ModelRef, check


class Part(Enum):
    """What of the assistant's turn follows a prompt."""

    turn = "turn"  # all of it; of a model that thinks by itself the thoughts, too
    thought = "thought"
    answer = "answer"


@dataclass(frozen=True)
class RenderedPrompt:
    """A rendered chat that waits for the assistant's words: ``ids`` are the tokens of ``text``."""

    text: str
    ids: tuple[int, ...]
    part: Part


class Renderer:
    """Token ids of chats for one model, with guards: see :class:`~alignbench.backend.template.ChatTemplate`."""

    def __init__(self, tokenizer: Any, model: ModelRef) -> None:
        self.tokenizer = tokenizer
        self.name = model.name
        self.template = ChatTemplate(tokenizer, model)
        self._thinks = model.thinks
        self._options: dict[tuple[tuple[int, ...], str], tuple[int, ...]] = {}

    @classmethod
    def of(cls, model: ModelRef) -> Renderer:
        """The renderer of a resolved model; reads its tokenizer, not its weights."""
        return cls(tokenizer_of(model), model)

    def prompt(self, chat: Chat, thought: bool = False) -> RenderedPrompt:
        """The chat rendered up to where the assistant starts to write, with its thoughts if it is to think.

        Args:
            thought: only a thought is wanted: it is begun.
        """
        if thought:
            return self._rendered(self.template.thinking(chat), Part.thought)
        if self._thinks and chat[-1].role != "thought":
            return self._rendered(self.template.text(chat), Part.turn)
        return self.answering(chat)

    def answering(self, chat: Chat) -> RenderedPrompt:
        """The chat rendered up to where the assistant's answer starts: behind its thought, empty where it has none."""
        return self._rendered(self.template.answering(chat), Part.answer)

    def option_ids(self, prompt: RenderedPrompt, option: str) -> tuple[int, ...]:
        """Tokens by which ``option`` continues ``prompt``.

        Remembered per option and per text since the prompt's last special token: what stands
        before a special token cannot change how the rest is tokenised.
        """
        start = max((i for i, token in enumerate(prompt.ids) if token in self._special), default=-1)
        key = (prompt.ids[start + 1 :] if start >= 0 else prompt.ids, option)
        if key not in self._options:
            check(bool(option), "option", option, "an option needs at least one character")
            self._options[key] = self._continuation(prompt, self.template.blank + option)
        return self._options[key]

    def with_options(
        self, chats: Sequence[Chat], options: Sequence[Sequence[str]]
    ) -> tuple[list[RenderedPrompt], list[list[tuple[int, ...]]]]:
        """The prompts of chats, up to the answer, and the tokens of the options of each."""
        prompts = [self.answering(chat) for chat in chats]
        asked = zip(prompts, options, strict=True)
        return prompts, [[self.option_ids(prompt, option) for option in own] for prompt, own in asked]

    def conversation(self, chat: Chat) -> tuple[list[int], list[int]]:
        """Token ids of (prompt, completion) for training; the last message is the assistant's.

        The completion ends with the token that ends a turn, so a model learns to stop. A thought that stands before
        the assistant's message is part of it.
        """
        *before, last = chat
        check(last.role == "assistant", "chat", last.role, "a training chat ends with the assistant's message")
        asked = tuple(before[:-1] if before[-1].role == "thought" else before)
        prompt = self.prompt(asked)
        text = self.template.answering(tuple(before)) + self.template.reply(last.content.strip())
        return list(prompt.ids), list(self._continuation(prompt, text.removeprefix(prompt.text)))

    @cached_property
    def end_of_turn(self) -> int:
        """The special token that ends the assistant's turn."""
        return int(self.tokenizer.convert_tokens_to_ids(self.template.end))

    @cached_property
    def stops(self) -> tuple[int, ...]:
        """Tokens at which generation stops: end of turn, and the tokenizer's end of text."""
        eos = self.tokenizer.eos_token_id
        return tuple(sorted({self.end_of_turn} | ({eos} if eos is not None else set())))

    def ends(self, thought: bool) -> tuple[int, ...]:
        """The stops, and where only a thought is wanted the mark that ends it, if that is a single token."""
        mark = self._tokens(END_OF_THOUGHT) if thought else ()
        return (*self.stops, *mark) if len(mark) == 1 else self.stops

    def decode(self, ids: Sequence[int], part: Part | None = None) -> str:
        """Text of generated ids up to the first stop, trimmed; a thought that ends by itself is followed by its mark.

        Args:
            part: what was generated; None is a whole turn. Its thoughts are cut off, and one that does not end leaves
                nothing.
        """
        if part is Part.answer or not self._thinks:
            return str(self.tokenizer.decode(ids[: self._end(ids, self.stops)], skip_special_tokens=True)).strip()
        text = str(self.tokenizer.decode(ids[: self._end(ids, self.stops)], skip_special_tokens=False))
        if part is Part.thought:
            thought, mark, _ = text.partition(END_OF_THOUGHT)
            return self._words(thought) + mark
        return self._words(text.rpartition(END_OF_THOUGHT)[2]) if END_OF_THOUGHT in text else ""

    def _words(self, text: str) -> str:
        """A text without special tokens and marks, trimmed."""
        for mark in (THOUGHT, END_OF_THOUGHT, *(self.tokenizer.added_tokens_decoder[i].content for i in self._special)):
            text = text.replace(mark, "")
        return text.strip()

    def spoken(self, ids: Sequence[int], thought: bool = False) -> int:
        """How many of these generated ids the model chose: up to the first stop, the stop included."""
        return min(self._end(ids, self.ends(thought)) + 1, len(ids))

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
    def _special(self) -> frozenset[int]:
        return frozenset(i for i, token in self.tokenizer.added_tokens_decoder.items() if token.special)

    @cached_property
    def _adds_bos(self) -> bool:
        bos = self.tokenizer.bos_token_id
        return bos is not None and self.tokenizer("a").input_ids[:1] == [bos]

    @staticmethod
    def _end(ids: Sequence[int], stops: Sequence[int]) -> int:
        return next((i for i, token in enumerate(ids) if token in stops), len(ids))

    def _rendered(self, text: str, part: Part) -> RenderedPrompt:
        return RenderedPrompt(text, self._encode(text), part)

    def _encode(self, text: str) -> tuple[int, ...]:
        ids = self._tokens(text)
        bos = self.tokenizer.bos_token_id
        if self._adds_bos and ids[:1] != (bos,):
            ids = (bos, *ids)
        doubled = bos is not None and ids[:2] == (bos, bos)
        check(not doubled, FIELD, ids[:2], f"the template of {self.name} writes BOS twice")
        return ids

    def _tokens(self, text: str) -> tuple[int, ...]:
        return tuple(self.tokenizer(text, add_special_tokens=False).input_ids)

    def _continuation(self, prompt: RenderedPrompt, text: str) -> tuple[int, ...]:
        """Tokens of ``text`` after ``prompt``; tokenised alone where its first token merges with the prompt's last."""
        whole = self._encode(prompt.text + text)
        if whole[: len(prompt.ids)] == prompt.ids:
            return whole[len(prompt.ids) :]
        return self._tokens(text)
