from collections.abc import Callable, Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import pytest

from alignbench.evaluation.board import Row
from alignbench.judge.check import JudgeQuality
from alignbench.record.cell import CellFacts, CellRecord, InputRecord, ItemRecord, PoolRecord, Sample

EMPTY = dict.fromkeys([f.name for f in fields(Row)]) | {
    "note": "",
    "key": "k",
    "seeds": 1,
    "items": 42,
    "formats": {},
    "means": {},
}
EMPTY |= {"entropy_model": 0.7, "entropy_survey": 0.71, "batteries": 9}
# The smallest PNG: one transparent pixel.
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)


def row(label: str, kind: str, score: float, **more: Any) -> Row:
    interval = {"low": round(score - 0.021, 3), "high": round(score + 0.019, 3)}
    return Row(**{**EMPTY, "label": label, "kind": kind, "score": score, **interval, **more})


def gain(value: float, low: float | None, high: float | None) -> dict[str, float | None]:
    return {"difference": value, "difference_low": low, "difference_high": high}


def specificity(value: float | None, low: float | None, high: float | None) -> dict[str, float | None]:
    return {"specificity": value, "specificity_low": low, "specificity_high": high}


ROWS = (
    row("base", "base", 0.836, skill=-0.71, option_mass=0.3, entropy_model=0.77, entropy_survey=0.71),
    row(
        "culturerl",
        "method",
        0.931,
        method="culturerl",
        against="base",
        **gain(0.095, 0.066, 0.124),
        **specificity(0.018, 0.006, 0.03),
        skill=0.42,
        p_value=0.0004,
        option_mass=0.97,
    ),
    row("uniform answers", "reference", 0.901, **gain(0.065, 0.03, 0.1), skill=0.0),
    row("culturerl <China>", "control", 0.910, method="culturerl", against="culturerl", **gain(0.021, 0.007, 0.035)),
    row("fresh sample of respondents", "reference", 0.994, skill=1.0),
)
CITATION = "Haerpfer et al. https://example.org/wvs"
JUDGE_CHECK = JudgeQuality(
    norms=71,
    accuracy=0.791,
    balanced_accuracy=0.792,
    auc=0.884,
    auc_interval=(0.841, 0.922),
    unparsed=0.0,
    confusion=[[60, 8, 3], [9, 52, 10], [2, 12, 57]],
    cluster_auc={"religion: faith": 0.931, "trust: courts": 0.789},
    weakest="trust: courts",
    near_chance=False,
)


def item(number: int, base: float, own: float) -> ItemRecord:
    models = {"base": (0.5, 0.3, 0.2), "culturerl": (0.7, 0.2, 0.1)}
    question, options = f"How much does matter {number} matter?", ("A great deal", "Somewhat", "Little & less")
    scores = {"base": base, "culturerl": own}
    return ItemRecord(f"Q{number}", "matters", question, options, (0.8, 0.15, 0.05), models, scores)


@pytest.fixture
def record() -> CellRecord:
    changes = (0.31, 0.22, 0.14, 0.09, 0.05, 0.01, -0.02, -0.11)
    return CellRecord(
        cell=CellFacts(
            "culturerl", "iraq", "Iraq", "smollm2", 3, "wvs7", "batteries", "options", {"reward": "log_ratio"}
        ),
        title="culturerl on smollm2 for Iraq",
        score_name="1 - JSD (base 2)",
        rows=ROWS,
        notes=("Saudi Arabia rests on the Arab Opinion Index.",),
        items=tuple(item(k, 0.6, 0.6 + change) for k, change in enumerate(changes)),
        judge_check=asdict(JUDGE_CHECK),
        history=tuple(
            {"update": u, "reward": u / 10, "validation": 0.8 + u / 100 if u % 5 == 0 else None} for u in range(1, 31)
        ),
        pool=PoolRecord(
            "pool.png",
            (
                {
                    "cluster": 0,
                    "name": "family: duties",
                    "item": "Q1",
                    "statement": "People in Iraq hold family dear.",
                    "opposite": None,
                    "support": 0.914,
                },
            ),
        ),
        samples=tuple(Sample(f"Question {k}?", "A norm.", f"before {k} <script>", f"after {k}") for k in range(4)),
        provenance=(
            InputRecord(
                "survey", "WVS wave 7", "6.0", "non-commercial", "Haerpfer et al. https://example.org/wvs", "a91c"
            ),
        ),
        reading=("Intervals cover which batteries were asked.", "Skill is 0 at uniform answers."),
    )


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    folder = tmp_path / "assets"
    folder.mkdir()
    (folder / "pool.png").write_bytes(PIXEL)
    return folder


@pytest.fixture
def with_rows(record: CellRecord) -> Callable[..., CellRecord]:
    """The record with other rows: base and method, with its difference and specificity (value, low, high).

    ``prompted`` adds the base given the same prompt, and ``rivals`` baselines with these scores.
    """

    def make(
        own: tuple[Any, ...],
        specific: tuple[Any, ...] | None = None,
        prompted: bool = False,
        rivals: Mapping[str, float] | None = None,
        **more: Any,
    ) -> CellRecord:
        facts = {**gain(*own), **specificity(*(specific or (None, None, None))), **more}
        rows = [ROWS[0], replace(ROWS[1], **facts)]
        if prompted:
            rows[1] = replace(rows[1], against="prompted", plain=0.3, plain_low=0.2, plain_high=0.4)
            rows.append(row("base prompted as culturerl", "prompted", 0.93, method="culturerl", against="base"))
        others = (row(label, "method", score, method=label) for label, score in (rivals or {}).items())
        return replace(record, rows=(*rows, *others))

    return make
