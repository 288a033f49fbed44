"""Words of the command line, as Hydra's grammar reads them."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, Quote, QuotedString
from hydra.errors import HydraException

from alignbench.errors import AlignbenchError


def parsed_words(arguments: Sequence[str]) -> dict[str, Override]:
    """The overrides among the arguments, as Hydra reads them.

    Raises:
        AlignbenchError: a word that its grammar cannot read, with the quotes that it needs.
    """
    words = [a for a in arguments if ("=" in a and not a.startswith("-")) or a.startswith("~")]
    parsed = {}
    for word in words:
        override = _read(word)
        if override is None:
            raise _unread(word)
        parsed[word] = override
    return parsed


def _read(word: str) -> Override | None:
    try:
        return OverridesParser.create().parse_override(word)
    except HydraException:
        return None


def with_paths_quoted(arguments: Sequence[str]) -> list[str]:
    """The arguments, paths of existing files in quotes where Hydra would read something else (``a=b.csv``)."""

    def said(word: str) -> str:
        key, _, value = word.partition("=")
        if not value or word.startswith("-") or not Path(value).expanduser().exists():
            return word
        override = _read(word)
        plain = override is not None and not override.is_sweep_override() and str(override.value()) == value
        return word if plain else f"{key}={QuotedString(value, Quote.single).with_quotes()}"

    return [said(a) for a in arguments]


def spelt_out(arguments: Sequence[str]) -> list[str]:
    """The arguments with ``-v`` and the two plain words of ``task=compare A B`` as the knobs that they stand for.

    The name of a cell may hold ``=``, but no knob's name holds a hyphen.
    """
    long = ["task.verbose=true" if word in ("-v", "--verbose") else word for word in arguments]
    if "task=compare" not in long:
        return long
    plain = [word for word in long if not word.startswith("-") and ("=" not in word or "-" in word.partition("=")[0])]
    knobs = dict(zip(plain, ("task.first", "task.second"), strict=False))
    return [
        f"{knobs[word]}={QuotedString(word, Quote.single).with_quotes()}" if word in knobs else word for word in long
    ]


def _unread(word: str) -> AlignbenchError:
    """The error for a word that Hydra's grammar has no reading of, with the quotes that it needs."""
    key, _, value = word.partition("=")
    escaped = value.replace('"', r"\"")
    quoted = shlex.quote(f'{key}="{escaped}"')
    remedy = f"a sign in it has a meaning of its own: quote the value, and all of it for the shell: {quoted}"
    if value[:1] in ("[", "{"):
        remedy = "every bracket must be closed, and a value with signs in it be quoted: 'others=[iraq,china]'"
    return AlignbenchError(key.strip() or "the command line", value, remedy)
