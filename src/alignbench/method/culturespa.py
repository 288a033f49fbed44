"""CultureSPA: questions on which the culture in the prompt changes the model's own answer, learnt with that answer.

Source: Xu et al. 2025 (CultureSPA, self-pluralising). The model answers survey questions plain and with the culture in
view; where the two differ it has knowledge of the culture that it does not use unprompted, and those it learns. Of the
survey only the questions come in. Read ``fit`` top to bottom; published values are in the comments.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pandas as pd

from alignbench.data.items import reworded
from alignbench.method import Method, RunContext
from alignbench.method.lessons import Lesson, Told, about, taught, with_provenance, written_by
from alignbench.method.practice import likeliest
from alignbench.method.prompting import rendered
from alignbench.progress import say
from alignbench.store.stages import Stage
from alignbench.synthetic.conversation import conversation, wording
from alignbench.synthetic.folder import read_set, write_set
from alignbench.synthetic.ledger import Ledger
from alignbench.synthetic.questions import fresh
from alignbench.types import AlignedModel, Item, Sampling, check

_QUESTIONS = {"item": "training item whose options it has", "topic": "of that item", "question": "as asked"}
_KEPT = {
    **_QUESTIONS,
    "plain": "answer without the culture (position among the options)",
    "position": "answer with the culture in view, which is learnt",
}


@dataclass(frozen=True)
class CultureSPA(Method):
    """Knobs of CultureSPA; who writes questions is ``generator``, who answers is the base model itself."""

    # Questions written for each topic beside the training items; 1,000 for each of 13 topics published.
    generated: int = 10
    # Training items shown to the writer; not known of the paper.
    shown: int = 3
    # Cosine to a training item from which a written question is a copy, and below which to all of its topic it is off
    # the topic (ours).
    copy: float = 0.95
    near: float = 0.3
    temperature: float = 0.8
    top_p: float = 0.9
    # Whether the model is told the culture; in training and when it is asked, as we read the paper.
    told: Told = Told.always
    # Passes over the rows, within training.updates; 1 published.
    passes: int = 1
    # Refuse to train on fewer questions whose answer the culture changes.
    least: int = 8

    def __post_init__(self) -> None:
        check(self.generated >= 0, "method.generated", self.generated, "give a number, or 0 for training items alone")
        for knob in ("shown", "passes", "least"):
            check(getattr(self, knob) > 0, f"method.{knob}", getattr(self, knob), "give a positive number")
        check(-1 <= self.near < self.copy <= 1, "method.near", self.near, "give less than method.copy, both cosines")

    def fit(self, context: RunContext) -> AlignedModel:
        """Write questions, answer them twice, keep where the answers differ, train.

        Raises:
            AlignbenchError: the culture in the prompt changes too few answers.
        """
        asked = self._questions(context)
        system = rendered("culture_answer", country=context.culture.country)
        plain = _answered(context, asked, "plain_answers", rendered("own_answer"))
        cultural = _answered(context, asked, "culture_answers", system)
        activated = self._activate(context, asked, plain, cultural)
        told = None if self.told is Told.never else system
        records = read_set(activated.path)[0].to_dict("records")
        lessons = [Lesson(_item(context, row), row["position"], told) for row in records]
        systems = {context.culture.iso3: system}
        model = taught(context, {"activate": activated.key}, lessons, systems, self.told, self.passes)
        notes = (written_by(context, f"{asked.facts['written']} questions"),) if asked.facts["written"] else ()
        return with_provenance(model, [asked, plain, cultural, activated], notes)

    def _questions(self, context: RunContext) -> Stage:
        """Training items and questions written after them. No country comes in, so all cultures share them."""
        knobs = ("generated", "shown", "copy", "near", "temperature", "top_p") if self.generated else ("generated",)
        written = {
            "generator": context.generator.identity(context.model),
            "embedder": context.embedder.fingerprint,
            "wording": wording("question"),
        }
        parts = {
            "survey": context.train.fingerprint,
            "knobs": {knob: getattr(self, knob) for knob in knobs},
            **(written if self.generated else {}),
            "seed": context.seed,
        }

        def build(folder: Path) -> Mapping[str, Any]:
            items = context.train.items
            ledger = Ledger("written questions")
            rows = [(item.id, item.topic, item.question) for item in items]
            if self.generated:
                rows += self._written(context, ledger)
                say(f"  {ledger}")
            steps = (
                f"{len(items)} training items.",
                f"{self.generated} questions written a topic, with their options.",
            )
            card = about(context, "culturespa", "Survey questions", "all countries", steps, _QUESTIONS)
            write_set(folder, pd.DataFrame(rows, columns=list(_QUESTIONS)), card, [ledger])
            return {"items": len(items), "written": ledger.kept}

        return context.store.stage("questions", parts, build)

    def _written(self, context: RunContext, ledger: Ledger) -> list[tuple[str, str, str]]:
        """New questions of each topic, its batteries in turn; each takes the options of the item shown last."""
        sources = [
            item
            for members in _by_topic(context.train.items).values()
            for item in islice(cycle(members), self.generated)
        ]
        chats = [self._request(context, item) for item in sources]
        sampling = Sampling(48, self.temperature, self.top_p, seed=context.seed)
        texts = context.generator.open(context.tools).generate(chats, sampling)
        offers = [(item.topic, said[0]) for item, said in zip(sources, texts, strict=True)]
        known = {topic: [i.question for i in context.train.items if i.topic == topic] for topic, _ in offers}
        kept = fresh(context.embedder, offers, known, self.copy, self.near, ledger)
        return [(item.id, item.topic, text) for item, text in zip(sources, kept, strict=True) if text is not None]

    def _request(self, context: RunContext, item: Item) -> Any:
        alike = [i.question for i in context.train.items if i.topic == item.topic and i.options == item.options]
        others = [question for question in alike if question != item.question][: self.shown - 1]
        options = item.poles or item.options
        return conversation(
            "question", topic=item.topic.replace("_", " "), options=options, examples=[*others, item.question]
        )

    def _activate(self, context: RunContext, asked: Stage, plain: Stage, cultural: Stage) -> Stage:
        """The questions whose answer the culture changes, with both answers."""

        def build(folder: Path) -> Mapping[str, Any]:
            frame, made = read_set(asked.path)
            frame["plain"], frame["position"] = plain.facts["positions"], cultural.facts["positions"]
            differ = frame["plain"] != frame["position"]
            ledger = Ledger("questions", int(differ.sum()))
            for question in frame["question"][~differ]:
                ledger.drop("same answer with and without the culture", question)
            ledger.require(self.least, "method.least")
            country = context.culture.country
            steps = (
                "Each question answered by the base model, plain and as a person of the country: the likeliest option.",
                "Kept where the two answers differ.",
            )
            card = about(context, "culturespa", f"What the model knows of {country}", country, steps, _KEPT)
            write_set(folder, frame[differ], card, [*made, ledger])
            return {"kept": ledger.kept, "made": ledger.made}

        parts = {"questions": asked.key, "answers": [plain.key, cultural.key], "least": self.least}
        return context.store.stage("activate", parts, build)


def _answered(context: RunContext, asked: Stage, name: str, system: str) -> Stage:
    """Stage ``name``: the base model's answer to every question under ``system``; plain ones serve all cultures.

    The likeliest one; the paper samples one at temperature .6.
    """

    def build(folder: Path) -> Mapping[str, Any]:
        items = [_item(context, row) for row in read_set(asked.path)[0].to_dict("records")]
        return {"positions": likeliest(context, items, system)}

    parts = {
        "questions": asked.key,
        "system": system,
        "model": [context.model.identity, context.model.dtype],
        "asking": context.asking.parts,
    }
    return context.store.stage(name, parts, build)


def _by_topic(items: Sequence[Item]) -> dict[str, list[Item]]:
    """The first items of each battery come first, then the second ones."""
    places: dict[str, int] = defaultdict(int)
    ranked = []
    for item in items:
        ranked.append((places[item.battery], item))
        places[item.battery] += 1
    topics: dict[str, list[Item]] = defaultdict(list)
    for _, item in sorted(ranked, key=lambda pair: pair[0]):
        topics[item.topic].append(item)
    return topics


def _item(context: RunContext, row: Mapping[Any, Any]) -> Item:
    item = context.train.item(row["item"])
    return reworded(item, row["question"], item.poles or item.options)
