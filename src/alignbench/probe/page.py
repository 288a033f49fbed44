"""The page of a probe: one self-contained HTML file, beside those of cells."""

from pathlib import Path

from alignbench.files import write_text
from alignbench.probe.record import ProbeRecord
from alignbench.probe.tables import tables
from alignbench.record.stored import records
from alignbench.report.origin import Origin
from alignbench.report.page import environment

_TEMPLATES = Path(__file__).parent / "templates"


def write_page(record: ProbeRecord, folder: Path, origin: Origin) -> Path:
    """Write ``folder/<slug>/index.html`` and return its path."""
    template = environment(_TEMPLATES).get_template("probe.html.jinja")
    text = template.render(record=record, tables=tables(record), origin=origin)
    path = folder / record.slug / "index.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, text)
    return path


def write_pages(store: Path, folder: Path) -> list[Path]:
    """The pages of all probes of a store; of several that would have one page the newest counts."""
    newest = {record.slug: (record, manifest) for _, manifest, record in records(store, "probe", ProbeRecord)}
    return [write_page(record, folder, Origin.of(manifest)) for record, manifest in newest.values()]
