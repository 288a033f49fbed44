"""Configuration and tokenizer of a model's folder: its code is never run, and what cannot be read is told plainly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from alignbench.errors import AlignbenchError


def config_of(folder: Path) -> Any:
    """The configuration, as transformers reads it.

    Raises:
        AlignbenchError: it has a value that its architecture does not know, or needs code of its own.
    """
    from transformers import AutoConfig

    return _read(lambda: AutoConfig.from_pretrained(folder, trust_remote_code=False), folder, "config.json")


def read_tokenizer(folder: Path, **options: Any) -> Any:
    """The tokenizer; errors as above."""
    from transformers import AutoTokenizer

    def read() -> Any:
        return AutoTokenizer.from_pretrained(folder, trust_remote_code=False, **options)

    return _read(read, folder, "its tokenizer")


def _read(read: Callable[[], Any], folder: Path, what: str) -> Any:
    try:
        return read()
    except Exception as error:  # transformers, tokenizers and the hub's checks raise whatever they meet
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]
        remedy = f"{what} cannot be read ({reason}): download the folder again, or take another model"
        raise AlignbenchError("model.path", str(folder), remedy) from error
