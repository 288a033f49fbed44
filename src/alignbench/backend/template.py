"""What a chat template writes around the words of a chat, found by rendering probes.

Templates are programs of their model's makers. Nothing about one is taken from its text: how an assistant's turn
begins and ends, whether there is room for a system message, which one is put there unasked, all this is seen in
what it renders.
"""

from __future__ import annotations

from datetime import date
from functools import cached_property
from textwrap import shorten
from typing import Any

from alignbench.backend.declared import FIELD, required, title
from alignbench.errors import AlignbenchError
from alignbench.progress import say
from alignbench.types import Chat, Message, ModelRef, chat, check

THOUGHT, END_OF_THOUGHT = "<think>", "</think>"
# How Qwen3's template writes a thought that says nothing.
_EMPTY_THOUGHT = f"{THOUGHT}\n\n{END_OF_THOUGHT}\n\n"
_PROBE = "zqx"
# Characters of a template's own system text that a note shows. Our choice.
_QUOTED = 160


class ChatTemplate:
    """The chat template of a model's tokenizer, with the arguments that the model's reference gives it."""

    def __init__(self, tokenizer: Any, model: ModelRef) -> None:
        self._tokenizer = tokenizer
        self._model = model
        required(tokenizer.chat_template, model.name)

    def text(self, messages: Chat) -> str:
        """The chat up to where the assistant may start to write, thoughts included; see :meth:`answering`."""
        text = self._render(messages, True)
        return text if self._lead else text.removesuffix(self.blank)

    def answering(self, messages: Chat) -> str:
        """The chat up to the first word of the assistant's answer, but for blanks, which belong to that word.

        A chat that ends with a thought goes on behind it, by what closes an empty one.
        """
        if messages[-1].role != "thought":
            return (self._render(messages, True) + self._lead).removesuffix(self.blank)
        return f"{self.thinking(messages[:-1])}{messages[-1].content}{self._halves[1]}".removesuffix(self.blank)

    def thinking(self, messages: Chat) -> str:
        """The chat up to the first word of the assistant's thought, the mark that begins it included.

        Raises:
            AlignbenchError: the model does not think, or not between these marks.
        """
        remedy = f"{self._model.name} has no thoughts between {THOUGHT} and {END_OF_THOUGHT}: say off, or none"
        check(self._model.thinks and bool(self._halves[1]), "model.thinking", self._model.thinks, remedy)
        return self._render(messages, True) + self._halves[0]

    def reply(self, words: str) -> str:
        """What follows :meth:`answering` where the answer is ``words``, up to the token that ends the turn."""
        tail, found, _ = self._around[1].partition(self.end)
        return f"{self.blank}{words}{tail if found else ''}{self.end}"

    @cached_property
    def end(self) -> str:
        """The special token that ends the assistant's turn: the first behind its words, else the end of text.

        Raises:
            AlignbenchError: there is neither.
        """
        after = self._around[1]
        special = {token.content for token in self._tokenizer.added_tokens_decoder.values() if token.special}
        places = {after.find(token): token for token in special if token in after}
        end = places[min(places)] if places else self._tokenizer.eos_token
        check(bool(end), FIELD, after, f"the template of {self._model.name} does not end the assistant's turn")
        return str(end)

    @cached_property
    def opens_thought(self) -> bool:
        """Whether a prompt ends in the middle of a thought."""
        prompt = self._render(chat("hi"), True)
        return prompt.rfind(THOUGHT) > prompt.rfind(END_OF_THOUGHT)

    @cached_property
    def keeps_system(self) -> bool:
        """Whether there is a place for a system message; otherwise it stands before the first user message."""
        try:
            kept = _PROBE in self._apply(chat("hi", _PROBE), True)
        except AlignbenchError:
            kept = False
        if not kept:
            say(f"  note   {self._model.name} knows no system message: it is put before the first user message")
        return kept

    @cached_property
    def default_system(self) -> str | None:
        """The system text that stands in a chat that has none; None where nothing is put there."""
        if not self.keeps_system:
            return None
        before, _, after = self._apply(chat("hi", _PROBE), True).partition(_PROBE)
        plain = self._apply(chat("hi"), True)
        around = plain.startswith(before) and plain.endswith(after) and len(plain) > len(before) + len(after)
        return plain[len(before) : len(plain) - len(after)].strip() or None if around else None

    @property
    def notes(self) -> tuple[str, ...]:
        """What the template adds to every prompt, a sentence each, for tables."""
        name, default = self._model.name, None if self._model.empty_system else self.default_system
        forced = self._thinking is False and (self.opens_thought or not self._switched)
        said = {
            f"{name} is asked in {title(self._model)}: “{self._form}”.": self._model.template,
            f"Where a method gives no system text, the template of {name} writes its own: "
            f"“{shorten(default or '', _QUOTED)}” (model.default_system=empty leaves it out).": default,
            f"The template of {name} writes a date: {self._model.today} in every prompt (model.today).": (
                self._model.today
            ),
            f"{name} thinks before it writes; where a method does not let it, it answers after an empty thought.": (
                self._thinking
            ),
            f"{name} has no switch for its thoughts: every turn begins with an empty one (model.thinking=off).": forced,
        }
        return tuple(note for note, holds in said.items() if holds)

    @property
    def _form(self) -> str:
        """A prompt in a line."""
        return self.text(chat("QUESTION", "SYSTEM TEXT")).replace("\n", "⏎")

    @property
    def _thinking(self) -> bool | None:
        """What was chosen; None where there is nothing to choose."""
        return self._model.template_kwargs.get("enable_thinking")

    @cached_property
    def _switched(self) -> bool:
        """Whether the choice changes what the template writes."""
        return self._written(chat("hi"), True, self._in_parts, enable_thinking=True) != self._written(
            chat("hi"), True, self._in_parts, enable_thinking=False
        )

    @cached_property
    def _around(self) -> tuple[str, str]:
        """What stands before and behind an assistant's words."""
        shown = self._render((*chat("hi"), Message("assistant", _PROBE)), False)
        remedy = f"the template of {self._model.name} does not show the assistant's words once"
        check(shown.count(_PROBE) == 1, FIELD, shown, remedy)
        before, _, after = shown.partition(_PROBE)
        return before, after

    @cached_property
    def _lead(self) -> str:
        """What stands between the end of a prompt and the answer's first word, blanks included.

        Raises:
            AlignbenchError: the prompt begins a turn in another way than a finished turn begins.
        """
        prompt, (before, _) = self._render(chat("hi"), True), self._around
        if self.opens_thought:
            remedy = f"the template of {self._model.name} opens a thought in every turn: choose on or off"
            check(self._thinking is not None, "model.thinking", "none", remedy)
            begun = prompt[prompt.rindex(THOUGHT) :]
            return _EMPTY_THOUGHT.removeprefix(begun) if _EMPTY_THOUGHT.startswith(begun) else f"\n{END_OF_THOUGHT}\n\n"
        if self._thinking is False and not self._switched:
            return _EMPTY_THOUGHT
        same = before.startswith(prompt) or prompt.startswith(before)
        remedy = f"the template of {self._model.name} begins a turn in one way when it prompts, in another in a chat"
        check(same, FIELD, before, remedy)
        lead = before.removeprefix(prompt) if before.startswith(prompt) else ""
        marked = END_OF_THOUGHT in lead or END_OF_THOUGHT not in str(self._tokenizer.chat_template)
        return lead if marked or not self._thinking else _EMPTY_THOUGHT

    @cached_property
    def _halves(self) -> tuple[str, str]:
        """What begins a thought and what closes it, closing empty where there is no mark for it.

        They are the empty thought of :attr:`_lead`, parted in the middle: of the blanks between its marks half belong
        to either, and what the prompt itself has begun is not written twice.
        """
        prompt, lead = self._render(chat("hi"), True), self._lead
        if END_OF_THOUGHT not in lead:
            return lead, ""
        begun = (prompt + lead).rindex(THOUGHT) + len(THOUGHT)
        blanks = (prompt + lead).index(END_OF_THOUGHT, begun) - begun
        middle = max(begun + blanks // 2 - len(prompt), 0)
        return lead[:middle], lead[middle:]

    @cached_property
    def blank(self) -> str:
        """The blanks that the template writes before the answer's first word; they are tokens of that word."""
        text = self._render(chat("hi"), True) + self._lead
        return text[len(text.rstrip(" ")) :]

    def messages(self, messages: Chat) -> Chat:
        """The chat as the template is given it: a system message where it has a place, an empty one if that is told."""
        system, *rest = messages
        if system.role == "system" and not self.keeps_system:
            user, *rest = rest
            return (Message("user", f"{system.content}\n\n{user.content}"), *rest)
        if system.role != "system" and self._model.empty_system and self.default_system is not None:
            return (self._empty, *messages)
        return messages

    @cached_property
    def _empty(self) -> Message:
        """The system message that keeps the template from writing a text of its own."""
        empty = Message("system", "")
        remedy = f"the template of {self._model.name} writes its system text in any case: use keep"
        kept = str(self.default_system) in self._apply((empty, *chat("hi")), True)
        check(not kept, "model.default_system", "empty", remedy)
        return empty

    @property
    def arguments(self) -> dict[str, Any]:
        """What the template is told besides the chat, in plain values; Llama's takes the date as ``date_string``."""
        today = {"date_string": self._today.strftime("%d %b %Y")} if self._today else {}
        return {**self._model.template_kwargs, **today}

    @property
    def _today(self) -> date | None:
        return date.fromisoformat(self._model.today) if self._model.today else None

    def _render(self, messages: Chat, prompting: bool) -> str:
        return self._apply(self.messages(messages), prompting)

    @cached_property
    def _in_parts(self) -> bool:
        """Whether the template takes a message's content as a list of parts, and does not show a text."""

        def shown(in_parts: bool) -> bool:
            try:
                return _PROBE in self._written(chat(_PROBE), True, in_parts)
            except AlignbenchError:
                return False

        return not shown(False) and shown(True)

    def _apply(self, messages: Chat, prompting: bool) -> str:
        return self._written(messages, prompting, self._in_parts)

    def _written(self, messages: Chat, prompting: bool, in_parts: bool, **changed: Any) -> str:
        from jinja2 import TemplateError

        def content(message: Message) -> Any:
            return [{"type": "text", "text": message.content}] if in_parts else message.content

        asked: dict[str, Any] = {**self.arguments, **changed}
        if self._today:
            asked["strftime_now"] = self._today.strftime
        dicts = [{"role": m.role, "content": content(m)} for m in messages]
        try:
            written = self._tokenizer.apply_chat_template(
                dicts, tokenize=False, add_generation_prompt=prompting, **asked
            )
        except (TemplateError, TypeError) as error:
            roles = ", ".join(m.role for m in messages)
            raise AlignbenchError(FIELD, roles, f"the template of {self._model.name} says: {error}") from error
        return str(written)
