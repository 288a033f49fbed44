"""A Hugging Face folder, checked and fingerprinted without loading weights."""

import hashlib
import json
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

from alignbench.errors import AlignbenchError
from alignbench.types import check

_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json")
# Everything that can change a number; weights (safetensors) come on top.
_TEXTS = (
    "config.json", "generation_config.json", "tokenizer_config.json", "special_tokens_map.json",
    "merges.txt", "chat_template.jinja", "chat_template.json", *_TOKENIZERS,
)  # fmt: skip
_MIB = 1 << 20
_WHOLE = 64 * _MIB
_SAMPLE = 4096


def verify(folder: Path) -> None:
    """Raise unless ``folder`` holds a complete model.

    Raises:
        AlignbenchError: the folder, its configuration, tokenizer or weights are missing, a file is cut, or the model is
            run by code of its own.
    """
    shards = weight_files(folder)
    missing = [shard.name for shard in shards if not shard.is_file()]
    for there, remedy in (
        (folder.is_dir(), "no such folder: give a local model folder or a hub id"),
        ((folder / "config.json").is_file(), "config.json is missing: is this a model folder?"),
        (any((folder / n).is_file() for n in _TOKENIZERS), "the tokenizer is missing: copy tokenizer.json there"),
        (bool(shards), "it has no *.safetensors: convert the weights with save_pretrained"),
        (not missing, f"weight files are missing: {', '.join(missing)}; download again"),
    ):
        check(there, "model.path", str(folder), remedy)
    config = _json(folder / "config.json")
    remedy = "code of the model's own would have to run, which alignbench never does: take one that transformers knows"
    check("auto_map" not in config or _known(config.get("model_type")), "model.path", str(folder), remedy)


def _known(model_type: str | None) -> bool:
    """Whether the installed transformers has this architecture."""
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

    return model_type in CONFIG_MAPPING_NAMES


def chat_template(folder: Path) -> str | None:
    """Text of the folder's chat template, None where it has none."""
    file = folder / "chat_template.jinja"
    if file.is_file():
        return file.read_text(encoding="utf-8")
    for name in ("tokenizer_config.json", "chat_template.json"):
        if (folder / name).is_file() and (template := _json(folder / name).get("chat_template")):
            return template if isinstance(template, str) else json.dumps(template)
    return None


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of the model, those that its index names included."""
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        return [folder / name for name in sorted(set(_json(index)["weight_map"].values()))]
    return sorted(folder.glob("*.safetensors"))


def shapes(file: Path) -> dict[str, tuple[int, ...]]:
    """Tensor name -> shape, from the header of a safetensors file."""
    return {name: tuple(entry["shape"]) for name, entry in _header(file)[1].items()}


def parameters(folder: Path) -> int:
    """How many numbers the weights are, by the headers of their files."""
    return sum(prod(shape) for file in weight_files(folder) for shape in shapes(file).values())


def _header(file: Path) -> tuple[int, dict[str, dict[str, Any]]]:
    """Where the data of a safetensors file begins, and its tensors: dtype, shape and data_offsets by name."""
    with file.open("rb") as stream:
        size = int.from_bytes(stream.read(8), "little")
        tensors = json.loads(stream.read(size))
    tensors.pop("__metadata__", None)
    return 8 + size, tensors


def fingerprint(folder: Path) -> str:
    """Sixteen hex digits naming configuration, tokenizer, template and weights, wherever the folder lies.

    Weight files of 64 MiB and more count by name, size and the first 4 KiB of every tensor, so that a model
    fine-tuned in any of them is another model; reading all of a large one would take minutes.
    """
    digest = hashlib.sha256()
    for name in sorted(_TEXTS):
        if (folder / name).is_file():
            digest.update(name.encode() + b"\0" + _content(folder / name))
    for shard in weight_files(folder):
        digest.update(f"{shard.name}\0{shard.stat().st_size}\0".encode())
        for chunk in _sampled(shard):
            digest.update(chunk)
    return digest.hexdigest()[:16]


def _content(file: Path) -> bytes:
    """Bytes of a file; of the configuration, without the version of the library that wrote it."""
    if file.name not in ("config.json", "generation_config.json"):
        return file.read_bytes()
    config = _json(file)
    config.pop("transformers_version", None)
    return json.dumps(config, sort_keys=True).encode()


def _sampled(shard: Path) -> Iterator[bytes]:
    with shard.open("rb") as stream:
        if shard.stat().st_size < _WHOLE:
            yield from iter(lambda: stream.read(_MIB), b"")
            return
        start, tensors = _header(shard)
        for name in sorted(tensors):
            stream.seek(start + tensors[name]["data_offsets"][0])
            yield name.encode() + stream.read(_SAMPLE)


def _json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise AlignbenchError("model.path", str(file), "it is cut, or no JSON object: download it again")
    return content
