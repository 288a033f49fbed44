"""Standard output and standard error of a command: they take every sign in any encoding, and let no key through."""

import codecs
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any

from alignbench.redaction import redacted

# What stands for our signs where the terminal's encoding lacks them; a minus must never become a question mark.
_PLAIN = {"−": "-", "–": "-", "—": "-", "…": "...", "’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "·": "."}
_PLAIN |= {"±": "+-", "≈": "~", "†": "^", "‡": "^^", "↳": ">", "→": "->", "×": "x", "≤": "<=", "≥": ">=", "─": "-"}
_ERRORS = "alignbench"


def _spelt(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    return "".join(_PLAIN.get(sign, "?") for sign in error.object[error.start : error.end]), error.end


codecs.register_error(_ERRORS, _spelt)


class KeylessStream:
    """A stream that is another one in everything but this: keys are taken out of what is written."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write ``text`` without keys; its whole length."""
        self._stream.write(redacted(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def guarded() -> Iterator[None]:
    """Inside, standard output and error are guarded, and take what their encoding lacks in plain signs."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_ERRORS)
    out: Any = KeylessStream(sys.stdout)
    err: Any = KeylessStream(sys.stderr)
    with redirect_stdout(out), redirect_stderr(err):
        yield
