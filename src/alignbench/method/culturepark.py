"""CulturePark: people of a culture debate survey questions; what they say becomes reasons for the country's answers.

Source: Li et al., NeurIPS 2024 (arXiv 2405.15145). A delegate holds the country's answer; what they say is extracted,
verified against it and learnt as answer plus reason. Read top to bottom from ``align``; published values are in
comments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import partial
from itertools import product
from pathlib import Path
from typing import Annotated, Any

import pandas as pd

from alignbench.aligned import AlignedModel
from alignbench.component import Count, NotNegative, PositiveShare, Within, recorded
from alignbench.data.survey import Survey
from alignbench.dialogue import Dialogue
from alignbench.dialogue.debate import DELEGATE, debate, parties
from alignbench.dialogue.roleplay import RolePlay, load
from alignbench.dialogue.scenario import SIDES
from alignbench.embedder import Embedder
from alignbench.evaluation.ask import Asking
from alignbench.generator import Generator
from alignbench.judge import Judge
from alignbench.judge.decisive import by_single_norm
from alignbench.method import Method, RunContext
from alignbench.progress import say
from alignbench.steps.lessons import Disclosure, reasoned, sources, within, written_by
from alignbench.steps.practice import Fit, asked_of, of_run
from alignbench.steps.seeds import Seeds, Typical, TypicalAnswer, held, seeds_note, seeds_of
from alignbench.steps.texts import rendered
from alignbench.store.stage import Stage, Tools
from alignbench.synthetic.folder import DatasetCard, read_set, write_set
from alignbench.synthetic.opinions import (
    Extract,
    Speech,
    Verification,
    extracted,
    in_shape,
    rewritten,
    settle,
    thinned,
    verified,
)
from alignbench.synthetic.tally import Tally
from alignbench.training.recipe import TrainerKind, Training
from alignbench.training.sft import train_sft
from alignbench.types import Item, Sampling


class Pairing(Enum):
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
    # How many of the most varying, before those are dropped that the country was not asked; 50 in the authors' file,
    # which ``seeds=paper`` takes whole, 4.1 K in the paper.
    count: Count = 16
    # The answer that the delegate holds and that is learnt; the paper's is a mean of codes, cut off to an integer.
    answer: Typical = Typical.mode
    mode: Pairing = Pairing.cross
    # A moderator's cue before each turn (the authors' v1), or free talk (v2).
    guided: bool = True
    # Both are told to speak as people in their country would, and the delegate what to hold.
    self_calibration: bool = True
    dialogues: Count = 2  # of each seed
    turns: Annotated[int, Within(least=2)] = 4
    # Tokens of a turn and temperature; 168 and .7 published.
    turn_tokens: Count = 60
    temperature: NotNegative = 0.7
    top_p: PositiveShare = 0.9
    # Published: model. A small model lists worse than it speaks, so here each sentence counts as an opinion.
    extract: Extract = Extract.sentences
    verify: Verification = Verification.judge
    # Opinions kept of a seed, one a cluster of alike ones; 10, 15 or 20 published.
    clusters: Count = 6
    most_words: Count = 40  # longer opinions are dropped (ours)
    # Whether the model is told whose chatbot it is; published: in training and when it is asked.
    told: Disclosure = Disclosure.always
    # Passes over the rows, within training.updates; 6 published.
    passes: Count = 6
    # Refuse to train on fewer opinions.
    least: Count = recorded(6)

    def align(self, context: RunContext) -> AlignedModel:
        """Debate the seeds, extract and verify opinions, train on answers with reasons.

        Raises:
            AlignbenchError: the country was asked none of the seeds.
        """
        seeds, iso3 = seeds_of(context.train, self.seeds, self.count), context.culture.iso3
        known, tally = held(seeds, context.train, iso3, self.answer)
        play = RolePlay(self.turns, self.turn_tokens, self.temperature, self.top_p, seed=context.seed)
        debated = Debate(self._openings(context, known), play, context.generator)
        opinions = Opinions(
            debated=debated,
            known=known,
            country=context.culture.country,
            mode=self.mode,
            extract=self.extract,
            verify=self.verify,
            clusters=self.clusters,
            turn_tokens=self.turn_tokens if self.extract is Extract.model else None,
            most_words=self.most_words,
            generator=context.generator,
            critic=context.critic if self.verify is Verification.critic else None,
            judge=by_single_norm(context.judge) if self.verify is Verification.judge else None,
            embedder=context.embedder,
            seed=context.seed,
            guided=self.guided,
            least=self.least,
            survey=context.train,
            seeds=tally,
        )
        systems = {iso3: rendered("chatbot", country=context.culture.country)}
        asked, training = self.told.when_asked(systems), self._training(context.training)
        fit = LearnOpinions(
            opinions=opinions,
            items={name: stance.item for name, stance in known.items()},
            system=self.told.in_training(systems)[iso3],
            asking=context.practising,
            **of_run(context, TrainerKind.sft, systems=asked, training=training),
        )
        notes = (*seeds_note(self.seeds, seeds), written_by(context, "Debates and opinions"))
        return asked_of(context, fit, asked, notes)

    def _training(self, training: Training) -> Training:
        """The training with room for the longest opinion; a word may be several tokens of a small vocabulary."""
        room = max(training.max_prompt_tokens, 4 * self.most_words + 8)
        return within(training, self.passes).with_knobs(max_prompt_tokens=room)

    def _openings(self, context: RunContext, known: Mapping[str, TypicalAnswer]) -> tuple[Dialogue, ...]:
        delegate, contact = parties(context.culture, context.countries, self.mode is Pairing.within)
        takes = product(known.values(), range(self.dialogues))
        held = ((seed.item, seed.stance.statement if self.self_calibration else None, take) for seed, take in takes)
        return tuple(debate(item, delegate, contact, said, self.guided, self.turns, take) for item, said, take in held)


@dataclass(frozen=True)
class Debate(Stage):
    """All debates, played together; a killed one goes on from its last turn."""

    name = "debate"

    openings: tuple[Dialogue, ...]
    play: RolePlay
    generator: Generator

    @property
    def tokens(self) -> int:
        """Those of all debates."""
        return self.play.tokens(len(self.openings))

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Play them."""
        played = self.play.play(self.generator.open(tools), self.openings, folder)
        ends = [d.stop.name for d in played if d.stop]
        return {"dialogues": len(played), **{end: ends.count(end) for end in sorted(set(ends))}}


@dataclass(frozen=True, kw_only=True)
class Opinions(Stage):
    """The delegate's opinions that fit the country's answer, no two of them alike.

    Attributes:
        known: item id -> the country's answer and stance.
        turn_tokens: of a speech whose opinions a model lists; None where none does.
        critic, judge: who verifies; None where another one does, or nobody.
        seeds: account of the seeds that the country was not asked.
    """

    name = "opinions"

    debated: Debate
    known: Mapping[str, TypicalAnswer]
    country: str
    mode: Pairing
    extract: Extract
    verify: Verification
    clusters: int
    turn_tokens: int | None
    most_words: int
    generator: Generator
    critic: Generator | None
    judge: Judge | None
    embedder: Embedder
    seed: int
    guided: bool = recorded(True)
    least: int = recorded(1)
    survey: Survey = recorded(None)
    seeds: Tally = recorded(None)

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Extract and verify them.

        Raises:
            AlignbenchError: too few are left.
        """
        tally, generator = Tally("opinions"), partial(self.generator.open, tools)
        listing, rewriting = (Sampling(2 * n, seed=self.seed) for n in (self.turn_tokens or 1, self.most_words))
        said = extracted(generator, self.extract, self._speeches(tools), listing)
        verify = partial(verified, critic=self.critic, judge=self.judge, tools=tools)
        rewrite = partial(rewritten, generator, rewriting)
        shaped = in_shape(said, self.most_words, tally)
        fitting = settle(shaped, verify, rewrite, self.most_words, tally)
        kept = thinned(fitting, self.embedder, self.clusters, self.seed, tally)
        say(f"  {self.seeds}")
        tally.require(self.least, "method.least")
        rows = [
            (o.stance.item, o.question, o.stance.statement, o.text, self.known[o.stance.item].position) for o in kept
        ]
        write_set(folder, pd.DataFrame(rows, columns=list(_COLUMNS)), self._card(), [self.seeds, tally])
        return {"opinions": tally.kept, "made": tally.made}

    def _speeches(self, tools: Tools) -> list[Speech]:
        """What the delegate said; within a culture both are delegates."""
        sides = SIDES if self.mode is Pairing.within else (DELEGATE,)
        people = f"people in {self.country}"
        return [
            Speech(held.stance, held.item.question, (d.scenario.speaker(turn.side).name, people), turn.text)
            for d in load(tools.folder(self.debated))[1]
            for held in [self.known[d.scenario.id]]
            for turn in d.turns
            if turn.side in sides
        ]

    def _card(self) -> DatasetCard:
        turns, guided = self.debated.play.max_turns, "guided" if self.guided else "free"
        steps = (
            f"Debates ({self.mode.name}, {guided}) of {turns} turns on each seed.",
            f"Opinions of the delegate ({self.extract.name}), in the first person by rule.",
            f"Verified against the country's answer ({self.verify.name}); contrary ones rewritten and verified again.",
            f"At most {self.clusters} opinions a seed, one from each cluster of alike ones.",
        )
        title, critic = f"Opinions out of debates: {self.country}", self.critic.title if self.critic else None
        writer, rests = self.generator.title, sources(self.survey)
        return DatasetCard(title, "culturepark", self.country, steps, writer, critic, rests, _COLUMNS)


@dataclass(frozen=True, kw_only=True)
class LearnOpinions(Fit):
    """Supervised fine-tuning on the label of the country's answer with an opinion as its reason.

    Attributes:
        system: said before every question; None says nothing.
    """

    opinions: Opinions
    items: Mapping[str, Item]
    asking: Asking
    system: str | None

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Train, and leave the adapter."""
        said = read_set(tools.folder(self.opinions))[0].to_dict("records")
        answers = [(self.items[row["item"]], row["position"], row["opinion"]) for row in said]
        rows = reasoned(self.model, self.asking, answers, self.system)
        facts = train_sft(self.job(folder), rows)
        return {"rows": len(rows), **facts}
