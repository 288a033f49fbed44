"""The four forms of getting a distribution over options out of a model, and how written replies are read.

==========  ===========================================================================================================
label       the log-probability of each option's label (``A``, ``3``) as the next text, softmax over the options
text        the same of each option's full wording, less what it has after a question without content
verbalised  the model writes, greedily, how many of 100 people where it lives would give each answer
sampled     the model writes an answer at temperature 1, :attr:`Replying.samples` times, and the answers are counted
==========  ===========================================================================================================

The first two look probabilities up and never fail. In the last two the model writes, and a reply may be unreadable.
Shares are then those among the replies that were read, as those of ``label`` are among the options: the *unread* share
stands beside the score where the option mass stands beside that of ``label``. An item of which no reply was read says
nothing about the options, and counts as even shares, whose skill is 0.

The verbalised question names no country. It speaks of "where you live", so that the culture comes from the method, as
it does in the other forms, and every row of a board reads the same question.

Verbalised distributions and repeated sampling against log-probabilities: Meister, Guestrin and Hashimoto 2024
(arXiv 2411.05403); the wordings and the rules of reading are ours.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

# The people of the verbalised question.
PEOPLE = 100
# What may stand around an answer without being part of it.
_AROUND = " \t*_`\"'“”«»„()[].。:："


class Elicit(Enum):
    """How answers become a distribution; see the module."""

    label = "label"
    text = "text"
    verbalised = "verbalised"
    sampled = "sampled"

    @property
    def written(self) -> bool:
        """Whether the model writes what is then read, instead of having probabilities looked up."""
        return self in (Elicit.verbalised, Elicit.sampled)


@dataclass(frozen=True)
class Replying:
    """How replies are written and read, for the forms in which the model writes.

    Attributes:
        tokens: of the longest reply.
        samples: replies to a prompt; 1 is a single greedy one.
        seed: of the draws.
        tolerance: how far from 100 the people of a verbalised reply may be in all, as a share of 100.
    """

    tokens: int
    samples: int = 1
    seed: int = 0
    tolerance: float = 0.0

    def counts(self, reply: str, labels: Sequence[str], texts: Sequence[str]) -> tuple[float, ...] | None:
        """How often a reply names each of the listed options; None where it cannot be read.

        A drawn reply names one of them once, a verbalised one spreads its people over them.
        """
        reply = "".join(str(unicodedata.decimal(sign, sign)) for sign in reply)  # digits of other scripts
        if self.samples == 1:
            return people_in(reply, labels, texts, self.tolerance)
        place = option_in(reply, labels, texts)
        return None if place is None else tuple(float(place == other) for other in range(len(labels)))


def option_in(reply: str, labels: Sequence[str], texts: Sequence[str]) -> int | None:
    """Place of the option that a reply names, or None.

    Only its first line counts, or what stands there behind a colon. It must be a label alone, a label that a mark sets
    apart from what follows (``3. Rather``), or the wording of an option and nothing else.
    """
    line = reply.strip().partition("\n")[0]
    for said in (line, re.split("[:：]", line)[-1]):
        plain = said.strip(_AROUND).casefold()
        begun = re.match(rf"\W*({_any(labels)})\s*(?:[.):：,\]*。]|[-–]\s)(?!\d)", said)
        for known, found in ((labels, plain), (labels, begun[1].casefold() if begun else ""), (texts, plain)):
            places = [place for place, one in enumerate(known) if one.strip(_AROUND).casefold() == found]
            if places:
                return places[0]
    return None


def people_in(reply: str, labels: Sequence[str], texts: Sequence[str], tolerance: float) -> tuple[float, ...] | None:
    """People for each option, by the labels that a reply names (``A: 40``), or None.

    The first number of a label counts, and an option that is not named has nobody. It cannot be read where all numbers
    together are further from 100 than ``tolerance`` allows. Shares are the numbers over their sum.
    """
    worded = [text for text in texts if any(map(str.isalpha, text))]  # and not "2", which may be people
    left = re.sub(_any(worded), "", reply, flags=re.IGNORECASE) if worded else reply
    found: dict[str, float] = {}
    # A comma between digits is a decimal one.
    for part in re.split(r"\n|[;；，、]|(?<!\d),|,(?!\d)", left):
        named = re.match(rf"\W*({_any(labels)})(?:\s*[^\w\s]|\s+(?=\d))(.*)", part)
        number = re.search(r"\d+(?:[.,]\d+)?", re.split("[:：=]", named[2])[-1]) if named else None
        if named and number:
            found.setdefault(named[1], float(number[0].replace(",", ".")))
    total = sum(found.values())
    near = total > 0 and abs(total - PEOPLE) <= tolerance * PEOPLE + 1e-9
    return tuple(found.get(label, 0.0) for label in labels) if near else None


def _any(words: Sequence[str]) -> str:
    """A pattern of any of the words as whole words, the longest first; it holds no group."""
    return "|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in sorted(words, key=len, reverse=True))
