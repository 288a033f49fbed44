"""What comes back from a generator, put into shape. Patterns are English and ours; they look for clear cases only."""

import re

from alignbench.synthetic.refusals import LETTER, REQUEST_DECLINED

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
# A bullet, a number, or a label such as "Opinion:" before the words.
_LEAD = re.compile(
    r"^(?:[-*•]\s*|\(?\d+[.):]\s*|(?:(?:say )?in other words|question|answer|opinion|statement|sentence):\s*)+", re.I
)
_QUOTES = "\"“”'‘’ \t"
_SENTENCE = re.compile(r"(?<=[.!?])[\"”’)]*\s+")


def fault(text: str) -> str | None:
    """Why a text is none at all: ``empty`` or ``refusal``; None if it says something."""
    if not LETTER.search(text):
        return "empty"
    return "refusal" if REQUEST_DECLINED.search(text) else None


def bare(text: str) -> str:
    """Without bullet, number, label and quotation marks around it."""
    return _LEAD.sub("", text.strip(_QUOTES)).strip(_QUOTES)


def first_line(text: str) -> str:
    """The first line that says something, bare; what a talkative model adds below is left out."""
    lines = (bare(line) for line in text.splitlines())
    return next((line for line in lines if line), "")


def words(text: str) -> list[str]:
    """The words in small letters."""
    return [word.casefold() for word in _WORD.findall(text)]


def sentences(text: str) -> list[str]:
    """The sentences of a text, bare; a last one that breaks off is left out."""
    found = [bare(part) for line in text.splitlines() for part in _SENTENCE.split(line.strip())]
    return [sentence for sentence in found if sentence and sentence[-1] in ".!?"]
