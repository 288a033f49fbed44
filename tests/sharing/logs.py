"""The logs of a results folder, checked against the schemas of Every Eval Ever."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

SCHEMAS = Path(__file__).parent / "every_eval_ever"


def schema(name: str) -> dict[str, Any]:
    return json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))


def valid_logs(folder: Path) -> list[dict[str, Any]]:
    """Every log below ``folder``, with its items under ``items``; all of them valid, and each joined to its own."""
    jsonschema = pytest.importorskip("jsonschema")
    of_logs, of_items = (jsonschema.Draft7Validator(schema(name)) for name in ("eval", "instance_level_eval"))
    found = []
    for file in sorted(folder.glob("data/*/*/*/*.json")):
        log = json.loads(file.read_text(encoding="utf-8"))
        of_logs.validate(log)
        beside = log["detailed_evaluation_results"]
        text = (folder / beside["file_path"]).read_bytes()
        assert (folder / beside["file_path"]).parent == file.parent and file.stem in beside["file_path"]
        assert beside["checksum"] == hashlib.sha256(text).hexdigest()
        items = [json.loads(line) for line in text.splitlines()]
        for item in items:
            of_items.validate(item)
            assert (item["evaluation_id"], item["model_id"]) == (log["evaluation_id"], log["model_info"]["id"])
            assert item["evaluation_result_id"] in {r["evaluation_result_id"] for r in log["evaluation_results"]}
        assert beside["total_rows"] == len(items)
        found.append({**log, "items": items})
    return found
