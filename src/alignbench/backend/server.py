"""An OpenAI-compatible server: any as generator and judge, vLLM's also for exact option scores.

Chats are sent for generation, token ids for scores.
"""

import hashlib
import json
import os
import shutil
import socket
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from alignbench.backend import Backend, Engine, IncompleteAnswers, Usage, adapters
from alignbench.backend import cache as caches
from alignbench.backend.options import Ids, contexts, scores
from alignbench.backend.render import RenderedPrompt
from alignbench.backend.server_budget import Budget
from alignbench.backend.server_calls import Body, Caller, ReplyCache
from alignbench.backend.server_client import Client, Failure
from alignbench.backend.server_forms import messages, require_logs
from alignbench.backend.server_process import SharedServer
from alignbench.backend.server_secrets import check_words, key_in
from alignbench.backend.template import END_OF_THOUGHT
from alignbench.component import Count, Maybe, NotNegative, Positive, recorded
from alignbench.errors import AlignbenchError
from alignbench.seeds import seed_of
from alignbench.types import Chat, ModelRef, OptionScores, Sampling, check

T = TypeVar("T")
_PRICES = ("usd_per_million_prompt", "usd_per_million_completion")
# Most tokens that vLLM looks up in one request.
_LOOKUPS = 128
# What :class:`~alignbench.types.Sampling` has no word for and a server's generation_config may set, switched off.
_NEUTRAL = {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}
_EXTENDED = (*_NEUTRAL, "stop_token_ids", "return_token_ids")


@dataclass(frozen=True)
class Server(Backend):
    """Where the server is, or how to start one; how hard it is asked; what may be spent."""

    # Address with its version, as OpenAI's clients want it; not read where start=true.
    base_url: str = recorded("http://localhost:8000/v1")
    # Name of the environment variable that holds the key; empty: no key is sent.
    key_env: str = recorded("")
    # What the server calls the model; empty: the model's name here.
    served_model: str = ""
    # Send the fields that OpenAI's own API does not know and vLLM, SGLang and llama.cpp do: without them a server's own
    # top_k, min_p and repetition penalty hold, and its tokens are not compared with ours.
    extended: bool = True
    # Bound the length of a reply by `max_completion_tokens`, for servers that refuse `max_tokens`.
    max_completion_tokens: bool = recorded(False)
    # Requests under way at once.
    concurrency: Count = recorded(16)
    # For one reply, from its first byte to its last.
    timeout_s: Positive = recorded(120.0)
    # On 429, 5xx, timeouts and broken connections; the wait before them starts with backoff_s and doubles.
    retries: Maybe = recorded(5)
    backoff_s: NotNegative = recorded(1.0)
    # Most that may ever be spent on this model of this server by all processes that share the cache, prompts and
    # answers together; 0 is no limit. Replies in the cache are free.
    budget_tokens: Maybe = recorded(0)
    budget_usd: NotNegative = recorded(0.0)
    # Prices; 0 is unknown.
    usd_per_million_prompt: NotNegative = recorded(0.0)
    usd_per_million_completion: NotNegative = recorded(0.0)
    # Folder of replies and of started servers; empty: next to the converted models.
    cache: str = recorded("")
    # Start `vllm serve` on the model's folder; processes of one machine share it, the last one stops it.
    start: bool = recorded(False)
    # The vLLM to start: a name or a path, so that it may live in another environment.
    command: str = recorded("vllm")
    # More arguments of `vllm serve`.
    args: tuple[str, ...] = recorded(())
    # Largest LoRA rank that a started server takes; 0 is none, which is faster.
    max_lora_rank: Maybe = recorded(64)
    # Until a started server must be healthy.
    start_timeout_s: Positive = recorded(900.0)

    def _consistent(self) -> None:
        check_words(self.key_env, self.base_url, self.args)
        priced = all(getattr(self, price) > 0 for price in _PRICES)
        remedy = f"dollars cannot be counted without prices: set {' and '.join(f'backend.{p}' for p in _PRICES)}"
        check(priced or not self.budget_usd, "backend.budget_usd", self.budget_usd, remedy)

    @property
    def key(self) -> str:
        """The key itself."""
        return key_in(self.key_env)

    @property
    def executable(self) -> str | None:
        """The vLLM to start: first next to this Python, then on the PATH."""
        return shutil.which(self.command, path=str(Path(sys.executable).parent)) or shutil.which(self.command)

    @property
    def folder(self) -> Path:
        """Folder of replies and of started servers."""
        return Path(self.cache).expanduser() if self.cache else caches.root() / "server"

    def verify(self) -> None:
        """Key and program must be there; whether a server answers is seen at the first call."""
        check(not self.key_env or bool(self.key), "backend.key_env", self.key_env, "this variable is not set, or empty")
        remedy = "not installed: pip install 'alignbench[vllm]', or give the path of a vllm in another environment"
        check(not self.start or self.executable is not None, "backend.command", self.command, remedy)

    def open(self, model: ModelRef) -> Engine:
        """An engine; the server is asked, or started, at the first call."""
        self.verify()
        from alignbench.backend.server_tokens import TokenEngine

        return (TokenEngine if model.thinks or model.template else ServerEngine)(model, self)


class ServerEngine(Engine):
    """See :class:`~alignbench.backend.Engine`. Every reply is kept on disk and asked for once.

    Every sampling parameter that a server may have a default of is sent, unless ``extended`` is false.
    """

    def __init__(self, model: ModelRef, knobs: Server) -> None:
        self.model = model
        # Tokens that the server has counted; what came from the cache is not among them.
        self.usage = Usage()
        self._knobs = knobs
        self._name = model.name if knobs.start else knobs.served_model or model.name
        self._process = self._shared_server() if knobs.start else None
        self._client = Client(knobs.key, knobs.timeout_s, knobs.retries, knobs.backoff_s)
        # A started server's port says nothing about its replies.
        ours = f"vllm serve --dtype {model.dtype} {' '.join(knobs.args)}"
        source = ours if knobs.start else knobs.base_url.rstrip("/")
        self._caller = Caller(
            client=self._client,
            cache=ReplyCache(knobs.folder / "replies"),
            budget=self._budget(source),
            concurrency=knobs.concurrency,
            source={"server": source, "weights": model.fingerprint},
            explain=self._explain,
        )
        self._scorable = False
        self._limit = "max_completion_tokens" if knobs.max_completion_tokens else "max_tokens"

    def _budget(self, source: str) -> Budget:
        knobs, whose = self._knobs, f"{self._name} at {source}"
        account = knobs.folder / "spent" / f"{hashlib.sha256(whose.encode()).hexdigest()[:16]}.json"
        prices = (knobs.usd_per_million_prompt / 1e6, knobs.usd_per_million_completion / 1e6)
        return Budget(knobs.budget_tokens, knobs.budget_usd, prices, self.usage, account, whose)

    def generate(self, chats: Sequence[Chat], sampling: Sampling, adapter: Path | None = None) -> list[list[str]]:
        """One request a sample; its seed depends on the sampling's, on the chat, and on how many of it came before.

        So texts do not depend on the other chats of the call, and those of neighbouring seeds, or of two chats that are
        answered with the same words, are unrelated.
        """
        name = self._served(adapter)
        count = 1 if sampling.temperature == 0 else sampling.n
        before: Counter[Chat] = Counter()
        bodies = []
        for chat in chats:
            bodies += [self._body(name, chat, sampling, before[chat] + i) for i in range(count)]
            before[chat] += count

        def by_chat(texts: Sequence[str]) -> list[list[str]]:
            return [list(texts[i : i + count]) * (sampling.n // count) for i in range(0, len(texts), count)]

        try:
            return by_chat(self._asked(bodies, self._reading(chats, sampling), "generate", adapter))
        except IncompleteAnswers as lost:
            texts = by_chat([text or "" for text in lost.answers])
            raise IncompleteAnswers(lost.field, lost.value, lost.remedy, texts, lost.share) from None

    def score(
        self, chats: Sequence[Chat], options: Sequence[Sequence[str]], adapter: Path | None = None
    ) -> list[OptionScores]:
        """One request a prompt for single-token options, one more for each longer option's every next token.

        Raises:
            AlignbenchError: the server is not vLLM (0.31 or later), or has another tokenizer.
        """
        name = self._served(adapter)
        prompts, choices = self.renderer.with_options(chats, options)
        asked = [
            (i, context, tokens[start : start + _LOOKUPS])
            for i, choice in enumerate(choices)
            for context, tokens in contexts(choice).items()
            for start in range(0, len(tokens), _LOOKUPS)
        ]
        # Log-probabilities of named tokens are a field of vLLM's, unknown elsewhere.
        bodies = [
            {
                "model": name,
                "prompt": [*prompts[i].ids, *context],
                "max_tokens": 1,
                **self._plain,
                "logprobs": 1,
                "logprob_token_ids": list(tokens),
                "return_tokens_as_token_ids": True,
            }
            for i, context, tokens in asked
        ]

        tables: list[dict[Ids, dict[int, float]]] = [{} for _ in prompts]
        found = self._caller.ask(
            "/completions", bodies, self._logprobs, "score", lambda: self._connect_by_ids(adapter, prompts[0])
        )
        for (i, context, _), values in zip(asked, found, strict=True):
            tables[i].setdefault(context, {}).update(values)
        return [scores(choice, table) for choice, table in zip(choices, tables, strict=True)]

    def room(self) -> str:
        """Whose server it is."""
        return "a server of our own" if self._process is not None else f"the server at {self._knobs.base_url}"

    def close(self) -> None:
        """Leave a started server, which stops with its last user."""
        if self._process is not None:
            self._process.leave()

    def _asked(
        self, bodies: Sequence[Body], read: Callable[[Any, Body], T], label: str, adapter: Path | None
    ) -> list[T]:
        """What ``read`` finds in the replies to chats."""
        return self._caller.ask("/chat/completions", bodies, read, label, lambda: self._connect(adapter))

    def _body(self, name: str, chat: Chat, sampling: Sampling, number: int) -> Body:
        """A request for sample ``number`` of ``chat``."""
        body: dict[str, Any] = {
            "model": name,
            **self._put(chat),
            self._limit: sampling.max_new_tokens,
            **self._plain,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            **(self._own if self._knobs.extended else {}),
        }
        if sampling.temperature > 0:
            body["seed"] = seed_of(sampling.seed, number, chat)
        return body

    def _put(self, chat: Chat) -> Body:
        """The chat as the model's template is given it here, so that the server makes the same tokens of it."""
        template = self.renderer.template
        told = {"chat_template_kwargs": template.arguments} if template.arguments else {}
        return {"messages": messages(template.messages(chat)), **told}

    @property
    def _plain(self) -> Body:
        """The model's own probabilities. Some servers give them after the temperature: at 1 they are as they were."""
        return {"temperature": 1.0, "top_p": 1.0, **(_NEUTRAL if self._knobs.extended else {})}

    @property
    def _own(self) -> Body:
        """What only a model with a folder can ask for: to stop where every other engine stops, and the tokens read."""
        return {"stop_token_ids": list(self.renderer.stops), "return_token_ids": True}

    def _reading(self, chats: Sequence[Chat], sampling: Sampling) -> Callable[[Any, Body], str]:
        """Reads an answer; one to other tokens than ours is refused, where the server says which it has read."""
        if not self._knobs.extended:
            return self._text
        wanted = {str(self._put(chat)["messages"]): list(self.renderer.prompt(chat).ids) for chat in chats}

        def read(reply: Any, body: Body) -> str:
            own, there = wanted[str(body["messages"])], reply.get("prompt_token_ids")
            differing = f"it reads a chat as other tokens ({len(there or ())}) than {self.model.name} here ({len(own)})"
            check(
                there in (None, own),
                "backend.served_model",
                self._name,
                f"{differing}: serve the same folder, or use another backend",
            )
            return self._text(reply, body)

        return read

    def _text(self, reply: Any, _: Body) -> str:
        """The answer, trimmed; thoughts that the server left in it are cut off."""
        message: Mapping[str, Any] = reply["choices"][0]["message"]
        text = str(message["content"] or "")
        if END_OF_THOUGHT in text:
            text = text.rpartition(END_OF_THOUGHT)[2]
        elif self.model.thinks:
            parted = message.get("reasoning") or message.get("reasoning_content")
            text = text if parted else ""
        return text.strip()

    def _logprobs(self, reply: Any, body: Body) -> dict[int, float]:
        try:
            found = reply["choices"][0]["logprobs"]["top_logprobs"][0]
            values = {token: float(found[f"token_id:{token}"]) for token in body["logprob_token_ids"]}
        except (KeyError, IndexError, TypeError):
            raise self._unscorable("it does not give log-probabilities of named tokens") from None
        require_logs(values.values(), self._unscorable)
        return values

    def _connect(self, adapter: Path | None) -> str:
        """Address of the server, which is up and has the adapter."""
        if self._process is None:
            return self._knobs.base_url.rstrip("/")
        url = f"{self._process.url()}/v1"
        if adapter is not None:
            body = {"lora_name": self._served(adapter), "lora_path": str(adapter.absolute())}
            try:
                self._client.post(f"{url}/load_lora_adapter", body)
            except Failure as failure:
                if "already been loaded" not in failure.reason:
                    other = AlignbenchError("adapter", str(adapter), failure.reason)
                    raise self._explain(failure) or other from failure
        return url

    def _served(self, adapter: Path | None) -> str:
        """What the server calls the model with this adapter; an adapter is named by its content."""
        if adapter is None:
            return self._name
        remedy = "only a server that is started here can serve adapters: use backend.start=true, or backend=hf"
        check(self._process is not None, "backend.start", False, remedy)
        adapters.verify_served(adapter, self.model, self._knobs.max_lora_rank)
        digest = hashlib.sha256()
        for file in ("adapter_config.json", "adapter_model.safetensors"):
            digest.update((adapter / file).read_bytes())
        return f"{self._name}-lora-{digest.hexdigest()[:16]}"

    def _connect_by_ids(self, adapter: Path | None, prompt: RenderedPrompt) -> str:
        """The same where token ids are sent: they must mean there what they mean here. Asked of vLLM's tokenizer."""
        url = self._connect(adapter)
        if self._scorable:
            return url
        body = {"model": self._name, "prompt": prompt.text, "add_special_tokens": False}
        try:
            tokens = json.loads(self._client.post(f"{url.removesuffix('/v1')}/tokenize", body))["tokens"]
        except Failure as failure:
            no_endpoint = failure.status in (404, 405) and self._name not in failure.reason
            explained = None if no_endpoint else self._explain(failure)
            raise explained or self._unscorable(failure.reason) from failure
        except (ValueError, KeyError, TypeError):
            raise self._unscorable("it does not say how it tokenises") from None
        own = list(prompt.ids)
        # The renderer may have put a BOS before the text's tokens.
        same = tokens in (own, own[1:])
        check(same, "backend.served_model", self._name, f"its tokenizer is not that of {self.model.name}")
        self._scorable = True
        return url

    def _unscorable(self, reason: str) -> AlignbenchError:
        remedy = (
            f"cannot score options ({reason}): it serves as generator and judge only; "
            "evaluate with backend=hf, backend=vllm, or a vLLM server (0.31 or later)"
        )
        return AlignbenchError("backend", self._knobs.base_url if self._process is None else "server", remedy)

    def _explain(self, failure: Failure) -> AlignbenchError | None:
        """The error for a failure that every other request would meet as well."""
        knobs, status, reason = self._knobs, failure.status, failure.reason
        if failure.unreachable and self._process is not None:
            return AlignbenchError(
                "backend.start", reason, f"the server has ended; its last words:\n{self._process.log}"
            )
        if failure.unreachable:
            return AlignbenchError("backend.base_url", knobs.base_url, f"no server answers there ({reason})")
        if status in (401, 403):
            return AlignbenchError("backend.key_env", knobs.key_env, f"the server does not accept this key ({reason})")
        if status == 404 and self._name in reason:
            return AlignbenchError("backend.served_model", self._name, f"the server has no such model ({reason})")
        if status == 400 and "max_completion_tokens" in reason and not knobs.max_completion_tokens:
            return AlignbenchError("backend.max_completion_tokens", False, f"the server wants it to be true ({reason})")
        if status in (400, 422) and knobs.extended and any(name in reason for name in _EXTENDED):
            remedy = f"the server refuses what OpenAI's API lacks ({reason}): say false, and its own defaults hold"
            return AlignbenchError("backend.extended", True, remedy)
        if status is not None and (300 <= status < 400 or status in (404, 405)):
            remedy = f"no OpenAI-compatible server there ({reason}); most addresses end in /v1"
            return AlignbenchError("backend.base_url", knobs.base_url, remedy)
        return None

    def _shared_server(self) -> SharedServer:
        knobs, model = self._knobs, self.model
        lora = ("--enable-lora", "--max-lora-rank", str(knobs.max_lora_rank)) if knobs.max_lora_rank else ()
        assert knobs.executable is not None
        command = [
            *(knobs.executable, "serve", str(model.path), "--served-model-name", self._name, "--dtype", model.dtype),
            # Not the sampling that a model's folder may suggest.
            *("--generation-config", "vllm", "--disable-uvicorn-access-log", *lora, *knobs.args),
        ]
        environment = {"VLLM_ALLOW_RUNTIME_LORA_UPDATING": "1", "VLLM_NO_USAGE_STATS": "1", "VLLM_API_KEY": knobs.key}
        shared_by = [socket.gethostname(), os.environ.get("CUDA_VISIBLE_DEVICES"), model.fingerprint, command]
        name = hashlib.sha256(json.dumps(shared_by).encode()).hexdigest()[:16]
        return SharedServer(knobs.folder / "started" / name, command, environment, knobs.start_timeout_s)
