"""Every method as its YAML makes it, and with the knobs that make other stages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from alignbench.config import conf_dir, instantiate
from alignbench.data.culture_splits import LeaveOut
from alignbench.dialogue.adaptation import Adaptation
from alignbench.method import Method
from alignbench.method.clca import View
from alignbench.method.culturellm import Augmentation
from alignbench.method.culturerl import OwnNorm, WarmStart, WrittenBy
from alignbench.method.culturespa import Elicited
from alignbench.method.narrative_sft import Narratives, Writer
from alignbench.method.prompt import BLOCKS
from alignbench.method.steering import Contrast, Vector
from alignbench.method.subpop import GroupLoss
from alignbench.norms.pool import Clustering
from alignbench.norms.prompts import Retrieval
from alignbench.steps.description import Describe, Description
from alignbench.steps.lessons import Disclosure
from alignbench.steps.norm_reward import Reward
from alignbench.steps.subpopulations import Telling
from alignbench.synthetic.opinions import Verification
from alignbench.testing import composed
from alignbench.training.hyper import HyperForm

# Two general conversations.
TALKS = Path(__file__).parent / "talks.jsonl"
# A few texts about countries of the planted world.
STORIES = Path(__file__).parent / "stories.csv"
# Methods that rest on single respondents, which bundled shares are not.
OF_RESPONDENTS = ("subpop",)
METHODS = sorted(path.stem for path in (conf_dir() / "method").glob("*.yaml"))
FURTHER = {
    "clca": [
        {"adaptation": Adaptation.generator},
        {"filter": False},
        {"tasks": (View.dialogue,)},
        {"tasks": (View.dialogue,), "general": str(TALKS)},
    ],
    "cnca_sft": [{"asked_chains": 0}],
    "culturellm": [
        {"variant": Augmentation.sentence_only},
        {"variant": Augmentation.seed_only, "told": Disclosure.never},
    ],
    "culturepark": [{"verify": Verification.critic}, {"verify": Verification.none, "told": Disclosure.training}],
    "culturerl": [
        {"wordings": WrittenBy.template, "warm_start": WarmStart.stances},
        {"warm_start": WarmStart.survey, "retrieval": Retrieval.top5, "own_norm": OwnNorm.excluded},
        {"joint": ("IRQ", "CHN")},
    ],
    "culturespa": [{"generated": 0}, {"joint": ("IRQ", "CHN"), "elicited": Elicited.cross_culture, "ask_items": False}],
    "gdpo": [{"joint": ("IRQ", "CHN"), "told": Disclosure.always}],
    "narrative_sft": [
        {"narratives": Narratives.encyclopaedic, "writer": Writer.statements, "survey": False},
        {"narratives": Narratives.none, "joint": ("IRQ", "CHN"), "told": Disclosure.always},
        {"texts": str(STORIES)},
    ],
    "prompt": [{"blocks": (name,)} for name in BLOCKS],
    "steering": [{"contrast": Contrast.options}, {"vector": Vector.random}],
    "subpop": [{"styles": tuple(Telling), "loss": GroupLoss.wasserstein, "without": ("woman",)}],
    "survey_dpo": [{"joint": ("IRQ", "CHN"), "told": Disclosure.always}],
    "survey_rl": [
        {"reward": Reward.entropy, "clustering": Clustering.umap_hdbscan},
        {"joint": ("IRQ", "CHN"), "told": Disclosure.always},
    ],
    "survey_sft": [{"joint": ("IRQ", "CHN"), "told": Disclosure.always}],
    "zhyper": [
        {"form": HyperForm.full, "describe": Describe.gibberish, "leave_out": LeaveOut.random},
        {"description": Description.norms, "describe": Describe.wrong, "cultures": ("IRQ", "CHN", "USA")},
        {"form": HyperForm.one_hot},
        {"form": HyperForm.multi_task, "leave_out": LeaveOut.zone},
        {"form": HyperForm.per_culture},
    ],
}


def every_method() -> Iterator[tuple[str, Method]]:
    """A name and a method: each YAML, then its variants."""
    for name in METHODS:
        usual = instantiate(composed(f"method={name}").method)
        yield name, usual
        for knobs in FURTHER.get(name, []):
            yield f"{name} {knobs}", replace(usual, **knobs)
