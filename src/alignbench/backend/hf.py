"""Transformers in process: exact option scores and batched generation on a CPU or one GPU."""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignbench.backend import Backend, Engine, Usage, adapters, architecture, forward
from alignbench.backend.batches import PrefixGroup, TokenSequence, batches
from alignbench.backend.loading import load
from alignbench.backend.memory import give_back
from alignbench.backend.options import Ids, contexts, leaves, scores
from alignbench.backend.past import Cache, Past
from alignbench.backend.reading import Reader
from alignbench.backend.steering import SteeringVector, residuals_of
from alignbench.component import Count, Maybe, recorded
from alignbench.device import device_of, free_memory
from alignbench.faults import out_of_memory
from alignbench.progress import bar, say
from alignbench.types import Chat, ModelRef, OptionScores, Sampling, check

# What one more forward costs, in tokens; a GPU needs more work to be busy. Our choice.
_OVERHEAD = {"cpu": 32, "cuda": 1024}
_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}


@dataclass(frozen=True)
class HF(Backend):
    """One process, one device; adapters are switched, never merged."""

    serves_full_modules = True
    steers = True

    # Tokens of one forward, padding included.
    batch_tokens: Count = recorded(16384)
    # auto | cpu | cuda | cuda:0
    device: str = recorded("auto")
    # CPU threads; 0 leaves them as they are.
    threads: Maybe = recorded(0)
    # MiB for what was read of chats that go on (role-play), so that a turn reads only what is new; 0 keeps nothing.
    past: Maybe = recorded(2048)

    def verify(self) -> None:
        """The device must be there."""
        device_of(self.device)

    @property
    def cards(self) -> int:
        """None where the user named the device."""
        return int(self.device in ("auto", "cuda"))

    def open(self, model: ModelRef) -> HFEngine:
        """An engine on this device; weights load at the first call."""
        return HFEngine(model, self)


class HFEngine(Engine):
    """See :class:`~alignbench.backend.Engine`."""

    def __init__(self, model: ModelRef, knobs: HF) -> None:
        self._device = device_of(knobs.device)
        self.model = model
        self.usage = Usage()
        self._budget, self._threads, self._room = knobs.batch_tokens, knobs.threads, knobs.past << 20
        # None outside of remembering(), and of steering().
        self._past: Past | None = None
        self._steering: SteeringVector | None = None
        self._short_of_memory = False
        self._weights: Any = None
        # Path and time of change of the one adapter in memory.
        self._adapter: tuple[Path, int] | None = None

    def generate(self, chats: Sequence[Chat], sampling: Sampling, adapter: Path | None = None) -> list[list[str]]:
        """Sampled texts depend on the seed and on the other chats of the call; greedy ones on neither."""
        prompts, thought = [self.renderer.prompt(chat, sampling.thought) for chat in chats], sampling.thought
        rows = [TokenSequence(i, prompt.ids) for i, prompt in enumerate(prompts)]
        texts: list[list[str]] = [[] for _ in rows]
        with self._speaking(adapter) as weights, _seeded(sampling.seed), bar(len(rows), "generate", "chat") as progress:
            reader = self._reader(weights, adapter)
            architecture.check_tokens(weights, self.model, (row.ids for row in rows), sampling.max_new_tokens)

            def step(batch: list[TokenSequence]) -> None:
                new, cache = reader.begun(batch)
                self.usage.prompt_tokens += sum(map(len, new))
                drawn, run = forward.sample(weights, new, sampling, self.renderer.ends(thought), cache)
                said = [[ids[: self.renderer.spoken(ids, thought)] for ids in samples] for samples in drawn]
                for row, samples in zip(batch, said, strict=True):
                    texts[row.request] = [self.renderer.decode(ids, prompts[row.request].part) for ids in samples]
                    self.usage.generated_tokens += sum(map(len, samples))
                reader.keep([(*row.ids, *samples[0]) for row, samples in zip(batch, said, strict=True)], run)

            self._run(batches(rows, self._budget // sampling.n, sampling.max_new_tokens), step, progress)
        return texts

    def score(
        self, chats: Sequence[Chat], options: Sequence[Sequence[str]], adapter: Path | None = None
    ) -> list[OptionScores]:
        """One forward a prompt where options are single tokens; prefixes that many prompts share run once."""
        prompts, choices = self.renderer.with_options(chats, options)
        wanted = [contexts(asked) for asked in choices]
        tables: list[dict[Ids, dict[int, float]]] = [{} for _ in prompts]
        rows = [TokenSequence(i, prompt.ids, leaf) for i, prompt in enumerate(prompts) for leaf in leaves(wanted[i])]
        with self._speaking(adapter) as weights, bar(len(rows), "score", "row") as progress:
            architecture.check_tokens(weights, self.model, (row.ids for row in rows))
            for wave, cache in self._reader(weights, adapter).waves(rows):
                step = self._look_up(weights, wave, cache, wanted, tables)
                self._run(batches([row for group in wave for row in group.rows], self._budget), step, progress)
        return [scores(asked, table) for asked, table in zip(choices, tables, strict=True)]

    @contextmanager
    def remembering(self) -> Iterator[None]:
        """Texts and scores differ from what they are without by rounding only."""
        outer, self._past = self._past, Past(self._room) if self._room else None
        try:
            yield
        finally:
            self._past = outer
            # Up to gigabytes in many pieces: what comes next may find no room between them.
            give_back()

    @contextmanager
    def steering(self, steering: SteeringVector) -> Iterator[None]:
        """By a hook, without and with an adapter."""
        steering.verify(self.model)
        outer, self._steering = self._steering, steering
        try:
            yield
        finally:
            self._steering = outer

    def residuals(self, chats: Sequence[Chat], said: Sequence[str] = ()) -> NDArray[np.float32]:
        """Those of the base model, by one forward a batch."""
        import torch

        prompts = [self.renderer.prompt(chat) for chat in chats]
        texts = said or [""] * len(prompts)
        more = [self.renderer.option_ids(p, text) if text else () for p, text in zip(prompts, texts, strict=True)]
        rows = [TokenSequence(i, (*prompts[i].ids, *ids)) for i, ids in enumerate(more)]
        found: dict[int, NDArray[np.float32]] = {}
        with self._speaking(None) as weights, bar(len(rows), "residuals", "chat") as progress:
            architecture.check_tokens(weights, self.model, (row.ids for row in rows))

            def step(batch: list[TokenSequence]) -> None:
                with residuals_of(weights) as layers:
                    forward.logprobs(weights, [row.ids for row in batch], 1)
                last = torch.stack([layer[:, -1] for layer in layers], dim=1).float().cpu().numpy()
                found.update(zip((row.request for row in batch), last, strict=True))
                self.usage.prompt_tokens += sum(len(row.ids) for row in batch)

            self._run(batches(rows, self._budget), step, progress)
        return np.stack([found[i] for i in range(len(rows))])

    def room(self) -> str:
        """What the weights take and what is free on the device; weights that are loaded are not counted again."""
        free, needed = free_memory(self._device), (self.model.parameters or 0) * _BYTES[self.model.dtype]
        remedy = f"the weights of {self.model.name} take {_gib(needed)}, and {_gib(free)} are free"
        fits = self._weights is not None or needed <= free
        check(fits, "backend.device", self._device, f"{remedy}: choose a smaller model, or another device")
        return f"on {self._device}, {_gib(needed)} of weights, {_gib(free)} free"

    def close(self) -> None:
        """Drop the weights, and what was read with them, and give their memory back."""
        self._weights = self._adapter = None
        if self._past is not None:
            self._past = Past(self._room)
        _free()

    def _reader(self, weights: Any, adapter: Path | None) -> Reader:
        past = self._past if architecture.remembers_tokens(weights) else None
        if past is not None:
            past.turn_to((adapter, self._steering))
        return Reader(weights, self._budget, _OVERHEAD[self._device.partition(":")[0]], self.usage, past)

    def _look_up(
        self,
        weights: Any,
        wave: Sequence[PrefixGroup],
        cache: Cache | None,
        wanted: Sequence[Mapping[Ids, Sequence[int]]],
        tables: Sequence[dict[Ids, dict[int, float]]],
    ) -> Callable[[list[TokenSequence]], None]:
        """What to do with a batch of ``wave``: run it and write the wanted log-probabilities into ``tables``.

        Args:
            cache: what each group of the wave begins with.
        """
        places = {(row.request, row.leaf): place for place, group in enumerate(wave) for row in group.rows}

        def step(batch: list[TokenSequence]) -> None:
            keep = max(len(row.leaf) for row in batch) + 1
            begun = [places[row.request, row.leaf] for row in batch]
            suffixes = [row.ids[wave[place].prefix :] for row, place in zip(batch, begun, strict=True)]
            found = forward.logprobs(weights, suffixes, keep, cache, begun)
            cells = [
                (i, keep - 1 - len(row.leaf) + depth, row.request, row.leaf[:depth], token)
                for i, row in enumerate(batch)
                for depth in range(len(row.leaf) + 1)
                for token in wanted[row.request][row.leaf[:depth]]
            ]
            at = tuple([cell[k] for cell in cells] for k in (0, 1, 4))
            for (_, _, request, context, token), value in zip(cells, found[at].tolist(), strict=True):
                tables[request].setdefault(context, {})[token] = value
            self.usage.prompt_tokens += sum(map(len, suffixes))

        return step

    def _run(
        self, work: Sequence[list[TokenSequence]], step: Callable[[list[TokenSequence]], None], progress: Any
    ) -> None:
        """Do every batch; one that does not fit into the memory is halved."""
        queue = deque(work)
        while queue:
            batch = queue.popleft()
            if _fits(step, batch):
                progress.update(len(batch))
                continue
            check(len(batch) > 1, "backend.batch_tokens", len(batch[0].ids), "one prompt alone fills the memory")
            _free()
            half = len(batch) // 2
            queue.extendleft([batch[half:], batch[:half]])
            if not self._short_of_memory:
                say("  note   out of memory: going on with smaller batches; lower backend.batch_tokens")
            self._short_of_memory = True
            self._budget = min(self._budget, half * len(batch[0].ids))

    @contextmanager
    def _speaking(self, adapter: Path | None) -> Iterator[Any]:
        """The weights in inference mode with ``adapter`` switched on, or bare, and steered where a vector is given."""
        import torch

        if adapter is not None:
            adapters.verify(adapter, self.model)
        if self._weights is None:
            if self._threads:
                torch.set_num_threads(self._threads)
            self._weights, _ = load(self.model, self._device)
        if adapter is not None:
            self._switch(adapter)
        bare = adapter is None and self._adapter is not None
        with (
            torch.inference_mode(),
            self._weights.disable_adapter() if bare else nullcontext(),
            self._steering.at_work(self._weights) if self._steering else nullcontext(),
        ):
            yield self._weights

    def _switch(self, adapter: Path) -> None:
        """Put ``adapter`` in the place of the one in memory; a retrained folder counts as another."""
        from peft import PeftModel

        wanted = (adapter, (adapter / "adapter_model.safetensors").stat().st_mtime_ns)
        if wanted == self._adapter:
            return
        # The training that has just made it leaves its tensors in cycles.
        _free()
        name = f"{wanted[1]}-{adapter.name}".replace(".", "_")
        if self._adapter is None:
            self._weights = PeftModel.from_pretrained(self._weights, adapter, adapter_name=name)
        else:
            old = self._weights.active_adapter
            self._weights.load_adapter(adapter, adapter_name=name)
            self._weights.set_adapter(name)
            self._weights.delete_adapter(old)
        self._weights.eval()
        self._adapter = wanted


def _gib(size: float) -> str:
    return f"{size / 2**30:.1f} GiB"


def _fits(step: Callable[[list[TokenSequence]], None], batch: list[TokenSequence]) -> bool:
    """Whether ``step`` got through without running out of memory; its tensors are gone when this returns."""
    try:
        step(batch)
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        return False
    return True


def _free() -> None:
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    give_back()


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seeded random numbers inside; outside everything goes on as if nothing had been drawn."""
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield
