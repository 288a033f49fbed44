"""The folder that others load, with nothing of this machine in it."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alignbench.aligned import WEIGHTS
from alignbench.backend.steering import SteeringVector
from alignbench.sharing.card import Shared, card
from alignbench.sharing.found import ShareableCell
from alignbench.sharing.hub import hub_id
from alignbench.sharing.steered import write_biased
from alignbench.store.manifest import plain, write_json
from alignbench.types import Item, ModelRef, PromptPolicy, check

_PROMPTS = "prompt_policy.json"
ADAPTER = "adapter_model.safetensors"
CONFIG = "adapter_config.json"
# Share of the next token that rounding to bfloat16 may move. Our choice.
_MERGED = 0.05
# Files of a model's folder, by their names without ending, that go wherever it or its derivatives go.
_TERMS = ("licence", "license", "notice", "terms", "use_policy")
# transformers' name for it.
_TEMPLATE = "chat_template.jinja"


def write_folder(found: ShareableCell, out: Path, base: str = "", merge: bool = False) -> Path:
    """Write ``out/<cell>``, in place of an older one, and return it.

    Args:
        base: what the base model is called to others; empty is its hub id, else its name.
        merge: also write base and adapter, or base and vector, as one model.

    Raises:
        AlignbenchError: ``merge`` with nothing to merge, or where it cannot be; nothing is left that may be passed on.
    """
    model = found.model
    hub = hub_id(found.config["knobs"]["model"])
    trained = found.cell.tools.folder(model.training) if model.training else None
    full = trained is not None and (trained / WEIGHTS).is_dir()
    adapter = None if full else trained
    steering = SteeringVector.load(found.cell.tools.folder(model.steering)) if model.steering else None
    kind = "adapter" if adapter else "full" if full else "steering" if steering else "prompts"
    merged = adapter is not None or steering is not None
    check(not merge or merged, "task.merge", True, "only an adapter or a vector can be merged; this cell has none")
    withheld = found.private and model.is_prompted
    remedy = "its prompts are respondents' own data, which may not be passed on; share the command instead"
    check(kind != "prompts" or not withheld, "method", found.record.cell.method, remedy)
    folder = out / found.cell.slug
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    name = base or hub or found.cell.model.name
    if adapter:
        shutil.copy(adapter / ADAPTER, folder / ADAPTER)
        write_json(folder / CONFIG, adapter_config(adapter, name))
    elif trained:
        shutil.copytree(trained / WEIGHTS, folder, dirs_exist_ok=True)
    elif steering:
        steering.save(folder)
    if merge and adapter:
        write_merged(model.base, adapter, folder / "merged")
    elif merge and steering:
        write_biased(model.base, steering, folder / "merged")
    if model.is_prompted and not withheld:
        items = found.cell.asked.asked(found.cell.culture.iso3)
        write_json(folder / _PROMPTS, policy_json(model.policy.ready(found.cell.tools.folder), items))
    if model.base.template:
        (folder / _TEMPLATE).write_text(model.base.template, encoding="utf-8")
    terms = sorted(file for file in model.base.path.iterdir() if file.is_file() and file.stem.lower() in _TERMS)
    for file in terms:
        shutil.copy(file, folder / file.name)
    shared = Shared(
        folder.name,
        name,
        bool(base or hub),
        kind,
        merge,
        speaks=model.is_prompted,
        withheld=withheld,
        terms=tuple(file.name for file in terms),
        template=_TEMPLATE if model.base.template else "",
    )
    text = card(found, shared)
    (folder / "README.md").write_text(text, encoding="utf-8")
    return folder


def policy_json(policy: PromptPolicy, items: Sequence[Item]) -> dict[str, Any]:
    """``systems`` where they are the same for all items, else ``items``: id -> question and system texts."""
    texts = {item.id: list(policy.systems_for(item)) for item in items}
    weighted = ", each with its weight" if policy.weights else ""
    head = {
        "use": f"Ask once with each system text (null: none) and average the answers' probabilities{weighted}.",
        **({"weights": list(policy.weights)} if policy.weights else {}),
        "language": policy.language,
        "reasoning": None if policy.reasoning is None else plain(vars(policy.reasoning)),
    }
    if all(found == texts[items[0].id] for found in texts.values()):
        return {**head, "systems": texts[items[0].id]}
    return {
        **head,
        "items": {item.id: {"question": policy.worded(item).question, "systems": texts[item.id]} for item in items},
    }


def adapter_config(adapter: Path, base: str) -> dict[str, Any]:
    """The PEFT adapter's configuration with ``base`` as its base model, not a folder of this machine."""
    config: dict[str, Any] = json.loads((adapter / CONFIG).read_text(encoding="utf-8"))
    return {**config, "base_model_name_or_path": base}


def write_merged(base: ModelRef, adapter: Path, folder: Path) -> None:
    """Add the adapter to the base model's weights, in the number format of the run; needs memory for the model.

    Raises:
        AlignbenchError: the sum is another model than the two apart.
    """
    import torch
    from peft import PeftModel

    from alignbench.backend.loading import load

    network, tokenizer = load(base, "cpu")
    worn = PeftModel.from_pretrained(network, adapter).eval()
    probe = torch.tensor([tokenizer("How important is family in your life?").input_ids])
    with torch.inference_mode():
        apart = worn(input_ids=probe).logits[0, -1].float().softmax(-1)
    merged = worn.merge_and_unload()
    with torch.inference_mode():
        moved = (merged(input_ids=probe).logits[0, -1].float().softmax(-1) - apart).abs().sum().item() / 2
    remedy = f"merging it changes what {base.name} says, as where layers share weights: share the adapter as it is"
    check(moved < _MERGED, "adapter", str(adapter), f"{remedy} ({moved:.2g} of the next token moved)")
    merged.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
