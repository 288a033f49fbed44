"""An engine as seen from a slot: its errors name the slot's knobs, and a share of lost replies may be accepted."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from alignbench.backend import Engine, EngineWrapper, IncompleteAnswers
from alignbench.errors import AlignbenchError
from alignbench.progress import say
from alignbench.types import Chat, OptionScores, Sampling


class SlotEngine(EngineWrapper):
    """Passes every call on; slots that name the same model share the engine behind.

    Args:
        place: prefix of knobs in messages; None leaves them as they are.
        lost_share: of the requests of a :meth:`generate` that may fail and become empty texts. No score may.
        before: called before each call, to make room.
        after: called after it.
    """

    def __init__(
        self,
        engine: Engine,
        place: str | None,
        lost_share: float,
        before: Callable[[], None] | None = None,
        after: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(engine)
        self._place, self._lost_share = place, lost_share
        self._before, self._after = before, after

    def generate(self, chats: Sequence[Chat], sampling: Sampling, adapter: Path | None = None) -> list[list[str]]:
        """As the engine, but for failed requests."""
        with self._speaking():
            try:
                return self._engine.generate(chats, sampling, adapter)
            except IncompleteAnswers as lost:
                if lost.share > self._lost_share:
                    raise
                say(f"  note   {lost}; they count as empty texts, as lost_share={self._lost_share:g} allows")
                return lost.answers

    def score(
        self, chats: Sequence[Chat], options: Sequence[Sequence[str]], adapter: Path | None = None
    ) -> list[OptionScores]:
        """As the engine."""
        with self._speaking():
            return self._engine.score(chats, options, adapter)

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        if self._before is not None:
            self._before()
        try:
            with named(self._place):
                yield
        finally:
            if self._after is not None:
                self._after()


@contextmanager
def named(place: str | None) -> Iterator[None]:
    """Errors about a model or a backend speak of those at ``place``."""
    try:
        yield
    except AlignbenchError as error:
        if place is None or error.field.partition(".")[0] not in ("backend", "model"):
            raise
        raise error.at(f"{place}.{error.field}") from error
