"""Finished stages in an object store, for many users and machines: whatever fsspec can address.

A stage lies there as ``<address>/<name>/<key>.<seal>/``, its manifest written last. The seal in the name keeps apart
what two users built at once, so nothing there is ever written twice; whoever fetches compares every file with it.
"""

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from alignbench.errors import AlignbenchError
from alignbench.store.seal import MANIFEST
from alignbench.store.stage import Artifact
from alignbench.store.store import adopt, flaw, stored
from alignbench.types import check

_SEAL = 12
_PLACE = re.compile(rf"([a-z_]+)/([0-9a-f]+-[0-9a-f]+)\.[0-9a-f]{{{_SEAL}}}")


class Mirror:
    """An address of fsspec (``s3://bucket/folder``, ``gs://...``, ``file:///...``) that holds finished stages.

    Args:
        names: of the stages to look at; empty for all.

    Raises:
        AlignbenchError: fsspec does not know the address, or its package for it is not installed.
    """

    def __init__(self, address: str, names: tuple[str, ...] = ()) -> None:
        import fsspec

        try:
            self._files, base = fsspec.url_to_fs(address)
        except (ImportError, ValueError) as error:
            raise AlignbenchError("task.address", address, str(error)) from error
        self._base, self._names = base.rstrip("/"), names

    def push(self, root: Path) -> list[str]:
        """Copy what the store at ``root`` has finished and the mirror lacks; the places of what was copied.

        Damaged stages stay here, and so do those of a version that wrote no seal.
        """
        there, pushed = {(name, key) for name, key, _ in self._held()}, []
        for artifact in self._finished(root):
            place = f"{artifact.name}/{artifact.key}"
            if (artifact.name, artifact.key) in there or "seal" not in artifact.manifest or flaw(artifact):
                continue
            goal = f"{self._base}/{place}.{artifact.manifest['seal'][:_SEAL]}"
            for name in (*artifact.manifest["files"], MANIFEST):
                self._files.makedirs(f"{goal}/{name}".rpartition("/")[0], exist_ok=True)
                self._files.put_file(str(artifact.path / name), f"{goal}/{name}")
            pushed.append(place)
        return pushed

    def pull(self, root: Path) -> list[str]:
        """Copy what the mirror has and the store at ``root`` lacks; the places of what was copied.

        Raises:
            AlignbenchError: a stage is not what its seal says; those before it have been copied.
        """
        pulled = []
        for name, key, folder in self._held():
            if adopt(Artifact(root / name / key), partial(self._fetch, folder)):
                pulled.append(f"{name}/{key}")
        return pulled

    def _fetch(self, folder: str, goal: Path) -> None:
        record: dict[str, Any] = json.loads(self._files.cat_file(f"{folder}/{MANIFEST}"))
        check("seal" in record, "stage", folder, "its manifest has no seal: nothing says whether it is whole")
        for name in (*record["files"], MANIFEST):
            path = PurePosixPath(name)
            check(not path.is_absolute() and ".." not in path.parts, "stage", folder, f"{name} lies outside of it")
            (goal / path).parent.mkdir(parents=True, exist_ok=True)
            self._files.get_file(f"{folder}/{name}", str(goal / path))

    def _finished(self, root: Path) -> Iterator[Artifact]:
        for folder in sorted(root.iterdir()) if root.is_dir() else ():
            if folder.is_dir() and (not self._names or folder.name in self._names):
                yield from (one for one in stored(root, folder.name) if (one.path / MANIFEST).is_file())

    def _held(self) -> Iterator[tuple[str, str, str]]:
        """Name, key and folder of every stage of the mirror, the first of each key."""
        seen = set()
        self._files.invalidate_cache()
        for manifest in sorted(self._files.glob(f"{self._base}/*/*/{MANIFEST}")):
            folder = manifest.rpartition("/")[0]
            found = _PLACE.fullmatch("/".join(folder.split("/")[-2:]))
            if found and found.groups() not in seen and (not self._names or found[1] in self._names):
                seen.add(found.groups())
                yield found[1], found[2], folder
