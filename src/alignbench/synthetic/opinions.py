"""Opinions out of what somebody said: CulturePark's extraction, verification and rewriting (Li et al. 2024)."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from alignbench.backend import Engine
from alignbench.embedder import Embedder
from alignbench.generator import Generator
from alignbench.judge import Judge
from alignbench.norms.pool import central
from alignbench.store.stage import Tools
from alignbench.synthetic.tally import Tally
from alignbench.synthetic.texts import bare, conversation, fault, first_line, sentences, verdicts, words
from alignbench.types import Norm, Sampling

# Published: shorter ones are dropped.
_LEAST_WORDS = 5
_NO_OPINION = re.compile(
    r"\b(?:does not|doesn['’]t|do not|don['’]t) (?:express|state|contain|give) (?:any |an )?opinion"
)
# Labels of prompts/verdict.jinja -> verdict.
_LABELS = {"fits": 1, "against": -1, "else": 0}
_IRREGULAR = {"has": "have", "is": "am", "are": "am", "does": "do"}


@dataclass(frozen=True)
class Opinion:
    """One opinion of a speaker.

    Attributes:
        stance: what the speaker was to hold, with its opposite; said by "I".
        question: what was spoken about.
    """

    stance: Norm
    question: str
    text: str


class Extract(Enum):
    """How opinions are taken out of a speech."""

    model = "model"  # a model lists them: published
    sentences = "sentences"  # each sentence counts as one (ours): for models too small to list anything


class Verification(Enum):
    """What tells whether an opinion fits its stance."""

    critic = "critic"  # a language model, by the probability of its labels: published
    judge = "judge"  # the slot ``judge``: by default an embedder's contrast with the opposite stance (ours)
    none = "none"  # not at all: an ablation


@dataclass(frozen=True)
class Speech:
    """What a speaker said; ``others`` are names by which they may speak of themselves."""

    stance: Norm
    question: str
    others: tuple[str, ...]
    text: str


# Verdict for each opinion: 1 fits its stance, -1 is against it, 0 has nothing to do with it.
Verify = Callable[[Sequence[Opinion]], list[int]]


def verified(opinions: Sequence[Opinion], critic: Generator | None, judge: Judge | None, tools: Tools) -> list[int]:
    """The verdicts of whoever is there, the critic first; without either all opinions fit.

    A critic's are read off the probabilities of its labels; a judge's are on the opinion against the stance and its
    opposite.
    """
    if critic:
        chats = [conversation("verdict", statement=o.stance.statement, opinion=o.text) for o in opinions]
        return [_LABELS[verdict.label] for verdict in verdicts(critic.open(tools), chats, list(_LABELS))]
    if judge is None:
        return [1] * len(opinions)
    stances = [[o.stance] for o in opinions]
    judged = judge.judge([o.question for o in opinions], [o.text for o in opinions], stances, tools)
    return [judgement.verdict for judgement in judged]


def extracted(
    engine: Callable[[], Engine], how: Extract, speeches: Sequence[Speech], sampling: Sampling
) -> list[Opinion]:
    """The opinions in each speech, good or bad; an empty one for a speech without any, so that the account shows it."""
    if how is Extract.sentences:
        found = [sentences(speech.text) for speech in speeches]
    else:
        texts = engine().generate([conversation("opinions", speech=speech.text) for speech in speeches], sampling)
        found = [[line for line in map(bare, said[0].splitlines()) if line] for said in texts]
    return [
        Opinion(speech.stance, speech.question, first_person(text, speech.others))
        for speech, listed in zip(speeches, found, strict=True)
        for text in listed or [""]
    ]


def first_person(text: str, others: Sequence[str]) -> str:
    """The opinion said by "I" where it begins with one of ``others`` (names, "People in Iraq") or a pronoun.

    By rule, for the first verb alone; the paper leaves it to a language model.
    """
    subjects = "|".join(map(re.escape, sorted((*others, "the speaker", "he", "she", "they", "we"), key=len)[::-1]))
    match = re.match(rf"(?:{subjects}) (\w+)\b", text, re.IGNORECASE)
    if match is None:
        return text
    verb = match[1].lower()
    plain = _IRREGULAR.get(verb) or re.sub(r"(?<=ss|sh|ch)es$|(?<![s])s$", "", verb)
    return f"I {plain}{text[match.end() :]}"


def in_shape(opinions: Sequence[Opinion], most_words: int, tally: Tally) -> list[Opinion]:
    """Those that are sentences of a fit length and say something; the others go into the tally."""
    kept = []
    for opinion in opinions:
        reason = _fault(opinion.text, most_words)
        if reason is None:
            kept.append(opinion)
        else:
            tally.drop(reason, opinion.text)
    return kept


def _fault(text: str, most_words: int) -> str | None:
    if (found := fault(text)) is not None:
        return found
    if _NO_OPINION.search(text):
        return "no opinion"
    if text.endswith("?"):
        return "a question"
    length = len(words(text))
    if length < _LEAST_WORDS:
        return f"under {_LEAST_WORDS} words"
    return f"over {most_words} words" if length > most_words else None


def rewritten(engine: Callable[[], Engine], sampling: Sampling, opinions: Sequence[Opinion]) -> list[Opinion]:
    """Each opinion as a model changes it to fit its stance."""
    chats = [conversation("rewrite", statement=o.stance.statement, opinion=o.text) for o in opinions]
    texts = engine().generate(chats, sampling)
    return [replace(o, text=first_line(said[0])) for o, said in zip(opinions, texts, strict=True)]


def settle(
    opinions: Sequence[Opinion],
    verify: Verify,
    rewrite: Callable[[Sequence[Opinion]], list[Opinion]],
    most_words: int,
    tally: Tally,
) -> list[Opinion]:
    """Those that fit their stance, and the rewrites that do of those that were against it.

    A rewrite is judged by its own text (the authors' code judges the text before it).
    """
    found = list(zip(opinions, verify(opinions) if opinions else [], strict=True))
    kept = [opinion for opinion, verdict in found if verdict == 1]
    contrary = [opinion for opinion, verdict in found if verdict == -1]
    for opinion, verdict in found:
        if verdict == 0:
            tally.drop("irrelevant", opinion.text)
    changed = in_shape(rewrite(contrary), most_words, tally) if contrary else []
    for opinion, verdict in zip(changed, verify(changed) if changed else [], strict=True):
        if verdict == 1:
            kept.append(opinion)
        else:
            tally.drop("contrary, the rewrite too", opinion.text)
    return kept


def thinned(opinions: Sequence[Opinion], embedder: Embedder, clusters: int, seed: int, tally: Tally) -> list[Opinion]:
    """At most ``clusters`` opinions of each stance, those nearest to the centres of k-means clusters, are the kept.

    CulturePark's de-duplication (Li et al. 2024): similar opinions fall into one cluster, and one of them stays.
    """
    kept = []
    for item in dict.fromkeys(o.stance.item for o in opinions):
        own = {o.text: o for o in opinions if o.stance.item == item}
        for _ in range(sum(o.stance.item == item for o in opinions) - len(own)):
            tally.drop("said before")
        few = len(own) <= clusters
        chosen = range(len(own)) if few else central(embedder.encode(list(own)), clusters, seed)
        for position, opinion in enumerate(own.values()):
            if tally.enter(opinion.text, None if position in chosen else "like another"):
                kept.append(opinion)
    return kept
