"""Any sentence-transformers model, from a folder or from the Hugging Face hub."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from alignbench.embedder.loading import FolderEmbedder
from alignbench.errors import AlignbenchError

_OTHER_FORMATS = ["onnx/*", "openvino/*", "*.onnx", "*.h5", "*.ot", "*.msgpack"]


@dataclass(frozen=True)
class SentenceModel(FolderEmbedder):
    """Knobs of a sentence-transformers model.

    Every use raises AlignbenchError if ``path`` is neither a folder nor a hub id within reach.
    """

    # Local folder or hub id; the files' hash is in the fingerprint.
    path: str = "sentence-transformers/all-mpnet-base-v2"

    @property
    def folder(self) -> Path:
        """The folder itself, or the snapshot of the hub's model."""
        return _folder(self.path)

    @property
    def licence(self) -> str:
        """As the model's card says."""
        from huggingface_hub import ModelCard

        card = self.folder / "README.md"
        return str((ModelCard.load(card).data.license if card.is_file() else None) or super().licence)

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
