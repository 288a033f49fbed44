"""What a model must show before anything is asked of it or trained: the doctor prints it, every task requires it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

from alignbench.backend import Engine
from alignbench.backend.architecture import text_config, window
from alignbench.errors import AlignbenchError
from alignbench.types import Message, ModelRef, Sampling, chat, check

_TALK = (
    Message("system", "You live in a village by the sea."),
    Message("user", "Who lives next door?"),
    Message("assistant", "A teacher and her two sons."),
    Message("user", "Choose a number from 1 to 3."),
)
# Chats of unlike length, the second of which goes on from where the first begins.
_UNLIKE = [chat("Choose a number."), chat("Choose a number. Think of your village, and of who lives next door.")]
_LABELS = ("1", "2", "3")
_GREEDY = Sampling(max_new_tokens=4)
# How far a log-probability may move with the other prompts of a batch: rounding, by number format. Our choice.
_MOVES = {"float32": 0.01, "bfloat16": 0.5, "float16": 0.1}
_MIXED = "what it says to a prompt depends on the other prompts of a batch: this architecture cannot be used here"
# Prompts are hardly ever longer: a window as wide as this is not tried. Our choice.
_LONGEST = 2048


def preflight(opened: Callable[[], Engine]) -> Iterator[tuple[str, Callable[[], str]]]:
    """The checks in their order: a name, and what carries it out and says in a line what it found.

    Besides loading the weights they take two forwards and a few tokens.

    Args:
        opened: opens the engine, nothing loaded yet.

    Raises:
        AlignbenchError: (every check) the device is missing or too small, the template loses a message, or the model
            cannot be scored or cannot write here, whatever Python calls the reason.
    """
    engine = cache(opened)
    yield "backend", lambda: f"{type(engine()).__name__}, {engine().room()}"
    yield "template", lambda: _template(engine())
    yield "score", lambda: _score(engine())
    yield "text", lambda: _text(engine())


def _template(engine: Engine) -> str:
    """Every message must be in the text, and in the tokens made of it."""
    renderer = engine.renderer
    renderer.preflight(_TALK)
    ids = renderer.prompt(_TALK).ids
    heard = _letters(renderer.tokenizer.decode(ids))
    for message in _TALK:
        kept = _letters(message.content) in heard
        check(kept, f"chat.{message.role}", message.content, f"the tokenizer of {renderer.name} loses this message")
    return f"{len(_TALK)} messages in {len(ids)} tokens, none lost"


def _letters(text: str) -> str:
    """A text without what tokenizers may change: its blanks and capitals."""
    return "".join(text.split()).casefold()


def _score(engine: Engine) -> str:
    """Scores must be numbers, and those of a prompt its own: the same in a batch as alone."""
    chats, model = [_TALK, *_UNLIKE], engine.model
    with _named(model, "be scored"):
        together = engine.score(chats, [_LABELS] * len(chats))
        alone = [engine.score([one], [_LABELS])[0] for one in chats]
    sound = all(math.isfinite(value) for one in together for value in (*one.logprobs, one.mass))
    check(sound, "model.dtype", model.dtype, f"the scores of {model.name} are not finite: try float32")
    pairs = [pair for a, b in zip(together, alone, strict=True) for pair in zip(a.logprobs, b.logprobs, strict=True)]
    moved = max(abs(a - b) for a, b in pairs)
    check(moved <= _MOVES[model.dtype], "model", model.name, f"{_MIXED} (a log-probability moves by {moved:.2g})")
    return f"{together[0].mass:.1%} of the next token is on {', '.join(_LABELS)}"


def _text(engine: Engine) -> str:
    """After a short prompt and, of a model that sees the latest tokens alone, after one that is longer than these."""
    seen = window(text_config(engine.model))
    narrow = seen is not None and seen <= _LONGEST
    # No tokenizer has a token for several words.
    outgrown = [chat(" ".join(["sea"] * seen))] if seen is not None and narrow else []
    chats, model = [_TALK, _UNLIKE[0], *outgrown], engine.model
    with _named(model, "write past its window" if outgrown else "write"):
        together = engine.generate(chats, _GREEDY)
        alone = [engine.generate([one], _GREEDY)[0] for one in chats]
    # Rounding alone may turn a word in a shorter format.
    check(together == alone or model.dtype != "float32", "model", model.name, _MIXED)
    return f"written, past the window of {seen} tokens too" if outgrown else "written"


@contextmanager
def _named(model: ModelRef, deed: str) -> Iterator[None]:
    """Turn an error of torch, transformers or the model's own code into ours, which says what the model was to do."""
    try:
        yield
    except AlignbenchError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        remedy = f"it cannot {deed} here ({reason}): try another backend, or another model"
        raise AlignbenchError("model", model.name, remedy) from error
