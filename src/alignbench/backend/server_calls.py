"""Many requests at once: what was asked before comes from the cache, what is new stays within the budget."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

from alignbench.backend import IncompleteAnswers
from alignbench.backend.server_budget import Budget, Cost
from alignbench.backend.server_client import Client, Failure
from alignbench.errors import AlignbenchError
from alignbench.files import write_text
from alignbench.progress import bar, say
from alignbench.types import check

T = TypeVar("T")
Body = Mapping[str, Any]
# So many requests in a row that no retry could save mean that the server is down. Our choice.
_DOWN = 16
# So many replies in a row that make no sense mean that it is no OpenAI-compatible server. Our choice.
_NONSENSE = 3


@dataclass(frozen=True)
class ReplyCache:
    """One JSON file a reply: ``{"asked": ..., "reply": ..., "seal": ...}``. Threads and processes may share a folder.

    A file that is no longer as it was written is set aside, and its request is sent again.
    """

    folder: Path

    @staticmethod
    def key(asked: Mapping[str, Any]) -> str:
        """Name of a reply: hash of everything that the reply may depend on. Its seal is made in the same way."""
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()

    def get(self, key: str) -> Any:
        """The reply, or None."""
        file = self._file(key)
        try:
            held = json.loads(file.read_text(encoding="utf-8"))
            # Replies of a version that wrote no seal are vouched for by their name alone.
            if self.key(held["asked"]) == key and held.get("seal", self.key(held["reply"])) == self.key(held["reply"]):
                return held["reply"]
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, AttributeError):  # cut, or overwritten
            pass
        say(f"  damage reply {file.name}: not as it was written; kept as {file.stem}.damaged, and asked for again")
        file.replace(file.with_suffix(".damaged"))
        return None

    def put(self, key: str, asked: Mapping[str, Any], reply: Any) -> None:
        """Keep a reply; the file appears when it is whole."""
        file = self._file(key)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, json.dumps({"asked": asked, "reply": reply, "seal": self.key(reply)}))

    def _file(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"


@dataclass(frozen=True)
class Caller:
    """Sends requests with ``concurrency`` threads.

    Attributes:
        source: names the server and the weights behind it; part of what a reply is cached by.
        explain: the error for the user where a failure will meet every other request as well, else None.
    """

    client: Client
    cache: ReplyCache
    budget: Budget
    concurrency: int
    source: Body
    explain: Callable[[Failure], AlignbenchError | None]

    def ask(
        self,
        path: str,
        bodies: Sequence[Body],
        read: Callable[[Any, Body], T],
        label: str,
        connect: Callable[[], str],
    ) -> list[T]:
        """What ``read(reply, body)`` finds in the reply to each body, in order; equal bodies are sent once.

        Args:
            path: of the endpoint, after the address that ``connect`` gives.
            read: raises KeyError, IndexError, TypeError or ValueError on a malformed reply.
            connect: makes the server ready and gives its address; called only when a reply is not in the cache.

        Raises:
            AlignbenchError: the server refuses us, is down, talks nonsense, or the budget is spent; then
                nothing more is sent.
            IncompleteAnswers: some requests failed for good; raised after all others were answered, with None for them.
        """
        asked = [{**self.source, "path": path, "body": body} for body in bodies]
        keys = [self.cache.key(one) for one in asked]
        unique = dict(zip(keys, asked, strict=True))
        found = {key: reply for key in unique if (reply := self.cache.get(key)) is not None}
        missing = {key: one for key, one in unique.items() if key not in found}
        failures: list[Failure] = []
        with bar(len(unique), label, "request") as progress:
            progress.update(len(found))
            if missing:
                replies, failures = self._send(missing, connect() + path, read, progress)
                found |= replies
        if failures:
            self.budget.usage.failed += len(failures)
            remedy = f"failed for good, the first with: {failures[0].reason}; the other replies are kept, so run again"
            answers = [read(found[key], body) if key in found else None for key, body in zip(keys, bodies, strict=True)]
            told, share = f"{len(failures)} of {len(missing)} requests", len(failures) / len(unique)
            raise IncompleteAnswers("backend.server", told, remedy, answers, share)
        return [read(found[key], body) for key, body in zip(keys, bodies, strict=True)]

    def _send(
        self, missing: Mapping[str, Body], url: str, read: Callable[[Any, Body], T], progress: Any
    ) -> tuple[dict[str, Any], list[Failure]]:
        stop, waiting = Event(), iter(missing.items())
        with ThreadPoolExecutor(self.concurrency) as pool:

            def sent() -> Iterator[tuple[str, Future[Any]]]:
                """Finished requests. The next one is handed out once the last has been looked at, and not before."""
                under_way: dict[Future[Any], str] = {}
                while True:
                    for key, one in islice(waiting, self.concurrency - len(under_way)):
                        under_way[pool.submit(self._one, key, one, url, read, stop)] = key
                    if not under_way:
                        return
                    done = next(as_completed(under_way))
                    yield under_way.pop(done), done

            try:
                return self._collect(sent(), progress)
            except BaseException:
                stop.set()
                self.client.abandon()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _collect(
        self, finished: Iterable[tuple[str, Future[Any]]], progress: Any
    ) -> tuple[dict[str, Any], list[Failure]]:
        found, failures, in_a_row, nonsense = {}, [], 0, 0
        for key, future in finished:
            try:
                found[key] = future.result()
                in_a_row = nonsense = 0
            except Failure as failure:
                if (error := self.explain(failure)) is not None:
                    raise error from failure
                failures.append(failure)
                in_a_row += failure.transient
                nonsense += failure.garbled
                down = f"the server is down: {in_a_row} requests in a row failed in spite of retries; replies are kept"
                check(in_a_row < _DOWN, "backend.server", failure.reason, down)
                garbled = f"the server talks nonsense, {nonsense} times in a row; most addresses end in /v1"
                check(nonsense < _NONSENSE, "backend.server", failure.reason, garbled)
            progress.update(1)
        return found, failures

    def _one(self, key: str, asked: Body, url: str, read: Callable[[Any, Body], T], stop: Event) -> Any:
        """One reply, kept once it is known to make sense."""
        body, used = asked["body"], None
        most = Cost.most(body)
        self.budget.pay(most, stop)
        try:
            content = self.client.post(url, body, stop)
            try:
                reply = json.loads(content)
                used = Cost.told(reply)
                read(reply, body)
            except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
                said = " ".join(content.decode("utf-8", "replace")[:120].split())
                raise Failure(f"not a reply of an OpenAI-compatible {url}: {said}", garbled=True) from error
            self.budget.require_counts(used)
            _require_model(reply, body)
            self.cache.put(key, asked, reply)
            return reply
        finally:
            self.budget.settle(most, used)


def _require_model(reply: Mapping[str, Any], body: Body) -> None:
    """Refuse a reply of another model. A name may be told more exactly than it was asked for, or by its end alone."""
    asked, told = str(body["model"]), reply.get("model")
    said = str(told or asked).casefold()
    same = said in asked.casefold() or asked.casefold() in said
    check(same, "backend.served_model", asked, f"the server answers with {told!r}: serve this model, or give that name")
