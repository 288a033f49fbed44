"""A local reading of the files of an offline run: records in blocks of 32 KiB, as in a LevelDB log."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BLOCK, HEADER, START = 32768, 7, 7  # START: the file's own mark before the first record
LAST = (1, 4)  # a whole record, or its last part


class Run:
    """What an offline run tells the server when it is synced."""

    def __init__(self, file: Path) -> None:
        self.file = file
        records = list(_records(file.read_bytes()))
        self.run = next((r.run for r in records if r.WhichOneof("record_type") == "run"), None)
        updates = self.run.config.update if self.run else ()
        self.config = {u.key: json.loads(u.value_json) for u in updates}
        self.history = [_values(r.history.item) for r in records if r.WhichOneof("record_type") == "history"]
        self.artifacts = [r.artifact for r in records if r.WhichOneof("record_type") == "artifact"]
        self.finished = any(r.WhichOneof("record_type") == "exit" for r in records)
        self.summary: dict[str, Any] = {}
        for record in records:
            if record.WhichOneof("record_type") == "summary":
                self.summary |= _values(record.summary.update)

    def table(self, name: str) -> list[dict[str, Any]]:
        file = next((self.file.parent / "files/media/table").glob(f"{name}_*.table.json"))
        table = json.loads(file.read_text(encoding="utf-8"))
        return [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]


def runs(folder: Path) -> dict[str, Run]:
    """By id; an id with two folders is an error."""
    found = [Run(file) for file in sorted(folder.glob("wandb/offline-run-*/*.wandb"))]
    ids = [run.file.stem.removeprefix("run-") for run in found]
    assert len(ids) == len(set(ids)), ids
    return dict(zip(ids, found, strict=True))


def _values(items: Any) -> dict[str, Any]:
    return {"/".join([i.key] if i.key else i.nested_key): json.loads(i.value_json) for i in items}


def _records(data: bytes) -> Iterator[Any]:
    from wandb.proto import wandb_internal_pb2

    at, parts = START, b""
    while at < len(data):
        left = BLOCK - at % BLOCK
        if left < HEADER:
            at += left
            continue
        _, length, kind = struct.unpack_from("<IHB", data, at)
        parts += data[at + HEADER : at + HEADER + length]
        at += HEADER + length
        if kind in LAST:
            record = wandb_internal_pb2.Record()
            record.ParseFromString(parts)
            yield record
            parts = b""
