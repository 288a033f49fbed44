"""The folder that others load, with nothing of this machine in it, and its way to the Hugging Face hub."""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from alignbench.aligned import WEIGHTS
from alignbench.backend.model import HUB_ID
from alignbench.backend.steering import SteeringVector
from alignbench.errors import AlignbenchError
from alignbench.evaluation.catalogue import METRICS
from alignbench.identity import identity
from alignbench.report.numbers import KEY, change, number, of
from alignbench.report.verdict import verdict
from alignbench.sharing.found import ShareableCell
from alignbench.sharing.steered import write_biased
from alignbench.store.manifest import plain, write_json
from alignbench.templates import templates
from alignbench.types import Item, ModelRef, PromptPolicy, check

_PROMPTS = "prompt_policy.json"
_ADAPTER = "adapter_model.safetensors"
_CONFIG = "adapter_config.json"
# Share of the next token that rounding to bfloat16 may move. Our choice.
_MERGED = 0.05
# The columns of the scores.
_FIGURES = ("score", "skill", "difference", "p_value", "specificity")
_TEMPLATES = templates(Path(__file__).parent / "templates")
_TEMPLATES.filters.update(number=number, cell=lambda text: str(text).replace("|", r"\|"))
_TEMPLATES.globals.update(change=change, of=of, metrics=METRICS, key=KEY, figures=_FIGURES)
# Licences that the hub knows by these names; any other is "other" there, and named in full in the card.
_HUB_LICENCES = ("apache-2.0", "mit", "llama3.1", "cc-by-4.0", "gemma")
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
        shutil.copy(adapter / _ADAPTER, folder / _ADAPTER)
        write_json(folder / _CONFIG, adapter_config(adapter, name))
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
    told = {"name": folder.name, "base": name, "on_hub": bool(base or hub), "kind": kind, "merged": merge}
    told |= {"terms": [file.name for file in terms], "template": _TEMPLATE if model.base.template else ""}
    text = card(found, **told, speaks=model.is_prompted, withheld=withheld)
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


def hub_id(model: Mapping[str, Any]) -> str | None:
    """The hub id in the knobs of a model; None for builtins and folders."""
    path = str(model.get("path", ""))
    return path if HUB_ID.fullmatch(path) and not Path(path).exists() else None


def adapter_config(adapter: Path, base: str) -> dict[str, Any]:
    """The PEFT adapter's configuration with ``base`` as its base model, not a folder of this machine."""
    config: dict[str, Any] = json.loads((adapter / _CONFIG).read_text(encoding="utf-8"))
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


def check_push(repo: str) -> None:
    """Refuse before anything is written.

    Raises:
        AlignbenchError: the repository is not ``owner/name``, or no token is configured.
    """
    from huggingface_hub import get_token

    owner, _, name = repo.partition("/")
    check(bool(owner and name) and "/" not in name, "task.push", repo, "give owner/name")
    check(get_token() is not None, "task.push", repo, "no token is configured: run `hf auth login` or set HF_TOKEN")


def push(folder: Path, repo: str, private: bool) -> str:
    """Upload ``folder`` as a model repository, made if missing; returns its address.

    Raises:
        AlignbenchError: the hub refused or could not be reached; the folder stays.
    """
    from huggingface_hub import HfApi

    api = HfApi()
    try:
        address = api.create_repo(repo, private=private, exist_ok=True)
        message = f"{folder.name}, exported by alignbench"
        api.upload_folder(repo_id=repo, folder_path=folder, commit_message=message)
    except Exception as error:  # OSError, ValueError and classes of the hub's HTTP library
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise AlignbenchError("task.push", repo, f"the hub refused ({reason}); the folder is at {folder}") from error
    return str(address)


def card(found: ShareableCell, **shared: Any) -> str:
    """The text of README.md, from the record and the manifests alone.

    Args:
        shared: what lies in the folder: its ``name``; ``base``, what the base model is called to others, ``on_hub`` if
            that is a hub id; ``kind``: adapter, full, steering or prompts; whether ``merged/`` is there; whether a
            prompt policy belongs to the model (``speaks``), and whether its texts may not be passed on (``withheld``);
            files of the base model's ``terms``, and the declared chat ``template``, if there is one.
    """
    cell, record = found.cell, found.record
    model = found.config["knobs"]["model"]
    licence = str(model.get("licence", "")).lower()
    text = _TEMPLATES.get_template("card.md.jinja").render(
        shared=shared,
        cell=record.cell,
        record=record,
        verdict=verdict(record),
        licence=licence if licence in _HUB_LICENCES else "other",
        adjective=cell.culture.adjective,
        tags=["cultural-alignment", "alignbench", record.cell.method, record.cell.culture],
        sources=[s for s in record.provenance if s.licence or s.citation],
        recipe=recipe(found),
        stages=found.stages.values(),
        command=command(found),
        manifest=found.stage.manifest,
        citations=[text for text in (found.cell.survey.citation, str(model.get("citation") or "")) if text],
    )
    return f"{text}\n"


def recipe(found: ShareableCell) -> dict[str, dict[str, str]]:
    """Knobs of the method and of the training, and the plain facts of every stage, each by name."""
    parts = {"method": plain(found.cell.method.knobs), "asking": identity(found.cell.scoring.asking)}
    if "fit" in found.stages:
        parts["training"] = found.stages["fit"].manifest["inputs"]["training"]
    for name, stage in found.stages.items():
        facts = {k: v for k, v in stage.facts.items() if isinstance(v, str | int | float | bool)}
        parts[f"stage {name} ({stage.key})"] = facts
    return {name: {k: public(v) for k, v in knobs.items() if k != "class"} for name, knobs in parts.items()}


def command(found: ShareableCell) -> str:
    """The command line that made the cell, without what is not its meaning."""
    apart = ("task", "store=", "reports=", "tracking", "hydra")
    words = [public(word) for word in found.config["overrides"] if not word.lstrip("+~").startswith(apart)]
    return " ".join(["python -m alignbench", *words])


def public(value: Any) -> str:
    """``value`` as text; of a path on this machine only the last part."""
    text = ", ".join(map(public, value)) if isinstance(value, list | tuple) else str(value)
    if isinstance(value, Mapping):
        text = ", ".join(f"{k} {public(v)}" for k, v in value.items())
    return re.sub(r"(?<![\w.:/])[~/][^\s,]*/([^\s,/]+)", r"\1", text)
