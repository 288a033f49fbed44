"""What must not be typed for a server: a key where its name or an address belongs, or a door that is kept shut."""

import os
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from alignbench.redaction import HIDDEN, hide
from alignbench.types import check

# What a started server is not told otherwise: vLLM reads the beginning of a word as the word.
_OURS = ("--trust-remote-code", "--host", "--api-key", "--config", "--uds", "--allowed-local-media-path")
# The name of a variable that may be shown; anything else may be a key by mistake.
_VARIABLE = re.compile(r"[A-Z][A-Z0-9]{0,15}(_[A-Z0-9]{1,15}){0,5}")


def key_in(variable: str) -> str:
    """The key that an environment variable holds, taken out of all that is written from now on; empty without one."""
    key = os.environ.get(variable, "").strip() if variable else ""
    hide(key)
    return key


def check_words(key_env: str, base_url: str, args: Iterable[str]) -> None:
    """Raise for an address that is none, a key where none belongs, and arguments that open a door; errors as below."""
    web = base_url.startswith(("http://", "https://"))
    check(web, "backend.base_url", base_url, "give an address like http://localhost:8000/v1")
    check_secrets(key_env, base_url)
    check_arguments(args)


def check_secrets(key_env: str, base_url: str) -> None:
    """Raise where a key was typed, without showing it.

    Raises:
        AlignbenchError: ``key_env`` is no name of a variable, or the address holds a user, a query or a fragment.
    """
    named = not key_env or key_env in os.environ or bool(_VARIABLE.fullmatch(key_env))
    if not named:
        hide(key_env)
    remedy = "name the environment variable that holds the key, in capitals; the key itself belongs nowhere else"
    check(named, "backend.key_env", HIDDEN, remedy)
    try:
        address = urlsplit(base_url)
        host = address.hostname
    except ValueError:
        host = None
    check(bool(host), "backend.base_url", base_url, "give an address like http://localhost:8000/v1")
    held = [part for part in (address.username, address.password, address.query, address.fragment) if part]
    for part in (*held, *(value.partition("=")[2] for value in address.query.split("&"))):
        hide(part)
    remedy = "give the address alone, without user and query; a key comes from the variable that key_env names"
    check(not held, "backend.base_url", f"{address.scheme}://{host}{address.path}", remedy)


def check_arguments(words: Iterable[str]) -> None:
    """Raise where a server that is started here would listen to others, run foreign code or be told a key."""
    for word in words:
        name = word.partition("=")[0].replace("_", "-")
        refused = len(name) > 3 and any(own.startswith(name) for own in _OURS)
        remedy = "a started server listens to this machine alone, runs no foreign code and takes no key: leave it out"
        check(not refused, "backend.args", name, remedy)
