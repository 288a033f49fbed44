"""The folder itself."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alignbench.aligned import WEIGHTS
from alignbench.sharing.card import FolderContents, card
from alignbench.sharing.found import ShareableCell
from alignbench.sharing.weights import hub_id, write_adapter, write_merged
from alignbench.store.manifest import plain, write_json
from alignbench.types import Item, PromptPolicy, check

_PROMPTS = "prompt_policy.json"


def write_folder(found: ShareableCell, out: Path, base: str = "", merge: bool = False) -> Path:
    """Write ``out/<cell>``, in place of an older one, and return it.

    Args:
        base: what the base model is called to others; empty is its hub id, else its name.
        merge: also write base and adapter as one model.

    Raises:
        AlignbenchError: ``merge`` without an adapter, or nothing is left that may be passed on.
    """
    model = found.model
    hub = hub_id(found.config["knobs"]["model"])
    trained = found.cell.tools.folder(model.training) if model.training else None
    full = trained is not None and (trained / WEIGHTS).is_dir()
    adapter = None if full else trained
    kind = "adapter" if adapter else "full" if full else "prompts"
    check(not merge or adapter is not None, "task.merge", True, "only an adapter can be merged; this cell has none")
    withheld = found.private and model.is_prompted
    remedy = "its prompts are respondents' own data, which may not be passed on; share the command instead"
    check(kind != "prompts" or not withheld, "method", found.record.cell.method, remedy)
    folder = out / found.cell.slug
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    name = base or hub or found.cell.model.name
    if adapter:
        write_adapter(adapter, name, folder)
    elif trained:
        shutil.copytree(trained / WEIGHTS, folder, dirs_exist_ok=True)
    if merge and adapter:
        write_merged(model.base, adapter, folder / "merged")
    if model.is_prompted and not withheld:
        items = found.cell.asked.asked(found.cell.culture.iso3)
        write_json(folder / _PROMPTS, policy_json(model.policy.ready(found.cell.tools.folder), items))
    shared = FolderContents(folder.name, name, bool(base or hub), kind, merge, model.is_prompted, withheld)
    (folder / "README.md").write_text(card(found, shared), encoding="utf-8")
    return folder


def policy_json(policy: PromptPolicy, items: Sequence[Item]) -> dict[str, Any]:
    """``systems`` where they are the same for all items, else ``items``: id -> question and system texts."""
    texts = {item.id: list(policy.systems_for(item)) for item in items}
    head = {
        "use": "Ask once with each system text (null: none) and average the answers' probabilities.",
        "language": policy.language,
        "reasoning": None if policy.reasoning is None else plain(vars(policy.reasoning)),
    }
    if all(found == texts[items[0].id] for found in texts.values()):
        return {**head, "systems": texts[items[0].id]}
    return {
        **head,
        "items": {item.id: {"question": policy.worded(item).question, "systems": texts[item.id]} for item in items},
    }
