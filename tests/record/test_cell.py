import json
from dataclasses import replace
from pathlib import Path

import pytest

from alignbench.errors import AlignbenchError
from alignbench.record.cell import CellRecord
from alignbench.store.manifest import write_json


def test_round_trip_through_json(record: CellRecord) -> None:
    again = CellRecord.from_json(json.loads(json.dumps(record.to_json(), allow_nan=False)))
    assert again.rows == record.rows
    assert again.items == record.items
    assert again.to_json() == record.to_json()


def test_nan_becomes_none(record: CellRecord) -> None:
    odd = replace(record, rows=(replace(record.rows[0], plain=float("nan"), means={"wasserstein": float("inf")}),))
    (row,) = odd.to_json()["rows"]
    assert row["plain"] is None and row["means"] == {"wasserstein": None}


def test_optional_parts_may_be_absent(record: CellRecord) -> None:
    data = {k: v for k, v in record.to_json().items() if k in ("schema", "cell", "title", "score_name", "rows")}
    bare = CellRecord.from_json(data)
    assert (bare.items, bare.history, bare.pool, bare.samples) == ((), None, None, ())


@pytest.mark.parametrize("damage", [{"colour": "red"}, {"rows": [{"label": "base"}]}, {"cell": {}}])
def test_foreign_records_are_refused(record: CellRecord, damage: dict[str, object]) -> None:
    with pytest.raises(AlignbenchError, match="run the cell again"):
        CellRecord.from_json(record.to_json() | damage)


def test_reading_order_puts_the_control_under_its_method(record: CellRecord) -> None:
    assert [r.kind for r in record.board] == ["base", "method", "control", "reference", "reference"]
    assert (record.base, record.aligned, record.control) == (record.rows[0], record.rows[1], record.rows[3])


def test_a_record_of_another_schema_is_refused(record: CellRecord) -> None:
    with pytest.raises(AlignbenchError, match=r"record\.schema = 0"):
        CellRecord.from_json(record.to_json() | {"schema": 0})


def test_a_damaged_record_is_named_with_its_remedy(record: CellRecord, tmp_path: Path) -> None:
    record.save(tmp_path)
    assert CellRecord.load(tmp_path).to_json() == record.to_json()
    (tmp_path / "record.json").write_text('{"schema": 1, ')
    with pytest.raises(AlignbenchError, match=r"record\.json.*delete its folder"):
        CellRecord.load(tmp_path)


def test_no_json_that_is_written_holds_a_nan(tmp_path: Path) -> None:
    write_json(tmp_path / "facts.json", {"loss": [float("nan"), float("-inf"), 1.5]})
    assert json.loads((tmp_path / "facts.json").read_text()) == {"loss": [None, None, 1.5]}
