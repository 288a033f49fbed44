"""Replies of a server on disk, found again by what was asked."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alignbench.files import write_text


@dataclass(frozen=True)
class ReplyCache:
    """One JSON file a reply: ``{"asked": ..., "reply": ...}``. Threads and processes may share a folder."""

    folder: Path

    @staticmethod
    def key(asked: Mapping[str, Any]) -> str:
        """Name of a reply: hash of everything that the reply may depend on."""
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()

    def get(self, key: str) -> Any:
        """The reply, or None."""
        try:
            return json.loads(self._file(key).read_text(encoding="utf-8"))["reply"]
        except FileNotFoundError:
            return None

    def put(self, key: str, asked: Mapping[str, Any], reply: Any) -> None:
        """Keep a reply; the file appears when it is whole."""
        file = self._file(key)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, json.dumps({"asked": asked, "reply": reply}))

    def _file(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"
