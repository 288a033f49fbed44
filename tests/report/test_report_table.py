from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from alignbench.config import conf_dir
from alignbench.record.cell import CellRecord
from alignbench.report.table import print_table, terminal_table


def lines(record: CellRecord, width: int) -> list[str]:
    console = Console(width=width, file=StringIO(), color_system=None)
    console.print(terminal_table(record, width))
    return [line.strip() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]


@pytest.mark.parametrize("width", [80, 100, 120])
def test_fits_and_drops_nothing(record: CellRecord, width: int) -> None:
    shown = lines(record, width)
    assert max(map(len, shown)) <= width
    own = next(line for line in shown if line.startswith("culturerl") and "0.931" in line)
    for figure in ("0.931 [0.910, 0.950]", "0.420", "+0.095 [0.066, 0.124]", "42"):
        assert figure in own


METHODS = sorted(path.stem for path in (conf_dir() / "method").glob("*.yaml"))


@pytest.mark.parametrize("method", METHODS)
def test_no_name_of_a_method_is_broken_at_80_columns(record: CellRecord, method: str) -> None:
    named = [
        replace(row, label=row.label.replace("culturerl", method), method=row.method and method) for row in record.rows
    ]
    long = replace(named[3], label=f"{method} of the United States")
    shown = lines(replace(record, rows=(*named[:3], long, *named[4:])), 80)
    assert max(map(len, shown)) <= 80 and not any("…" in line for line in shown)
    assert any(line.split()[:1] == [method] and "0.931 [" in line for line in shown)
    assert any(line.split()[:2] == ["↳", method] for line in shown)


def test_control_stands_under_its_method_and_references_apart(record: CellRecord) -> None:
    shown = lines(record, 100)
    at = {name: next(k for k, line in enumerate(shown) if line.startswith(name)) for name in ("↳ cult", "uniform")}
    assert shown[at["↳ cult"] - 1].startswith("culturerl")
    assert "† +0.021 [0.007, 0.035]" in shown[at["↳ cult"]]
    assert shown[at["uniform"] - 1] == ""


def test_the_base_given_the_same_prompt_stands_under_its_method(with_rows) -> None:  # type: ignore[no-untyped-def]
    shown = lines(with_rows((0.01, -0.02, 0.03), (0.0, -0.01, 0.01), prompted=True), 80)
    own = next(k for k, line in enumerate(shown) if line.startswith("culturerl ") and "0.931" in line)
    assert "‡ +0.010 [−0.020, 0.030]" in shown[own] and shown[own + 1].startswith("↳ base prompted")
    text = " ".join(shown)
    assert "‡ difference to the base given the same prompt (↳)" in text and "+0.300 [0.200, 0.400]" in text


def test_notes_and_reading_are_below(record: CellRecord) -> None:
    text = "\n".join(lines(record, 100))
    assert "Saudi Arabia rests on the Arab Opinion Index." in text
    assert "Intervals cover which batteries were asked." in text
    assert "– " in text and "nan" not in text.lower()


def test_labels_are_not_read_as_markup(record: CellRecord) -> None:
    odd = replace(record, title="[red]x", rows=(replace(record.rows[0], label="[bold]b"), *record.rows[1:]))
    text = "\n".join(lines(odd, 100))
    assert "[red]x" in text and "[bold]b" in text


def test_printing_keeps_to_the_width(
    record: CellRecord, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    print_table(record)
    shown = capsys.readouterr().out.splitlines()
    assert 80 <= max(map(len, shown)) <= 120


GUARDED = {"detectable": 0.0402, "format_spread": 0.11, "separable": False}


@pytest.mark.parametrize(("width", "shown"), [(80, False), (120, True)])
def test_what_could_be_seen_and_the_format_stand_where_there_is_room(
    record: CellRecord, width: int, shown: bool
) -> None:
    base, own, *others = record.rows
    guarded = replace(record, rows=(base, replace(own, **GUARDED), *others), exposure={"a set": 3, "any of them": 3})
    text = lines(guarded, width)
    line = next(line for line in text if line.startswith("culturerl") and "0.931" in line)
    assert ("0.040" in line, "±0.110 ≈" in line, "+0.018" in line) == (shown,) * 3
    said = " ".join(text)
    assert "Not separable from format (≈): culturerl." in said and "effect: a difference of 0.040" in said
    assert "Of the 42 items asked, 3 stand in public fine-tuning sets (3 in a set)." in said
