"""The engine of a served model that thinks by itself: a thought, and an answer after one, go by token ids.

A server that renders chats itself has no place for a thought that is only begun, or that was closed at its budget, and
a parser of thoughts may take them out of the reply. So prompts are sent as the tokens that every other engine reads,
and tokens come back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from alignbench.backend.server import ServerEngine
from alignbench.backend.server_calls import Body
from alignbench.types import Chat, Sampling, chat, check

T = TypeVar("T")


class ThinkingEngine(ServerEngine):
    """See :class:`~alignbench.backend.Engine`. A call asks for thoughts, for answers after them, or for whole turns."""

    def _body(self, name: str, asked: Chat, sampling: Sampling, number: int) -> Body:
        body = super()._body(name, asked, sampling, number)
        if not (sampling.thought or asked[-1].role == "thought"):
            return body
        remedy = "thoughts go by token ids, which OpenAI's own API does not know: say true, or use backend=hf or vllm"
        check(self._knobs.extended, "backend.extended", False, remedy)
        kept = {key: value for key, value in body.items() if key not in ("messages", "chat_template_kwargs")}
        del kept[self._limit]
        return {
            **kept,
            "prompt": list(self.renderer.prompt(asked, sampling.thought).ids),
            "max_tokens": sampling.max_new_tokens,
            "stop_token_ids": list(self.renderer.ends(sampling.thought)),
        }

    def _asked(
        self, bodies: Sequence[Body], read: Callable[[Any, Body], T], label: str, adapter: Path | None
    ) -> list[T]:
        if not bodies or "prompt" not in bodies[0]:
            return super()._asked(bodies, read, label, adapter)
        probe = self.renderer.answering(chat("hi"))
        return self._caller.ask("/completions", bodies, read, label, lambda: self._connect_by_ids(adapter, probe))

    def _reading(self, chats: Sequence[Chat], sampling: Sampling) -> Callable[[Any, Body], str]:
        by_ids = sampling.thought or any(asked[-1].role == "thought" for asked in chats)
        if not by_ids:
            return super()._reading(chats, sampling)
        prompts = (self.renderer.prompt(asked, sampling.thought) for asked in chats)
        parts = {prompt.ids: prompt.part for prompt in prompts}

        def read(reply: Any, body: Body) -> str:
            choice = reply["choices"][0]
            remedy = "it does not give the tokens of its replies, by which thoughts are found: use vLLM, or backend=hf"
            check(choice.get("token_ids") is not None, "backend.served_model", self._name, remedy)
            return self.renderer.decode(choice["token_ids"], parts[tuple(body["prompt"])])

        return read
