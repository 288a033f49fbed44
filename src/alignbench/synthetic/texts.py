"""What comes back from a generator, put into shape. Patterns are English and ours; they look for clear cases only."""

import re

# A text without one says nothing.
LETTER = re.compile(r"[^\W\d_]")
# A speaker in a role who speaks of being a model, or of the role.
OUT_OF_ROLE = re.compile(
    r"\b(?:as|i am|i['’]m|just|only|merely) an? "
    r"(?:ai|a\.i\.|artificial intelligence|chat ?bot|(?:virtual|digital) assistant)\b"
    r"|\blanguage model\b|\brole-?play|<\|\w+\|>",
    re.IGNORECASE,
)
# A speaker in a role who declines to play. People in a scene say that they cannot help each other, so this is narrow.
ROLE_DECLINED = re.compile(
    r"\b(?:can(?:no|['’])t|cannot|unable to|not able to|won['’]t|will not) (?:"
    r"assist (?:you )?(?:with|in)\b|(?:fulfil+|comply with|help (?:you )?with) (?:this|that|your) request\b"
    r"|(?:generate|create|write|produce) (?:this|that|such|the|any) (?:\w+ )?(?:content|dialogue|text|scene|response)\b"
    r"|(?:continue|take part in|engage in|participate in) (?:with )?(?:this|the|that|such) (?:kind of )?"
    r"(?:scenario|role|prompt|scene)\b)",
    re.IGNORECASE,
)
# A reply to a request that declines it.
REQUEST_DECLINED = re.compile(
    r"\bas an? (?:ai|artificial intelligence|(?:virtual |digital )?assistant)\b|\blanguage model\b"
    r"|^(?:i['’]m|i am) (?:sorry|unable|not able|(?:here|ready|happy) to (?:help|assist))\b"
    r"|\bi (?:can(?:no|['’])t|cannot|won['’]t|will not) (?:assist|help|answer|provide|comply|fulfil|generate|rewrite)",
    re.IGNORECASE,
)
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
