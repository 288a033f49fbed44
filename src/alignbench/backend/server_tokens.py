"""The engine of a served model whose prompts the server cannot render: they go by token ids, and so do the replies.

A server has no place for a thought that is only begun, or that was closed at its budget, and a parser of thoughts may
take them out of the reply. Nor does it know a chat template that is declared here. So prompts are sent as the tokens
that every other engine reads, and tokens come back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from alignbench.backend.server import ServerEngine
from alignbench.backend.server_calls import Body
from alignbench.types import Chat, Sampling, chat, check

T = TypeVar("T")


class TokenEngine(ServerEngine):
    """See :class:`~alignbench.backend.Engine`. A call asks for thoughts, for answers after them, or for whole turns."""

    def _by_ids(self, asked: Chat, sampling: Sampling) -> bool:
        return bool(self.model.template) or sampling.thought or asked[-1].role == "thought"

    def _body(self, name: str, asked: Chat, sampling: Sampling, number: int) -> Body:
        body = super()._body(name, asked, sampling, number)
        if not self._by_ids(asked, sampling):
            return body
        what = "thoughts" if self.model.thinks else "prompts in a declared template"
        remedy = f"{what} go by token ids, which OpenAI's own API does not know: say true, or use backend=hf or vllm"
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
        if not any(self._by_ids(asked, sampling) for asked in chats):
            return super()._reading(chats, sampling)
        prompts = (self.renderer.prompt(asked, sampling.thought) for asked in chats)
        parts = {prompt.ids: prompt.part for prompt in prompts}

        def read(reply: Any, body: Body) -> str:
            choice = reply["choices"][0]
            remedy = "it does not give the tokens of its replies, by which they are read: use vLLM, or backend=hf"
            check(choice.get("token_ids") is not None, "backend.served_model", self._name, remedy)
            return self.renderer.decode(choice["token_ids"], parts[tuple(body["prompt"])])

        return read
