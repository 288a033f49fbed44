"""Every knob of every component, and another value for each: found by looking at the classes.

A *trial* is a cell in which a component is used, and one of its knobs changed there. Two things must hold of it: what
changes a result changes a key, and what changes a key changes a result. A knob that several stages read is tried in a
cell of each, and where it has nothing to do it must be in no key.
"""

from collections.abc import Iterator
from dataclasses import Field, dataclass, fields
from enum import Enum
from typing import Any

from alignbench.component import Component
from alignbench.config import components
from alignbench.training.recipe import USED_BY
from tests.proof.knobs import ACTIVE, ELSEWHERE, FURTHER, NOTHING, SCRIPTED, TRAINED, TRAINERS, USED, VALUES
from tests.proof.methods import ADJECTIVE, DRAWLESS, METHODS, SLOTS

_GROUPS = ("method", "training", "judge", "author", "generator", "embedder", "scoring", "survey", "model", "backend")
# What runs elsewhere, or on files that a user brings.
_FOREIGN = {"OtherModel", "APIModel", "SentenceModel", "Server", "VLLM"}
_FOREIGN |= {"BundledSurvey", "OfficialWave7", "TimeSeries", "SurveyTable", "JointFile"}


@dataclass(frozen=True)
class Trial:
    """One knob of one component, changed in a cell that uses it.

    Attributes:
        case: which of several cells with the same knob.
        word: the change, as on the command line.
        quiet: no key may change.
    """

    group: str
    component: str
    knob: str
    case: str
    words: tuple[str, ...]
    word: str
    quiet: bool

    @property
    def knob_name(self) -> str:
        """``<class>.<knob>``."""
        return f"{self.component}.{self.knob}"

    @property
    def name(self) -> str:
        """The knob, and the case in brackets."""
        return f"{self.knob_name} [{self.case}]" if self.case else self.knob_name

    @property
    def changed(self) -> tuple[str, ...]:
        """The words of the cell with the knob changed."""
        return (*self.words, self.word)


def trials() -> Iterator[Trial]:
    """Every knob of every component that runs here, in every cell; what is no knob of a component follows."""
    for group in _GROUPS:
        for cls in components(group).values():
            if cls.__name__ not in _FOREIGN:
                yield from _of(group, cls)
    for method, (words, slots) in METHODS.items():
        for slot in SLOTS:
            yield Trial("", "slot", slot, method, words, f"{SCRIPTED}.{slot}=1", slot not in slots.split())
        yield Trial("", "run", "seed", method, words, "seed=1", method in DRAWLESS)
        adjective = "culture.adjective=Babylonian"
        yield Trial("culture", "Culture", "adjective", method, words, adjective, method not in ADJECTIVE)


def first(found: Iterator[Trial]) -> Iterator[Trial]:
    """One trial of each knob."""
    yield from {trial.knob_name: trial for trial in [*found][::-1]}.values()


def _of(group: str, cls: type[Component]) -> Iterator[Trial]:
    for known in fields(cls):  # type: ignore[arg-type]
        name = f"{cls.__name__}.{known.name}"
        if known.metadata.get("supplied") or name in ELSEWHERE:
            continue
        recorded = bool(known.metadata.get("recorded"))
        word = _word(group, known, name)
        if cls.__name__ in USED:
            active = ACTIVE.get(name, ())
            words = active if "method=" in "".join(active[:1]) else (*USED[cls.__name__], *active)
            yield Trial(group, cls.__name__, known.name, "", words, word, recorded)
        else:
            # Those that read it come first.
            for kind in sorted(TRAINERS, key=lambda kind: known.name not in USED_BY[kind]):
                idle = recorded or known.name not in USED_BY[kind]
                asked = TRAINED.get(f"{known.name} [{kind.name}]", TRAINED.get(known.name, ()))
                words = (*TRAINERS[kind], *(() if idle else asked))
                yield Trial(group, cls.__name__, known.name, kind.name, words, word, idle)
        for case, words in FURTHER.get(name, {}).items():
            own = _word(group, known, name, case)
            yield Trial(group, cls.__name__, known.name, case, words, own, recorded)
        for case, words in NOTHING.get(name, {}).items():
            yield Trial(group, cls.__name__, known.name, case, words, word, True)


def _word(group: str, known: Field[Any], name: str, case: str = "") -> str:
    value = VALUES.get(f"{name} [{case}]") or VALUES.get(name) or _other(known.default)
    return f"{group}.{known.name}={value}"


def _other(value: Any) -> str:
    """Another value of the same type."""
    if isinstance(value, bool):
        return str(not value).lower()
    if isinstance(value, Enum):
        members = list(type(value))
        return str(members[(members.index(value) + 1) % len(members)].name)
    if isinstance(value, int):
        return str(value + 1)
    if isinstance(value, float):
        return str(value / 2 or 0.1)
    raise TypeError(f"give another value for a knob that is {value!r}")
