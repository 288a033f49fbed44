"""vLLM: the answers of ``hf`` at scale. One engine, many adapters, shared prefixes cached."""

from __future__ import annotations

import gc
import json
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

from alignbench.backend import Backend, Engine, Usage, adapters
from alignbench.backend.options import Ids, contexts, scores
from alignbench.component import Count, OneOf, PositiveShare, recorded
from alignbench.progress import bar, say
from alignbench.types import Chat, ModelRef, OptionScores, Sampling, check

# Requests of one call to vLLM: enough to keep it busy, few enough for a bar that moves. Our choice.
_CALL = 4096
# vLLM's own switch, which holds for the servers that we start, too.
BATCH_INVARIANT = "VLLM_BATCH_INVARIANT"


@dataclass(frozen=True)
class VLLM(Backend):
    """Arguments of the engine; its dtype comes with the model."""

    # Share of the GPU's memory for weights and KV cache.
    gpu_memory_utilization: PositiveShare = recorded(0.9)
    # Longest prompt and answer together, in tokens; never more than the model knows positions.
    max_model_len: Count = recorded(4096)
    # GPUs over which one copy of the model is spread.
    tensor_parallel: Count = recorded(1)
    # No CUDA graphs: starts sooner, runs slower; needed on the CPU.
    enforce_eager: bool = recorded(False)
    # Largest LoRA rank that can be served, among those that vLLM knows.
    max_lora_rank: Annotated[int, OneOf(8, 16, 32, 64, 128, 256, 320, 512)] = recorded(64)
    # Kernels whose results do not depend on what else is in a batch: slower, and of some GPUs alone (vLLM lists
    # them). Every manifest says whether they were in use.
    batch_invariant: bool = recorded(False)
    # KV cache in GiB where vLLM runs on the CPU.
    cpu_kv_gib: Count = recorded(1)

    @property
    def cards(self) -> int:
        """As many as one copy of the model is spread over."""
        return self.tensor_parallel

    def verify(self) -> None:
        """The package must be there."""
        remedy = "not installed: pip install 'alignbench[vllm]', or use backend=hf"
        check(find_spec("vllm") is not None, "backend", "vllm", remedy)

    def open(self, model: ModelRef) -> VLLMEngine:
        """An engine; vLLM starts at the first call."""
        self.verify()
        return VLLMEngine(model, self)


class VLLMEngine(Engine):
    """See :class:`~alignbench.backend.Engine`. Only token ids reach vLLM, and only token ids come back."""

    def __init__(self, model: ModelRef, knobs: VLLM) -> None:
        self.model = model
        self.usage = Usage()
        self._knobs = knobs
        self._llm: Any = None
        # (path, time of change) of every adapter served -> vLLM's number for it.
        self._adapters: dict[tuple[Path, int], int] = {}

    def generate(self, chats: Sequence[Chat], sampling: Sampling, adapter: Path | None = None) -> list[list[str]]:
        """Sampled texts depend on the seed and the chat's place in the call."""
        from vllm import SamplingParams

        greedy = sampling.temperature == 0
        seeds = random.Random(sampling.seed)
        params = [
            SamplingParams(
                n=1 if greedy else sampling.n,
                temperature=sampling.temperature,
                top_p=sampling.top_p,
                max_tokens=sampling.max_new_tokens,
                seed=seeds.getrandbits(31),
                stop_token_ids=list(self.renderer.ends(sampling.thought)),
                detokenize=False,
            )
            for _ in chats
        ]
        prompts = [self.renderer.prompt(chat, sampling.thought) for chat in chats]
        outputs = self._run([prompt.ids for prompt in prompts], params, adapter, "generate")
        copies = sampling.n if greedy else 1
        return [
            [self.renderer.decode(sample.token_ids, prompt.part) for sample in out.outputs] * copies
            for prompt, out in zip(prompts, outputs, strict=True)
        ]

    def score(
        self, chats: Sequence[Chat], options: Sequence[Sequence[str]], adapter: Path | None = None
    ) -> list[OptionScores]:
        """One forward a prompt for single-token options, one more for each longer option's every next token.

        Longer options go through the same exact look-up, prompt + first tokens -> next token, so
        that the prefix cache serves them; asking vLLM for ``prompt_logprobs`` would bypass it.
        """
        from vllm import SamplingParams

        prompts, choices = self.renderer.with_options(chats, options)
        # Sorted by tokens: prompts with the same beginning run one after the other.
        asked = sorted(
            (prompts[i].ids + context, i, context, tokens)
            for i, choice in enumerate(choices)
            for context, tokens in contexts(choice).items()
        )
        params = [
            SamplingParams(max_tokens=1, temperature=0.0, logprob_token_ids=tokens, detokenize=False)
            for *_, tokens in asked
        ]
        outputs = self._run([ids for ids, *_ in asked], params, adapter, "score")
        tables: list[dict[Ids, dict[int, float]]] = [{} for _ in prompts]
        for (_, i, context, tokens), output in zip(asked, outputs, strict=True):
            found = output.outputs[0].logprobs[0]
            tables[i][context] = {token: found[token].logprob for token in tokens}
        return [scores(choice, table) for choice, table in zip(choices, tables, strict=True)]

    def close(self) -> None:
        """End vLLM's process, which frees the GPU's memory."""
        if self._llm is not None:
            self._llm.llm_engine.engine_core.shutdown()
        self._llm = None
        self._adapters.clear()
        gc.collect()

    def _run(self, prompts: Sequence[Ids], params: Sequence[Any], adapter: Path | None, label: str) -> list[Any]:
        """vLLM's outputs in the order of ``prompts``."""
        lora = self._lora(adapter)
        if self._llm is None:
            self._llm = self._start()
        inputs = [{"prompt_token_ids": list(ids)} for ids in prompts]
        outputs: list[Any] = []
        with bar(len(inputs), label, "prompt") as progress:
            for start in range(0, len(inputs), _CALL):
                part = slice(start, start + _CALL)
                outputs += self._llm.generate(inputs[part], list(params[part]), use_tqdm=False, lora_request=lora)
                progress.update(len(inputs[part]))
        self.usage.prompt_tokens += sum(len(out.prompt_token_ids) - (out.num_cached_tokens or 0) for out in outputs)
        self.usage.generated_tokens += sum(len(sample.token_ids) for out in outputs for sample in out.outputs)
        return outputs

    def _lora(self, adapter: Path | None) -> Any:
        """vLLM's handle of an adapter; a retrained folder counts as another."""
        if adapter is None:
            return None
        adapters.verify_served(adapter, self.model, self._knobs.max_lora_rank)
        from vllm.lora.request import LoRARequest

        key = (adapter, (adapter / "adapter_model.safetensors").stat().st_mtime_ns)
        number = self._adapters.setdefault(key, len(self._adapters) + 1)
        return LoRARequest(f"adapter{number}", number, str(adapter))

    def _start(self) -> Any:
        knobs = self._knobs
        os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", str(knobs.cpu_kv_gib))
        if knobs.batch_invariant:
            os.environ[BATCH_INVARIANT] = "1"
        os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
        os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
        from vllm import LLM
        from vllm.platforms import current_platform

        say(f"  load   {self.model.name} ({self.model.dtype}, vLLM)")
        config = json.loads((self.model.path / "config.json").read_text(encoding="utf-8"))
        return LLM(
            model=str(self.model.path),
            dtype=self.model.dtype,
            skip_tokenizer_init=True,
            generation_config="vllm",
            max_model_len=min(knobs.max_model_len, config.get("max_position_embeddings", knobs.max_model_len)),
            gpu_memory_utilization=knobs.gpu_memory_utilization,
            tensor_parallel_size=knobs.tensor_parallel,
            enforce_eager=knobs.enforce_eager,
            enable_prefix_caching=True,
            # A prefix is shared in whole blocks, and the CPU's default of 128 tokens is longer than most personas.
            block_size=32 if current_platform.is_cpu() else None,
            enable_lora=True,
            max_lora_rank=knobs.max_lora_rank,
        )
