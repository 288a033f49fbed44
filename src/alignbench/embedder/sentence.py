"""Any sentence-transformers model, from a folder or from the Hugging Face hub."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from alignbench.component import recorded
from alignbench.embedder import Embedder, Vectors
from alignbench.embedder.loading import encode
from alignbench.errors import AlignbenchError

_OTHER_FORMATS = ["onnx/*", "openvino/*", "*.onnx", "*.h5", "*.ot", "*.msgpack"]


@dataclass(frozen=True)
class SentenceModel(Embedder):
    """Knobs of a sentence-transformers model.

    Every use raises AlignbenchError if ``path`` is neither a folder nor a hub id within reach.
    """

    # Local folder or hub id; the files' hash is in the fingerprint.
    path: str = "sentence-transformers/all-mpnet-base-v2"
    # Sentences in one forward; memory and speed only.
    batch_size: int = recorded(64)
    # auto | cpu | cuda | cuda:1 ...
    device: str = recorded("auto")

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Array of shape (len(texts), dimension), rows of length one."""
        return encode(str(_folder(self.path)), self.device, self.batch_size, texts)

    @property
    def fingerprint(self) -> str:
        """Hash over every file of the model."""
        return _hash_of(_folder(self.path))


@lru_cache
def _folder(path: str) -> Path:
    """``path`` if it is a folder, else the hub's snapshot: from the cache if it is there."""
    if (Path(path) / "config.json").is_file():
        return Path(path)
    from huggingface_hub import snapshot_download

    for cached in (True, False):
        try:
            return Path(snapshot_download(path, local_files_only=cached, ignore_patterns=_OTHER_FORMATS))
        except (OSError, ValueError) as error:
            reason = error
    raise AlignbenchError(
        "embedder.path", path, "give the folder of a sentence-transformers model or a hub id that can be reached"
    ) from reason


@lru_cache
def _hash_of(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(str(file.relative_to(folder)).encode())
        with file.open("rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()[:16]
