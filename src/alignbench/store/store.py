"""The store: ``<root>/<stage>/<key>/``, each folder complete or absent.

A folder with another name ends in a dot and a word, and is no stage: ``<key>.partial`` while it is built, and
``<key>.damaged`` where it was found to be no longer what was written, ``<key>.arriving`` while it is copied from
elsewhere.
"""

import pkgutil
import shutil
import time
from collections.abc import Callable
from enum import Enum
from errno import EEXIST, ENOTEMPTY
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from filelock import AcquireReturnProxy, FileLock, Timeout

from alignbench import backend, plugins, ranks
from alignbench.backend.engines import Opener
from alignbench.identity import digest
from alignbench.progress import say
from alignbench.store.code import Code, changed, code_in, code_of
from alignbench.store.manifest import manifest, plain, write_json
from alignbench.store.seal import MANIFEST, damage, sealed
from alignbench.store.stage import Artifact, Stage, Tools
from alignbench.types import ModelRef, check

_PAUSE = 0.1
_CODE = 8
# Modules named in the line on a stage that other code built.
_NAMED = 3


class State(Enum):
    """How a stage stands."""

    done = "done"
    running = "running"  # some process holds its lock
    pending = "pending"


class StalePolicy(Enum):
    """What becomes of a stage that other code built from the same inputs."""

    rebuild = "rebuild"
    keep = "keep"


class Store:
    """Finds stages by key, or builds them once.

    A key is the recipe of a stage (its inputs) and a digest of the code that it reaches, and of the code of the stages
    before it: an edit of either is another stage.

    Args:
        opener: opens models; without one the store only looks things up.
        stale: ``keep`` takes the newest stage of the same recipe where none was built by the code as it is now.
    """

    def __init__(self, root: Path, opener: Opener | None = None, stale: StalePolicy = StalePolicy.rebuild) -> None:
        self.root = root.absolute()
        self.built: list[Artifact] = []
        self._opener, self._stale = opener or Opener(), stale
        self._codes: dict[str, str] = {}
        self._named: set[Path] = set()

    def get(self, stage: Stage) -> Artifact:
        """The finished stage: reused if complete, else built, after those that it reads.

        A model that is to be trained on the way is tried out before the first of them.

        ``build`` gets a folder that is renamed into place with its manifest once it returns its facts. Two processes
        that want the same stage: one builds, the other waits and reuses.

        Raises:
            AlignbenchError: what the stage's ``build`` refuses, or a stage that it reads does not accept.
        """
        if not ranks.agreed(_sound(self._at(stage))):
            self._try_models(stage)
            for before in stage.upstream:
                before.accept(self.get(before).facts)
            self._build(stage)
        found = self._at(stage)
        if found.path not in self._named:
            self._named.add(found.path)
            if found not in self.built:
                say(f"  reuse  {found.name}/{found.key}")
        return found

    def find(self, stage: Stage) -> Artifact | None:
        """The finished stage, None where there is none; nothing is built."""
        found = self._at(stage)
        return found if _complete(found) else None

    def state(self, stage: Stage) -> State:
        """How the stage stands at this moment, for whichever process."""
        found = self._at(stage)
        if _complete(found):
            return State.done
        lock = _sibling(found, "lock")
        if not lock.is_file():
            return State.pending
        try:
            FileLock(lock).acquire(timeout=0).lock.release()
        except Timeout:
            return State.running
        return State.pending

    def key(self, stage: Stage) -> str:
        """Recipe and code, as they name the stage's folder."""
        return f"{stage.recipe}-{self._code(stage)}"

    def tools(self, reader: Stage | None = None) -> Tools:
        """What a stage may use while it is built, or, without one, a reader of finished stages."""
        return Tools(self._opener, self.get, self.key, reader)

    def _try_models(self, stage: Stage) -> None:
        """Open what is to be trained before anything is made for the training; opening tries a model out."""
        trainings = (before for before in stage.chain if before.by_all_ranks)
        for training in trainings if ranks.is_main() else ():
            if self.find(training) is None:
                for model in (held for _, held in training.held if isinstance(held, ModelRef)):
                    self._opener(model)

    def _at(self, stage: Stage) -> Artifact:
        return Artifact(self.root / stage.name / self.key(stage))

    def _code(self, stage: Stage) -> str:
        if stage.recipe not in self._codes:
            code = digest([_own_code(stage).digest, *map(self._code, stage.upstream)], _CODE)
            kept = self._older(stage) if self._stale is StalePolicy.keep else []
            here = Artifact(self.root / stage.name / f"{stage.recipe}-{code}")
            self._codes[stage.recipe] = kept[-1].key.partition("-")[2] if kept and not _complete(here) else code
        return self._codes[stage.recipe]

    def _older(self, stage: Stage) -> list[Artifact]:
        """Finished stages of the same recipe, the newest last."""
        complete = [artifact for artifact in stored(self.root, stage.name, stage.recipe) if _complete(artifact)]
        return sorted(complete, key=lambda artifact: str(artifact.manifest["finished"]))

    def _build(self, stage: Stage) -> None:
        goal = self._at(stage)
        if not ranks.is_main():
            self._attend(stage, goal)
            return
        goal.path.parent.mkdir(parents=True, exist_ok=True)
        with _lock(goal):
            complete, partial = _sound(goal), _sibling(goal, "partial")
            if not complete:
                if goal.path.exists():
                    _set_aside(goal)
                self._announce(stage, goal, resumed=partial.exists())
                partial.mkdir(exist_ok=True)
            if stage.by_all_ranks:
                ranks.agreed(complete)
            if complete:
                return
            started = time.monotonic()  # the clock may be set meanwhile
            facts = stage.build(partial, self.tools(stage)) or {}
            if stage.by_all_ranks:
                ranks.barrier()
            upstream = [self._at(before) for before in stage.upstream]
            record = manifest(stage, goal.key, upstream, _own_code(stage).modules, started, facts)
            write_json(partial / MANIFEST, sealed(plain(record), partial))
            if _moved(partial, goal):
                self.built.append(goal)

    def _announce(self, stage: Stage, goal: Artifact, resumed: bool) -> None:
        say(f"  {'resume' if resumed else 'build '} {goal.name}/{goal.key}")
        if older := self._older(stage):
            edited = changed(older[-1].manifest["code"], _own_code(stage).modules)
            named = ", ".join(edited[:_NAMED]) + (f" and {len(edited) - _NAMED} more" if len(edited) > _NAMED else "")
            reason = f"the code has changed ({named})" if edited else "a stage that it reads has changed"
            say(f"  stale  {older[-1].name}/{older[-1].key}: {reason}; to keep such stages: stale=keep")

    def _attend(self, stage: Stage, goal: Artifact) -> None:
        """What a rank that does not write does: build what all build, then wait for rank 0."""
        if stage.by_all_ranks and not ranks.agreed(False):
            stage.build(_sibling(goal, "partial"), self.tools(stage))
            ranks.barrier()
        while not _complete(goal):
            time.sleep(_PAUSE)


def _own_code(stage: Stage) -> Code:
    """The code of a stage and of all that it holds."""
    return _code_of(frozenset({type(stage), *(type(value) for _, value in stage.held if not isinstance(value, Stage))}))


@cache
def _code_of(classes: frozenset[type]) -> Code:
    """The code of these classes; where a model is among them that of every backend, since any may run it."""
    own = code_of(classes).modules
    if ModelRef not in classes:
        return Code(own)
    engines = code_in(
        [
            *(f"{backend.__name__}.{module.name}" for module in pkgutil.iter_modules(backend.__path__)),
            *(module.__name__ for module in plugins.modules("backend")),
        ]
    )
    return Code({**engines.modules, **own})


def stored(root: Path, name: str, recipe: str = "") -> list[Artifact]:
    """Folders of finished stages of that name, sorted; nothing says yet that they are whole."""
    return [Artifact(path) for path in sorted((root / name).glob(f"{recipe}*")) if path.is_dir() and not path.suffix]


def flaw(artifact: Artifact, contents: bool = True) -> str | None:
    """In words, why a folder of the store is no finished stage; None where it is one (see :func:`.seal.damage`)."""
    try:
        return damage(artifact.path, artifact.manifest, contents)
    except FileNotFoundError:
        return f"{MANIFEST} is missing"
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        return f"{MANIFEST} cannot be read"


def adopt(artifact: Artifact, fill: Callable[[Path], None]) -> bool:
    """Put a stage that was finished elsewhere into its place.

    Args:
        artifact: where it belongs.
        fill: copies it into a folder.

    Returns:
        Whether it was taken: not if it is here, or some process is building it.

    Raises:
        AlignbenchError: what was copied is not what was written.
    """
    artifact.path.parent.mkdir(parents=True, exist_ok=True)
    try:
        lock = FileLock(_sibling(artifact, "lock")).acquire(timeout=0)
    except Timeout:
        return False
    with lock:
        if _complete(artifact):
            return False
        arriving = _sibling(artifact, "arriving")
        shutil.rmtree(arriving, ignore_errors=True)
        arriving.mkdir()
        fill(arriving)
        reason = flaw(Artifact(arriving))
        check(reason is None, "stage", f"{artifact.name}/{artifact.key}", f"it is not taken: {reason}")
        if artifact.path.exists():
            _set_aside(artifact)
        arriving.rename(artifact.path)
    return True


def _complete(artifact: Artifact) -> bool:
    """Whether it is there with all its files; what stands in them is not read."""
    return artifact.path.is_dir() and flaw(artifact, contents=False) is None


def _sound(artifact: Artifact) -> bool:
    """Whether it is there as it was written."""
    return artifact.path.is_dir() and flaw(artifact) is None


def _moved(partial: Path, goal: Artifact) -> bool:
    """Rename a finished folder into place; False where another machine was there first, whose folder is used."""
    try:
        partial.rename(goal.path)
    except OSError as error:
        # A shared file system may show late what another machine has finished, or grant both the lock.
        if error.errno not in (ENOTEMPTY, EEXIST) or not _sound(Artifact(goal.path)):
            raise
        say(f"  reuse  {goal.name}/{goal.key}: another machine has finished it")
        shutil.rmtree(partial)
        return False
    return True


def _set_aside(artifact: Artifact) -> None:
    """Rename a folder that is no longer what was written; nothing is deleted."""
    names = (f"damaged{number or ''}" for number in count())
    aside = next(path for name in names if not (path := _sibling(artifact, name)).exists())
    say(f"  damage {artifact.name}/{artifact.key}: {flaw(artifact)}; kept as {aside.name}, and built again")
    artifact.path.rename(aside)


def _lock(artifact: Artifact) -> AcquireReturnProxy[Any]:
    """Held by the one process that builds; the system frees it when that process dies."""
    lock = FileLock(_sibling(artifact, "lock"))
    try:
        return lock.acquire(timeout=0)
    except Timeout:
        say(f"  wait   {artifact.name}/{artifact.key}: another process is building it")
        return lock.acquire()


def _sibling(artifact: Artifact, ending: str) -> Path:
    """Next to the stage's folder: ``partial``, ``damaged``, or the file ``lock``."""
    return artifact.path.with_name(f"{artifact.key}.{ending}")
