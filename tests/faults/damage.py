"""Five kinds of damage that a file can take."""

from collections.abc import Callable
from pathlib import Path


def _flip(content: bytes) -> bytes:
    """One bit, in the middle."""
    place = len(content) // 2
    return content[:place] + bytes([content[place] ^ 0b100]) + content[place + 1 :]


def _digit(content: bytes) -> bytes:
    """The first digit, another one; a flipped bit where there is none."""
    place = next((i for i, byte in enumerate(content) if byte in b"0123456789"), None)
    if place is None:
        return _flip(content)
    return content[:place] + (b"8" if content[place : place + 1] == b"7" else b"7") + content[place + 1 :]


DAMAGE: dict[str, Callable[[bytes], bytes | None]] = {
    "emptied": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "flipped": _flip,
    "deleted": lambda content: None,
    "a digit changed": _digit,
}


def harm(file: Path, kind: str) -> None:
    """Damage a file that is not empty."""
    content = DAMAGE[kind](file.read_bytes())
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
