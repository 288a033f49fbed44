"""A sentence-transformers model in a folder: loaded once, rows of length one."""

import json
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from alignbench.component import Count, recorded
from alignbench.embedder import Embedder, Vectors
from alignbench.errors import AlignbenchError
from alignbench.progress import track
from alignbench.types import check

_CHUNK = 512  # texts between two movements of the bar


@lru_cache(maxsize=2)
def load(folder: str, device: str) -> Any:
    """The model of ``folder``, kept for the life of the process. No network."""
    import logging

    from sentence_transformers import SentenceTransformer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # "Loading weights" would tear our own bars
    logging.getLogger("sentence_transformers").setLevel(logging.WARNING)
    _vet(Path(folder))
    return SentenceTransformer(
        folder,
        device=None if device == "auto" else device,
        local_files_only=True,
        trust_remote_code=False,
        model_kwargs={"use_safetensors": True},
    )


def _vet(folder: Path) -> None:
    """Refuse a folder that names classes which are none of sentence-transformers: they would be imported and made."""
    file = folder / "modules.json"
    if not file.is_file():
        return
    try:
        named = [str(part["type"]) for part in json.loads(file.read_text(encoding="utf-8"))]
    except (ValueError, TypeError, KeyError):
        raise AlignbenchError("embedder.path", str(file), "it is cut, or no list of modules: fetch it again") from None
    foreign = [name for name in named if not name.startswith("sentence_transformers.")]
    check(not foreign, "embedder.path", foreign, f"{file} names code of its own, which is never run: take another one")


@dataclass(frozen=True)
class FolderEmbedder(Embedder):
    """Knobs of any sentence-transformers model."""

    # Sentences in one forward; memory and speed only.
    batch_size: Count = recorded(64)
    # auto | cpu | cuda | cuda:1 ...
    device: str = recorded("auto")

    @property
    @abstractmethod
    def folder(self) -> Path:
        """Where the model lies.

        Raises:
            AlignbenchError: it is not there.
        """

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit rows, float32, shape (len(texts), dimension), order kept; a bar only when it takes long."""
        model = load(str(self.folder), self.device)
        starts = range(0, len(texts), _CHUNK)
        rows = [
            model.encode(
                list(texts[start : start + _CHUNK]),
                batch_size=self.batch_size,
                normalize_embeddings=True,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
            for start in (track(starts, "embed", unit="chunk") if len(starts) > 1 else starts)
        ]
        if not rows:
            return np.zeros((0, model.get_sentence_embedding_dimension()), np.float32)
        vectors: Vectors = np.concatenate(rows).astype(np.float32)
        return vectors
