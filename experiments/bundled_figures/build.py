"""Write the bundled figures: ``python experiments/bundled_figures/build.py --figures DIR``.

``DIR`` holds ``wvs7_shares.csv``, ``wvs7_flags.csv`` and ``aoi2022_shares.csv``. For each survey this
writes ``shares.csv.gz`` (the same bytes for the same input) and ``dropped.csv``; items, splits and
``source.json`` are written by hand and stay as they are.
"""

import argparse
import gzip
import io
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from alignbench import resources
from alignbench.data.bundle import BUNDLED
from alignbench.data.items import load_items
from alignbench.data.shares import normalised, refusal
from alignbench.data.tables import need
from alignbench.progress import say
from alignbench.types import Item

RESOURCES = Path(resources.__file__).parent
_FLAG = "3-point form asked"
_FORM = "asked with three answers instead of five; the figures are not comparable with other countries"


def main(arguments: Sequence[str] | None = None) -> None:
    """Build all bundled surveys."""
    parser = argparse.ArgumentParser(description="Write the bundled survey figures.")
    parser.add_argument("--figures", type=Path, required=True, help="folder of the source tables")
    parser.add_argument("--out", type=Path, default=RESOURCES, help="folder of the surveys (default: this package)")
    options = parser.parse_args(arguments)
    for name in BUNDLED:
        shares, dropped = build(name, options.figures, load_items(RESOURCES / name / "items.jsonl"))
        folder = options.out / name
        folder.mkdir(parents=True, exist_ok=True)
        write_gzip(folder / "shares.csv.gz", shares)
        dropped.to_csv(folder / "dropped.csv", index=False, lineterminator="\n")
        cells = shares[["iso3", "item"]].drop_duplicates()
        say(f"{name}: {cells['iso3'].nunique()} countries, {len(cells)} cells kept, {len(dropped)} dropped")


def build(name: str, figures: Path, items: Sequence[Item]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Shares (iso3, item, code, share, n) and dropped cells (iso3, item, reason) of one survey.

    Answers on codes that an item does not list are taken out and the rest renormalised, up to the
    tolerance of :mod:`alignbench.data.shares`; beyond it the cell is dropped. Codes of share 0 get
    no row.
    """
    source = _source(figures / f"{name}_shares.csv")
    flagged = _not_comparable(figures / f"{name}_flags.csv")
    by_id = {item.id: item for item in items}
    kept: list[tuple[str, str, int, str, object]] = []
    dropped: list[tuple[str, str, str]] = []
    source = source[source["item"].isin(list(by_id))]
    for key, cell in source.groupby(["iso3", "item"], sort=False):
        iso3, item_id = map(str, key)
        codes = by_id[item_id].codes
        mass = dict(zip(cell["code"], cell["share"], strict=True))
        total = sum(mass.values())
        outside = total - sum(mass.get(code, 0.0) for code in codes)
        reason = _FORM if (iso3, item_id) in flagged else refusal(outside, total)
        if reason:
            dropped.append((iso3, item_id, reason))
            continue
        shares = zip(codes, normalised(mass, codes), strict=True)
        kept += [(iso3, item_id, code, f"{share:.6f}", cell["n"].iloc[0]) for code, share in shares if share > 0]
    order = {item.id: position for position, item in enumerate(items)}
    table = pd.DataFrame(kept, columns=["iso3", "item", "code", "share", "n"])
    table = table.sort_values(["iso3", "item"], key=lambda c: c.map(order) if c.name == "item" else c, kind="stable")
    return table.reset_index(drop=True), pd.DataFrame(sorted(dropped), columns=["iso3", "item", "reason"])


def write_gzip(path: Path, table: pd.DataFrame) -> None:
    """A gzipped CSV whose bytes depend on the table alone (no time, no file name)."""
    with path.open("wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
        text = io.StringIO()
        table.to_csv(text, index=False, lineterminator="\n")
        packed.write(text.getvalue().encode())


def _source(path: Path) -> pd.DataFrame:
    """The source's shares; its ``n`` only where the survey itself reports it."""
    need(path, ["country_iso3", "question_id", "option_code", "share"])
    frame = pd.read_csv(path)
    names = {"country_iso3": "iso3", "question_id": "item", "option_code": "code"}
    frame = frame.rename(columns=names)
    frame["n"] = frame["n"].astype("Int64") if "n" in frame else pd.NA
    return frame


def _not_comparable(path: Path) -> set[tuple[str, str]]:
    """Cells whose form differs; flags on small samples and near-constant answers change nothing."""
    if not path.exists():
        return set()
    flags = pd.read_csv(path)
    form = flags[flags["flag"].str.startswith(_FLAG)]
    return set(zip(form["country_iso3"], form["question_id"], strict=True))


if __name__ == "__main__":
    main()
