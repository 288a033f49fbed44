"""The identity of a stage: a hash of everything that changes its meaning."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from alignbench.component import plain


def canonical(parts: Any) -> str:
    """``parts`` as canonical JSON: sorted keys, no blanks, NaN refused."""
    return json.dumps(plain(parts), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def key_of(stage: str, version: int, parts: Any) -> str:
    """Sixteen hex digits naming a stage's content."""
    text = canonical({"stage": stage, "version": version, "parts": parts})
    return hashlib.sha256(text.encode()).hexdigest()[:16]
