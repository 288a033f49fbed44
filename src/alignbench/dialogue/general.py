"""Conversations about no culture, from a file of the user's: CLCA's controls learn them in place of dialogues.

The paper (Liu, Korhonen, Gurevych, ACL 2025) has GSM8K, MathChat and dialogues about facts; a file is either

* JSON Lines, a conversation a line: ``{"messages": [{"role": "user", "content": "..."}, ...]}``, or
* CSV with the columns ``conversation``, ``role`` and ``content``, a message a row.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from alignbench.data.tables import json_lines, rows_of
from alignbench.types import Chat, Message, check

_COLUMNS = ("conversation", "role", "content")


@dataclass(frozen=True, eq=False)
class Conversations:
    """What is learnt, and what its file is called; ``rows`` are chats up to the last reply, and that reply."""

    name: str
    rows: tuple[tuple[Chat, str], ...]

    @property
    def identity(self) -> str:
        """Hash of what is said in them."""
        return hashlib.sha256(repr(self.rows).encode()).hexdigest()

    @property
    def note(self) -> str:
        """What every table that rests on them must say."""
        return f"Trained on {len(self.rows)} conversations of {self.name} in place of dialogues of the culture."


def general_conversations(path: Path) -> Conversations:
    """The conversations of a file.

    Raises:
        AlignbenchError: there is no such file, or a conversation in it cannot be learnt; the message names the place.
    """
    check(path.is_file(), "method.general", str(path), "there is no such file")
    check(path.suffix in (".jsonl", ".csv"), "method.general", str(path), "give a .jsonl or .csv file")
    read = _of_lines if path.suffix == ".jsonl" else _of_rows
    rows = tuple(_row(where, messages) for where, messages in read(path))
    check(bool(rows), "method.general", str(path), "the file holds no conversation")
    return Conversations(path.name, rows)


def _of_lines(path: Path) -> Iterator[tuple[str, Any]]:
    example = '{"messages": [{"role": "user", "content": "..."}, ...]}'
    for where, record in json_lines(path, example):
        check(isinstance(record.get("messages"), list), where, str(record)[:60], f"give {example}")
        yield where, record["messages"]


def _of_rows(path: Path) -> Iterator[tuple[str, Any]]:
    for name, messages in groupby(rows_of(path, _COLUMNS).to_dict("records"), key=lambda row: row["conversation"]):
        yield f"{path}, conversation {name}", list(messages)


def _row(where: str, messages: Any) -> tuple[Chat, str]:
    """The conversation up to its last reply; what is said after that is answered by nobody, and left out."""
    said = [m for m in messages if isinstance(m, dict) and isinstance(m.get("content"), str) and m["content"].strip()]
    check(len(said) == len(messages), where, "a message", "give every message a role and a content, both texts")
    roles = [str(m.get("role")) for m in said]
    asked = roles[1:] if roles[:1] == ["system"] else roles
    turns = all(role == ("user", "assistant")[i % 2] for i, role in enumerate(asked))
    remedy = "after a system message, if any, user and assistant speak by turns, the user first, and one reply at least"
    check(turns and len(asked) > 1, where, ", ".join(roles), remedy)
    chat = tuple(Message(role, m["content"]) for role, m in zip(roles, said, strict=True))
    last = len(chat) - len(asked) % 2
    return chat[: last - 1], chat[last - 1].content
