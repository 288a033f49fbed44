"""Models: a local folder, a hub id or a builtin, resolved to a checked folder on disk."""

import re
from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

from alignbench.backend import cache as caches
from alignbench.backend import checkpoint
from alignbench.backend.declared import OWN, declared, required
from alignbench.backend.shape import known, read
from alignbench.backend.template import END_OF_THOUGHT, THOUGHT
from alignbench.component import Component, recorded
from alignbench.device import has_cuda
from alignbench.errors import AlignbenchError
from alignbench.types import ModelRef, check, one_of

_HUB_FILES = ["*.json", "*.safetensors", "*.jinja", "*.model", "*.txt"]
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_SWITCH = "enable_thinking"
# Where a template's text has one of these, its model can think.
_THOUGHTS = (_SWITCH, THOUGHT, END_OF_THOUGHT)
# By this function templates ask for the date.
_CLOCK = "strftime_now"
# The nano model travels with the package.
SHIPPED = Path(__file__).parents[1] / "resources" / "nano"


class Thinking(Enum):
    """Whether a model that can think shall do so; ``none`` for all others."""

    none = "none"
    on = "on"
    off = "off"


class DefaultSystem(Enum):
    """What becomes of the system text that a chat template writes where a chat has none; ``empty`` leaves it out."""

    keep = "keep"
    empty = "empty"


class Dtype(Enum):
    """Number format of the weights; ``auto`` is bfloat16 on CUDA and float32 on the CPU."""

    auto = "auto"
    float32 = "float32"
    bfloat16 = "bfloat16"
    float16 = "float16"


@dataclass(frozen=True)
class Model(Component):
    """Which model, and how it is spoken to. Stage keys take the :class:`ModelRef`, not these knobs."""

    # A folder, a hub id, or one of builtin: smollm2_135m, gemma3_270m, nano, blank.
    path: str
    # Short name in tables and messages; empty is the last part of the path.
    name: str = recorded("")
    # Branch, tag or commit of a hub id; None is the one in the local hub cache, else main.
    revision: str | None = None
    thinking: Thinking = Thinking.none
    # own | plain | FILE: the chat template; base models have none of their own.
    template: str = OWN
    # keep | empty: a system text that the chat template writes unasked is a persona that only some methods replace.
    default_system: DefaultSystem = DefaultSystem.keep
    # What a template that writes the date is told, so that prompts are the same tomorrow; Llama 3.1's own default.
    today: str = "2024-07-26"
    dtype: Dtype = Dtype.auto
    licence: str = recorded("unknown")
    # Where the terms of the licence stand, if they must be accepted before the model is used; empty: they need not.
    terms: str = recorded("")
    # That you have read these terms and accept them.
    accept_licence: bool = recorded(False)
    citation: str = recorded("")

    def resolve(self, cache: Path | None = None, ready: bool = True) -> ModelRef:
        """The model on disk, checked and fingerprinted; no weights are loaded.

        Builtins are made into ``cache`` (default: :func:`alignbench.backend.cache.root`) the first time, and models of
        the hub downloaded. With ``ready=False`` they are not, and ``path`` may not exist yet: enough to look up and to
        plan.

        Raises:
            AlignbenchError: nothing there, incomplete, no chat template and none declared, terms that were not
                accepted, or the wrong thinking switch.
        """
        self._check_terms()
        recipe, template = self._recipe, declared(self.template)
        if recipe is not None:
            folder = (cache or caches.root()) / "models" / recipe.FOLDER
            if ready:
                caches.made(folder, recipe.build)
            elif not folder.is_dir():
                return self._ref(folder, recipe.fingerprint(), recipe.PARAMETERS, template)
        elif not ready and self.absent:
            return self._ref(Path(self.path), f"not here: {self.path}", _published_size(self.path), template)
        else:
            folder = self._folder()
        checkpoint.verify(folder)
        used = required(template or checkpoint.chat_template(folder), self._title)
        self._check_thinking(used)
        fingerprint = recipe.fingerprint() if recipe else checkpoint.fingerprint(folder)
        return self._ref(folder, fingerprint, checkpoint.parameters(folder), template, _CLOCK in used)

    def _ref(
        self, folder: Path, fingerprint: str, parameters: int | None, template: str, dated: bool = False
    ) -> ModelRef:
        usual = "bfloat16" if has_cuda() else "float32"
        return ModelRef(
            name=self._title,
            path=folder,
            fingerprint=fingerprint,
            template_kwargs={} if self.thinking is Thinking.none else {_SWITCH: self.thinking is Thinking.on},
            dtype=usual if self.dtype is Dtype.auto else self.dtype.name,
            licence=f"{self.licence} ({self.terms}), accepted" if self.terms else self.licence,
            parameters=parameters,
            today=self.today if dated else "",
            empty_system=self.default_system is DefaultSystem.empty,
            template=template,
        )

    @property
    def _title(self) -> str:
        return self.name or Path(self.path).name

    @property
    def _recipe(self) -> Any:
        """The module that makes the builtin model; None for models that lie somewhere."""
        from alignbench.backend import blank, gemma3, smollm2

        scheme, _, builtin = self.path.rpartition(":")
        recipes = {"smollm2_135m": smollm2, "gemma3_270m": gemma3, "nano": None, "blank": blank}
        if scheme == "builtin":
            one_of("model.path (builtin)", builtin, tuple(recipes))
        return recipes.get(builtin) if scheme == "builtin" else None

    @property
    def absent(self) -> bool:
        """Whether it would have to be downloaded."""
        local = Path(self.path).expanduser()
        return not local.exists() and bool(HUB_ID.fullmatch(self.path)) and _in_cache(self.path, self.revision) is None

    def _folder(self) -> Path:
        if self.path == "builtin:nano":
            return SHIPPED
        local = Path(self.path).expanduser()
        if local.exists() or not HUB_ID.fullmatch(self.path):
            return local.absolute()
        return _from_hub(self.path, self.revision)

    def _consistent(self) -> None:
        try:
            date.fromisoformat(self.today)
        except ValueError:
            raise AlignbenchError("model.today", self.today, "give a date as 2024-07-26") from None

    def _check_terms(self) -> None:
        remedy = f"{self._title} comes under {self.licence}: read {self.terms}, and say true if you accept these terms"
        check(self.accept_licence or not self.terms, "model.accept_licence", False, remedy)

    def _check_thinking(self, template: str) -> None:
        """Whoever can think does by default, and then an answer's first token is never an option: the user chooses."""
        thinks = any(mark in template for mark in _THOUGHTS)
        told = self.thinking is not Thinking.none
        remedy = "this model can think: choose on or off" if thinks else "its template knows no thoughts: use none"
        check(thinks == told, "model.thinking", self.thinking.name, remedy)


def _published_size(repo: str) -> int | None:
    """Weights of a model that is not here, by the shape that its authors published."""
    shape = read(known().get(repo, {}))
    return shape.parameters if shape else None


def _in_cache(repo: str, revision: str | None) -> Path | None:
    """Snapshot of a hub repository that was downloaded before, None where it is not there or not complete."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(repo, revision=revision, allow_patterns=_HUB_FILES, local_files_only=True))
        checkpoint.verify(folder)
    except (LocalEntryNotFoundError, AlignbenchError):
        return None
    return folder


def _from_hub(repo: str, revision: str | None) -> Path:
    """Snapshot of a hub repository: the one already downloaded if it is complete, else a download."""
    from huggingface_hub import snapshot_download

    if (folder := _in_cache(repo, revision)) is not None:
        return folder
    try:
        return Path(snapshot_download(repo, revision=revision, allow_patterns=_HUB_FILES))
    except Exception as error:  # the hub client raises OSError, ValueError and classes of its HTTP library
        reason = (str(error).splitlines() or [""])[0]
        remedy = f"it cannot be fetched from the hub ({reason}); give a local folder, or run once online to download it"
        raise AlignbenchError("model.path", repo, remedy) from error
