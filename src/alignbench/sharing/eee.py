"""Figures in the schema of Every Eval Ever 0.3 (https://evalevalai.com): a log per model, a line per item.

What the schema has no place for stands in its free fields, as text. Our choices: a distribution of answers is given as
JSON of option to share; the *extracted value* is the most probable option, and it *is correct* where it is the most
frequent answer of the people. The score of an item is 1 - Jensen-Shannon divergence, as on the board.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from alignbench.evaluation.board import Row
from alignbench.evaluation.catalogue import Better, BoardMetric, metrics, of_rows
from alignbench.files import write_text
from alignbench.identity import canonical
from alignbench.record.cell import ItemRecord
from alignbench.record.finished import FinishedCell, ModelKind, resampling
from alignbench.sharing.card import command
from alignbench.sharing.hub import hub_id

SCHEMA = "0.3.0"
# What our part of their data store is called, and where it lies.
_COLLECTION = "alignbench"
FOLDER = Path("data", _COLLECTION)
# Stages that make another model of the base model; without one, a row is the base model in other words.
_CHANGING = {"fit", "steer"}
# The backends that run weights here, by their choice's name; of a server we do not know where it stands.
_ENGINES = {"hf": "transformers", "vllm": "vllm", "vllm_cpu": "vllm"}
_METHOD = "studentised bootstrap over batteries of questions"


@dataclass(frozen=True)
class EvaluationLog:
    """A model that was asked a culture's questions.

    Attributes:
        path: of the log below the root of a data store; the items stand beside it.
        log: by ``eval.schema.json``, without the reference to its items.
        items: by ``instance_level_eval.schema.json``, in the order of the survey.
    """

    path: Path
    log: Mapping[str, Any]
    items: Sequence[Mapping[str, Any]]

    def write(self, root: Path) -> None:
        """Leave log and items below ``root``."""
        file = root / self.path
        file.parent.mkdir(parents=True, exist_ok=True)
        log = dict(self.log)
        if self.items:
            beside = self.path.with_name(f"{self.path.stem}_samples.jsonl")
            text = "".join(f"{json.dumps(item, ensure_ascii=False)}\n" for item in self.items)
            write_text(root / beside, text)
            log["detailed_evaluation_results"] = {
                "format": "jsonl",
                "file_path": beside.as_posix(),
                "hash_algorithm": "sha256",
                "checksum": hashlib.sha256(text.encode()).hexdigest(),
                "total_rows": len(self.items),
            }
        write_text(file, f"{json.dumps(log, indent=2, ensure_ascii=False)}\n")


def logs(cells: Iterable[FinishedCell], organisation: str) -> list[EvaluationLog]:
    """One for each model on the cells' boards, as it was asked; the same answers on several boards are one.

    Args:
        cells: the oldest first; of one model's logs that of the cell that was run for it counts, else the newest.
        organisation: who provides the data.
    """
    found: dict[Path, EvaluationLog] = {}
    asked = [(cell, row) for cell in cells for row in cell.record.rows if row.kind != "reference"]
    for cell, row in sorted(asked, key=lambda pair: pair[1] is pair[0].record.headline):
        log = _log(cell, row, organisation)
        found[log.path] = log
    return list(found.values())


@dataclass(frozen=True)
class _Model:
    """How a model is called to others, and what it was made of."""

    id: str
    name: str
    details: Mapping[str, str]

    @classmethod
    def of(cls, cell: FinishedCell, row: Row) -> "_Model":
        facts, knobs = cell.record.cell, cell.knobs.get("model", {})
        path, hub = str(knobs.get("path", "")), hub_id(knobs)
        ours, shipped = cell.world.kind is not ModelKind.real, path.startswith("builtin:")
        base = hub or f"{_COLLECTION if ours else 'local'}/{_word(facts.model)}"
        changed = any(s.row == row.label and s.what in _CHANGING for s in cell.record.provenance)
        own = f"{_COLLECTION}/{_word(f'{facts.model}-{row.label}-{facts.culture}-s{facts.seed}')}"
        here = cell.config.get("choices", {}).get("backend") in _ENGINES
        details = {
            "deployment_type": "self_deployed" if here else "unknown",
            "model_availability": "open_weights" if shipped or hub else "unknown",
            "base_model": base,
            "row": row.label,
            "kind": row.kind,
            "method": row.method or "none",
            "seed": str(facts.seed),
        }
        return cls(
            own if changed else base, facts.model if row.kind == "base" else f"{facts.model}, {row.label}", details
        )


def _log(cell: FinishedCell, row: Row, organisation: str) -> EvaluationLog:
    facts, manifest, model = cell.record.cell, cell.manifest, _Model.of(cell, row)
    finished = datetime.fromisoformat(manifest["finished"])
    epoch = f"{finished.timestamp():.0f}"
    # The same model may be asked in other words: which answers these are is a part of the name.
    answers = canonical([row.key, facts.survey, facts.culture, cell.asked])
    key = hashlib.sha256(answers.encode()).digest()
    about = f"{_COLLECTION}.{_word(facts.survey)}.{facts.culture}"
    identity = f"{about}/{model.id}/{key.hex()[:16]}/{epoch}"
    results = [_result(name, cell, row, about) for name in of_rows() if row.figure(name)[0] is not None]
    log = {
        "schema_version": SCHEMA,
        "evaluation_id": identity,
        "evaluation_timestamp": manifest["finished"],
        "retrieved_timestamp": epoch,
        "source_metadata": {
            "source_name": _COLLECTION,
            "source_type": "evaluation_run",
            "source_organization_name": organisation,
            "evaluator_relationship": "first_party" if model.id.startswith(f"{_COLLECTION}/") else "third_party",
        },
        "eval_library": {"name": _COLLECTION, "version": _version(manifest, _COLLECTION)},
        "model_info": {
            "name": model.name,
            "id": model.id,
            "developer": model.id.partition("/")[0],
            "inference_engine": _engine(cell),
            "additional_details": model.details,
        },
        "evaluation_results": results,
    }
    items = [_item(item, row, identity, model.id, about) for item in cell.record.items if row.label in item.models]
    developer, _, name = model.id.partition("/")
    file = f"{UUID(bytes=key[:16], version=4)}.json"
    return EvaluationLog(FOLDER / developer / name / file, log, items)


def _result(name: str, cell: FinishedCell, row: Row, about: str) -> dict[str, Any]:
    metric, facts = metrics()[name], cell.record.cell
    value, low, high = row.figure(name)
    details = {"row": row.label, "kind": row.kind, "against": row.against if name == "difference" else None}
    if name == "score":
        details |= {r.label: f"{r.score:.6f}" for r in cell.record.rows if r.kind == "reference"}
    details |= {"note": " ".join(text for text in (row.note, cell.record.warning) if text)}
    uncertainty: dict[str, Any] = {"num_samples": row.items}
    if low is not None and high is not None:
        drawn = resampling(cell)
        bounds = {"lower": low, "upper": high, "confidence_level": drawn.confidence, "method": _METHOD}
        uncertainty |= {"confidence_interval": bounds, "num_bootstrap_samples": drawn.resamples}
    return {
        "evaluation_result_id": f"{about}.{name}",
        "evaluation_name": about,
        "source_data": _source(cell, row),
        "metric_config": _metric(name, metric),
        "score_details": {
            "score": float(value or 0),
            "details": {k: v for k, v in details.items() if v},
            "uncertainty": uncertainty,
        },
        "generation_config": {
            "generation_args": {"execution_command": command(cell.config.get("overrides", ()))},
            "additional_details": {"asking": canonical(cell.asked), "elicit": facts.elicit or "label"},
        },
    }


def _metric(name: str, metric: BoardMetric) -> dict[str, Any]:
    low, high = metric.ends
    return {
        "evaluation_description": metric.meaning,
        "metric_id": f"{_COLLECTION}.{name}",
        "metric_name": metric.title,
        "metric_unit": metric.unit,
        "lower_is_better": metric.better is Better.lower,
        "score_type": "continuous",
        "min_score": low if math.isfinite(low) else "-Infinity",
        "max_score": high if math.isfinite(high) else "Infinity",
        "additional_details": {"better": metric.better.value or "neither"},
    }


def _source(cell: FinishedCell, row: Row) -> dict[str, Any]:
    facts = cell.record.cell
    survey = next((source for source in cell.record.provenance if source.what == "survey"), None)
    details: dict[str, str | None] = {"country": facts.country, "culture": facts.culture, "split": facts.split}
    details |= {"items": str(row.items), "batteries": str(row.batteries)}
    if survey:
        details |= {"version": survey.version, "licence": survey.licence, "citation": survey.citation}
    dois = [
        f"https://doi.org/{doi}" for doi in re.findall(r"doi:(10\.[^\s,;]+[^\s,;.])", details.get("citation") or "")
    ]
    kind = {"source_type": "url", "url": dois} if dois else {"source_type": "other"}
    return {"dataset_name": facts.survey, **kind, "additional_details": {k: v for k, v in details.items() if v}}


def _item(item: ItemRecord, row: Row, identity: str, model: str, about: str) -> dict[str, Any]:
    people, said = (dict(zip(item.options, shares, strict=True)) for shares in (item.survey, item.models[row.label]))
    top = max(item.survey)
    asked = {"raw": item.question, "reference": [option for option, share in people.items() if share == top]}
    answer = max(said, key=said.__getitem__)
    packed = json.dumps(asked, sort_keys=True, separators=(",", ":"))
    return {
        "schema_version": SCHEMA,
        "evaluation_id": identity,
        "model_id": model,
        "evaluation_name": about,
        "evaluation_result_id": f"{about}.score",
        "sample_id": item.id,
        "sample_hash": hashlib.sha256(packed.encode()).hexdigest(),
        "interaction_type": "single_turn",
        "input": {**asked, "choices": list(item.options)},
        "output": {"raw": [json.dumps(said, ensure_ascii=False)]},
        "answer_attribution": [
            {
                "turn_idx": 0,
                "source": "output.raw",
                "extracted_value": answer,
                "extraction_method": "most probable option",
                "is_terminal": True,
            }
        ],
        "evaluation": {"score": item.scores[row.label], "is_correct": answer in asked["reference"]},
        "metadata": {"battery": item.battery, "scale": item.scale, "people": json.dumps(people, ensure_ascii=False)},
    }


def _engine(cell: FinishedCell) -> dict[str, str]:
    backend = str(cell.config.get("choices", {}).get("backend", "unknown"))
    name = _ENGINES.get(backend, backend)
    return {"name": name, "version": _version(cell.manifest, name)}


def _version(manifest: Mapping[str, Any], package: str) -> str:
    return str(manifest.get("versions", {}).get(package, "unknown"))


def _word(text: str) -> str:
    """``text`` as a part of a name."""
    return re.sub(r"[^\w.-]+", "_", text).strip("_")
