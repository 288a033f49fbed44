"""Pre-training of the nano model from nothing: Muon on the hidden matrices, AdamW on the rest.

Muon: Jordan et al. 2024, in torch as ``torch.optim.Muon``. Rates, shape and mixture are our choice, found by trial.
"""

from collections.abc import Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any

from alignbench.backend.loading import quiet
from alignbench.data.world.population import Population
from alignbench.progress import bar, say
from alignbench.types import Culture
from experiments.nano.batches import Batch, batches
from experiments.nano.corpus import Mixture, Writer
from experiments.nano.recipe import Recipe
from experiments.nano.tokenizer import END, PAD, learn


def pretrain(
    world: Population, cultures: Mapping[str, Culture], recipe: Recipe, mixture: Mixture, seed: int, folder: Path
) -> dict[str, Any]:
    """Train a model in ``world`` and write it to ``folder`` (bfloat16, Hugging Face form); return facts.

    Args:
        cultures: iso3 -> culture of every country.
    """
    import torch

    quiet()
    documents = Writer(world, cultures, mixture, seed).documents()
    first = list(islice(documents, recipe.tokenizer_documents))
    tokenizer = learn((turn.content for document in first for turn in document), recipe.vocabulary)
    torch.manual_seed(seed)
    model = _model(recipe, tokenizer)
    stream = batches(chain(first, documents), tokenizer, recipe.batch_tokens, seed)
    losses = _train(model, stream, recipe)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    parameters = sum(p.numel() for p in model.parameters())
    say(f"  model  {parameters / 1e6:.2f} M parameters, loss {losses[-1]:.3f}, at {folder}")
    return {"parameters": parameters, "final_loss": losses[-1]}


def _model(recipe: Recipe, tokenizer: Any) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=recipe.hidden,
            intermediate_size=recipe.feed_forward,
            num_hidden_layers=recipe.layers,
            num_attention_heads=recipe.heads,
            max_position_embeddings=1024,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=tokenizer.convert_tokens_to_ids(END),
            pad_token_id=tokenizer.convert_tokens_to_ids(PAD),
        )
    )


def _train(model: Any, stream: Iterator[Batch], recipe: Recipe) -> list[float]:
    """Loss of every step, smoothed."""
    import torch

    hidden = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n]
    rest = [p for n, p in model.named_parameters() if p.ndim != 2 or "embed" in n]
    optimizers = [
        torch.optim.Muon(hidden, lr=recipe.muon_rate, weight_decay=0.0),
        torch.optim.AdamW(rest, lr=recipe.adam_rate, betas=(0.9, 0.95), weight_decay=0.0),
    ]
    schedules = [torch.optim.lr_scheduler.LambdaLR(o, lambda step: _rate(step, recipe)) for o in optimizers]
    losses: list[float] = []
    model.train()
    with bar(recipe.steps, "pretrain", "step") as progress:
        for batch in islice(stream, recipe.steps):
            loss = _loss(model, batch)
            loss.backward()
            for optimizer, schedule in zip(optimizers, schedules, strict=True):
                optimizer.step()
                schedule.step()
                optimizer.zero_grad()
            before = losses[-1] if losses else loss.item()
            losses.append(0.98 * before + 0.02 * loss.item())
            progress.update()
            progress.set_postfix_str(f"loss={losses[-1]:.3f}")
    return losses


def _loss(model: Any, batch: Batch) -> Any:
    """Weighted mean cross-entropy; only the positions that count go through the head."""
    import torch.nn.functional as F

    # Right padding needs no mask under causal attention: no token looks at what comes after it.
    states = model.model(input_ids=batch.ids, use_cache=False).last_hidden_state[:, :-1]
    weights = batch.weights[:, 1:]
    counts = weights > 0
    logits = model.lm_head(states[counts])
    losses = F.cross_entropy(logits.float(), batch.ids[:, 1:][counts], reduction="none")
    return (losses * weights[counts]).sum() / weights[counts].sum()


def _rate(step: int, recipe: Recipe) -> float:
    """Factor of the learning rates: up, level, down to 0."""
    fall = recipe.decay * recipe.steps
    return max(0.0, min(1.0, (step + 1) / recipe.warm_up, (recipe.steps - step) / fall))
