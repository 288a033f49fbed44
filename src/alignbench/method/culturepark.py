"""CulturePark: people of a culture debate survey questions; what they say becomes reasons for the country's answers.

Source: Li et al., NeurIPS 2024 (arXiv 2405.15145). A delegate holds the country's answer; what they say is extracted,
verified against it and learnt as answer plus reason. Read ``fit`` top to bottom; published values are in comments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from alignbench.dialogue.debate import DELEGATE, debate, parties
from alignbench.dialogue.prompt import seen
from alignbench.dialogue.roleplay import RolePlay
from alignbench.dialogue.scenario import SIDES
from alignbench.dialogue.state import load
from alignbench.method import Method, RunContext
from alignbench.method.lessons import Told, about, practised, told_model, with_provenance, written_by
from alignbench.method.prompting import rendered
from alignbench.method.seeds import Held, Seeds, Typical, held, seeds_of
from alignbench.progress import say
from alignbench.store.stages import Stage
from alignbench.synthetic.conversation import wording
from alignbench.synthetic.folder import About, read_set, write_set
from alignbench.synthetic.ledger import Ledger
from alignbench.synthetic.opinions import (
    Extract,
    Speech,
    Verification,
    extracted,
    in_shape,
    rewritten,
    settle,
    thinned,
    verifier,
)
from alignbench.types import AlignedModel, Sampling, check


class Mode(Enum):
    """Who debates."""

    cross = "cross"  # the delegate and an American (an American delegate: a Briton)
    within = "within"  # two of the culture, delegates both


_COLUMNS = {
    "item": "survey item",
    "question": "its wording",
    "stance": "the country's typical answer in words",
    "opinion": "what the delegate said",
    "position": "of the answer among the options, from 0",
}


@dataclass(frozen=True)
class CulturePark(Method):
    """Knobs of CulturePark; who speaks and writes is ``generator``, who verifies ``critic`` or ``judge``."""

    seeds: Seeds = Seeds.most_varying
    # Seeds before those are dropped that the country was not asked; 50 in the authors' file, 4.1 K in the paper.
    count: int = 16
    # The answer that the delegate holds and that is learnt; the paper's is a mean of codes, cut off to an integer.
    answer: Typical = Typical.mode
    mode: Mode = Mode.cross
    # A moderator's cue before each turn (the authors' v1), or free talk (v2).
    guided: bool = True
    # Both are told to speak as people in their country would, and the delegate what to hold.
    self_calibration: bool = True
    dialogues: int = 2  # of each seed
    turns: int = 4
    # Tokens of a turn and temperature; 168 and .7 published.
    turn_tokens: int = 60
    temperature: float = 0.7
    top_p: float = 0.9
    # Published: model. A small model lists worse than it speaks, so here each sentence counts as an opinion.
    extract: Extract = Extract.sentences
    verify: Verification = Verification.judge
    # Opinions kept of a seed, one a cluster of alike ones; 10, 15 or 20 published.
    clusters: int = 6
    most_words: int = 40  # longer opinions are dropped (ours)
    # Whether the model is told whose chatbot it is; published: in training and when it is asked.
    told: Told = Told.always
    # Passes over the rows, within training.updates; 6 published.
    passes: int = 6
    # Refuse to train on fewer opinions.
    least: int = 6

    def __post_init__(self) -> None:
        for knob in ("count", "dialogues", "turn_tokens", "clusters", "most_words", "passes", "least"):
            check(getattr(self, knob) > 0, f"method.{knob}", getattr(self, knob), "give a positive number")
        check(self.turns > 1, "method.turns", self.turns, "a debate needs at least two")

    def fit(self, context: RunContext) -> AlignedModel:
        """Debate the seeds, extract and verify opinions, train on answers with reasons.

        Raises:
            AlignbenchError: too few opinions are left, or the country was asked none of the seeds.
        """
        seeds, iso3 = seeds_of(context.train, self.seeds, self.count), context.culture.iso3
        known, ledger = held(seeds, context.train, iso3, self.answer)
        debated = self._debate(context, known)
        opinions = self._opinions(context, debated, known, ledger)
        system = rendered("chatbot", country=context.culture.country)

        records = read_set(opinions.path)[0].to_dict("records")
        answers = [(known[row["item"]].item, row["position"], row["opinion"]) for row in records]
        # A word may be several tokens of a small vocabulary.
        longest = 4 * self.most_words + 8
        stage = practised(context, {"opinions": opinions.key}, answers, system, self.told, longest, self.passes)
        model = told_model(context, stage, system, self.told)
        return with_provenance(model, [debated, opinions], (written_by(context, "Debates and opinions"),))

    def _debate(self, context: RunContext, known: Mapping[str, Held]) -> Stage:
        """All debates, played together; a killed one goes on from its last turn."""
        delegate, contact = parties(context.culture, context.countries, self.mode is Mode.within)
        openings = []
        for seed, take in product(known.values(), range(self.dialogues)):
            attitude = seed.stance.statement if self.self_calibration else None
            openings.append(debate(seed.item, delegate, contact, attitude, self.guided, self.turns, take))
        play = RolePlay(self.turns, self.turn_tokens, self.temperature, self.top_p, seed=context.seed)
        parts = {
            "play": play.parts,
            "openings": [asdict(opening) for opening in openings],
            "prompts": [repr(seen(opening, DELEGATE)) for opening in openings],
            "generator": context.generator.identity(context.model),
        }

        def build(folder: Path) -> Mapping[str, Any]:
            played = play.play(context.generator.open(context.tools), openings, folder)
            ends = [d.stop.name for d in played if d.stop]
            return {"dialogues": len(played), **{end: ends.count(end) for end in sorted(set(ends))}}

        return context.store.stage("debate", parts, build)

    def _opinions(self, context: RunContext, debated: Stage, known: Mapping[str, Held], seeds: Ledger) -> Stage:
        """The delegate's opinions that fit the country's answer, no two of them alike."""
        judged = {Verification.critic: context.critic.identity(context.model), Verification.judge: context.judge.parts}
        parts = {
            "debate": debated.key,
            "stances": [[h.item.id, h.position, h.stance.statement, h.stance.opposite] for h in known.values()],
            "knobs": {k: self.parts[k] for k in ("mode", "extract", "verify", "clusters", "most_words", "least")},
            "wording": wording("opinions", "verdict", "rewrite"),
            "judged": judged.get(self.verify),
            "generator": context.generator.identity(context.model),
            "base": context.model.identity,
            "embedder": context.embedder.fingerprint,
            "seed": context.seed,
        }

        def build(folder: Path) -> Mapping[str, Any]:
            ledger, generator = Ledger("opinions"), partial(context.generator.open, context.tools)
            listing, rewriting = (Sampling(n, seed=context.seed) for n in (2 * self.turn_tokens, 2 * self.most_words))
            said = extracted(generator, self.extract, self._speeches(context, debated, known), listing)
            critic = partial(context.critic.open, context.tools)
            verify = verifier(self.verify, critic, context.judge, context.tools)
            rewrite = partial(rewritten, generator, rewriting)
            shaped = in_shape(said, self.most_words, ledger)
            fitting = settle(shaped, verify, rewrite, self.most_words, ledger)
            kept = thinned(fitting, context.embedder, self.clusters, context.seed, ledger)
            say(f"  {seeds}")
            ledger.require(self.least, "method.least")
            rows = [
                (o.stance.item, o.question, o.stance.statement, o.text, known[o.stance.item].position) for o in kept
            ]
            write_set(folder, pd.DataFrame(rows, columns=list(_COLUMNS)), self._card(context), [seeds, ledger])
            return {"opinions": ledger.kept, "made": ledger.made}

        return context.store.stage("opinions", parts, build)

    def _speeches(self, context: RunContext, debated: Stage, known: Mapping[str, Held]) -> list[Speech]:
        """What the delegate said; within a culture both are delegates."""
        sides = SIDES if self.mode is Mode.within else (DELEGATE,)
        people = f"people in {context.culture.country}"
        return [
            Speech(held.stance, held.item.question, (d.scenario.speaker(turn.side).name, people), turn.text)
            for d in load(debated.path)[1]
            for held in [known[d.scenario.id]]
            for turn in d.turns
            if turn.side in sides
        ]

    def _card(self, context: RunContext) -> About:
        country = context.culture.country
        steps = (
            f"Debates ({self.mode.name}, {'guided' if self.guided else 'free'}) of {self.turns} turns on each seed.",
            f"Opinions of the delegate ({self.extract.name}), in the first person by rule.",
            f"Verified against the country's answer ({self.verify.name}); contrary ones rewritten and verified anew.",
            f"At most {self.clusters} opinions a seed, one from each cluster of alike ones.",
        )
        judged, title = self.verify is Verification.critic, f"Opinions out of debates: {country}"
        return about(context, "culturepark", title, country, steps, _COLUMNS, judged)
