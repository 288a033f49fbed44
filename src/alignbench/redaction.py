"""Keys stay in the environment: wherever a text is written or shown, what is a key is taken out of it."""

import os
import re

# Variables that hold keys are called so.
_CALLED = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)S?$", re.IGNORECASE)
# A name, and a password where there is one, before the host of an address.
_USER = re.compile(r"(?<=://)[^/@\s'\"]+@")
# Shorter values are words or numbers that stand in other places too. Our choice.
_SHORTEST = 8
_GIVEN: set[str] = set()
HIDDEN = "***"


def hide(secret: str) -> None:
    """From now on this text is taken out, too: a key under another name, or given where none belongs.

    One shorter than eight signs (``EMPTY`` for a server that asks for none, a user's name) stands in words and numbers
    of others, and what is written would be damaged.
    """
    if len(secret) >= _SHORTEST:
        _GIVEN.add(secret)


def redacted(text: str) -> str:
    """``text`` without the keys of the environment, those that were given to :func:`hide`, and users in addresses."""
    held = {value.strip() for name, value in os.environ.items() if _CALLED.search(name)}
    for secret in sorted({*_GIVEN, *(value for value in held if len(value) >= _SHORTEST)}, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return _USER.sub(f"{HIDDEN}@", text)
