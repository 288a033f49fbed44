from dataclasses import replace

import pandas as pd

from alignbench.record.cell import InputRecord
from alignbench.report.page import accounts, write_page
from alignbench.store.manifest import write_json
from alignbench.synthetic.folder import DatasetCard, write_set
from alignbench.synthetic.tally import Tally

ABOUT = DatasetCard("Talks", "clca", "Iraq", (), "writer", None, (), {"text": "what was said"})


def test_the_page_counts_what_was_written_kept_and_trained_on_for_every_row(record, tmp_path):
    talks = Tally("dialogues", kept=7, dropped={"too short": 2, "role <leak>": 1})
    write_set(tmp_path / "store/roleplay/a", pd.DataFrame({"text": ["x"]}), ABOUT, [talks])
    for key, rows in (("b", 21), ("c", 30)):
        (tmp_path / "store/fit" / key).mkdir(parents=True)
        write_json(tmp_path / "store/fit" / key / "manifest.json", {"facts": {"rows": rows}})
    sources = [("fit", "culturerl", "b"), ("roleplay", "culturerl", "a"), ("fit", "survey only", "c")]
    entries = [InputRecord(stage, stage, key=key, row=row) for stage, row, key in sources]
    record = replace(record, pool=None, provenance=(*record.provenance, *entries))

    made = accounts(record, tmp_path / "store")
    found = [(label, tally.what, tally.made, tally.kept, tally.reasons) for label, tally in made]
    assert found == [
        ("culturerl", "dialogues", 10, 7, "2 too short, 1 role <leak>"),
        ("culturerl", "training rows", 21, 21, ""),
    ]
    page = write_page(record, tmp_path / "page", tmp_path, generated=made).read_text(encoding="utf-8")
    assert "Texts that a model wrote" in page and "2 too short, 1 role &lt;leak&gt;" in page
    assert "Texts that a model wrote" not in write_page(record, tmp_path / "page", tmp_path).read_text(encoding="utf-8")
