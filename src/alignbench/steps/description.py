"""A culture described in words, for a network that is conditioned on them, and what may stand in the words' place."""

import random
import string
from collections.abc import Sequence
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from alignbench.data.survey import Survey
from alignbench.embedder import Embedder
from alignbench.seeds import seed_of
from alignbench.steps.scenes import profile
from alignbench.steps.texts import rendered
from alignbench.types import check


class Description(Enum):
    """What is said of a culture."""

    name = "name"  # its country, in a sentence
    profile = "profile"  # the same, Hofstede's dimensions and the place on the Inglehart-Welzel map (see CLCA)
    norms = "norms"  # what most of its people hold, a sentence for each training item; the country is not named


class Describe(Enum):
    """Whose description is given: the culture's own, or a control."""

    own = "own"
    wrong = "wrong"  # of another country of the training, drawn by the seed
    gibberish = "gibberish"  # words of random letters, as many and as long as the own ones
    empty = "empty"


def described(how: Description, iso3: str, country: str, train: Survey) -> tuple[str, ...]:
    """The sentences that describe a country.

    Args:
        train: of it ``norms`` reads the country's most frequent answers to training items.

    Raises:
        AlignbenchError: ``norms`` of a country that was asked no training item.
    """
    if how is Description.norms:
        answers = train.of(iso3)
        modes = {item: int(np.argmax(answers[item.id].shares)) for item in train.asked(iso3)}
        remedy = f"survey {train.name} asked no training item in {country}: choose name or profile"
        check(bool(modes), "method.description", how.name, remedy)
        return tuple(item.statement(item.level(mode)) for item, mode in modes.items())
    known = profile(iso3) if how is Description.profile else ""
    return tuple(filter(None, (rendered("described", country=country), known)))


def gibberish(texts: Sequence[str], seed: int) -> tuple[str, ...]:
    """Texts of as many words, each as long, in letters that are drawn at random."""
    letters = random.Random(seed_of(seed, "gibberish", *texts))
    return tuple(
        " ".join("".join(letters.choices(string.ascii_lowercase, k=len(word))) for word in text.split())
        for text in texts
    )


def encoded(embedder: Embedder, texts: Sequence[str]) -> NDArray[np.float32]:
    """The mean of the sentences' vectors, (dimension,)."""
    return np.asarray(embedder.encode(list(texts)).mean(axis=0), np.float32)
