"""The collections of the vector shard: a folder each, held by one process at a time.

`<folder>/<name>/collection.json` says what a collection is, `<folder>/<name>/edge/` holds Qdrant
Edge's files. Nothing here is the only copy: damaged files are moved aside (`<name>.broken-<time>`)
and the collection starts afresh, marked as needing its points again.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import re
import shutil
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from prodintel.engine import deadline
from prodintel.engine.errors import CollectionMissing, EngineError, EngineUnavailable
from prodintel.engine.interface import ShardInfo
from prodintel.engine.shard import EdgeCollection, ShardFailure
from prodintel.engine.vectors import CollectionHealth, Field, FieldSchema, Filter, Value

logger = logging.getLogger(__name__)

QUIET_SECONDS = 5.0
"""A flush holds up queries for some tenths of a second, so it waits for a pause in writing."""

MOST_UNFLUSHED = 50_000
"""Points after which it waits no longer: they are replayed from the log at the next start."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


@dataclass(frozen=True, slots=True)
class _Description:
    dimension: int
    fields: dict[str, str] = field(default_factory=dict)
    needs_rebuild: bool = False


class CollectionStore:
    """Opens, creates and drops collections. Threads may use it at once."""

    def __init__(self, folder: Path) -> None:
        """Take hold of `folder` and open what is in it.

        Raises:
            EngineError: when another process holds it.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._lock = threading.RLock()
        self._held = _hold(folder / "lock")
        self._open: dict[str, EdgeCollection] = {}
        self._described: dict[str, _Description] = {}
        for name in self._on_disk():
            try:
                self.get(name)
            except EngineError:
                logger.exception("The collection %s cannot be opened now", name)

    def get(self, name: str) -> EdgeCollection:
        """The collection.

        Raises:
            CollectionMissing: when there is none of that name.
            EngineUnavailable: when it cannot be opened now.
        """
        found = self._open.get(name)
        if found is not None:
            return found
        with self._lock:
            if name not in self._open and name in self._on_disk():
                self._load(name)
            if name not in self._open:
                raise CollectionMissing(f"There is no collection {name!r}.")
            return self._open[name]

    def names(self) -> list[str]:
        """Names of the collections, sorted."""
        with self._lock:
            return sorted({*self._on_disk(), *self._open})

    def ensure(self, name: str, dimension: int, fields: Sequence[Field]) -> bool:
        """Create what is missing of the collection and its field indexes; True when it is new.

        Raises:
            EngineError: for an impossible name or dimension, or another dimension than it has.
        """
        if not _NAME.fullmatch(name) or dimension < 1:
            raise EngineError(
                f"{name!r} with {dimension} dimensions cannot be a collection: use letters, "
                "digits, '_' and '-', and at least one dimension."
            )
        with self._lock:
            try:
                self.get(name)
                created = False
            except CollectionMissing:
                self._create(name, _Description(dimension))
                created = True
            if self._described[name].dimension != dimension:
                raise EngineError(
                    f"The collection {name!r} holds vectors of "
                    f"{self._described[name].dimension} numbers, not {dimension}."
                )
            for item in fields:
                self.ensure_field(name, item)
            return created

    def ensure_field(self, name: str, item: Field) -> None:
        """Index one more payload field.

        Raises:
            EngineError: when it is indexed in another way.
        """
        with self._lock:
            collection = self.get(name)
            described = self._described[name]
            schema = described.fields.get(item.path)
            if schema not in (None, item.schema):
                raise EngineError(f"{item.path!r} is already indexed as {schema} in {name!r}.")
            if schema is None:
                collection.add_index(item)
                fields = {**described.fields, item.path: str(item.schema)}
                self._describe(name, replace(described, fields=fields))

    def drop(self, name: str) -> None:
        """Remove the collection and its files."""
        with self._lock:
            deadline.check()
            if name not in self.names():
                return
            collection = self._open.pop(name, None)
            self._described.pop(name, None)
            # Renamed first, so that a kill in the middle leaves no half collection.
            gone = self._folder / f"{name}.dropped-{time.time_ns()}"
            (self._folder / name).rename(gone)
            shutil.rmtree(gone, ignore_errors=True)
            if collection is not None:
                # Only now: Edge flushes by itself when it closes, to no purpose but quicker so.
                with contextlib.suppress(EngineError):
                    collection.discard()

    def facets(self, name: str, path: str, where: Filter | None, limit: int) -> dict[Value, int]:
        """Counts of an indexed field's values.

        Raises:
            EngineError: when the field has no index that can be counted by.
        """
        collection = self.get(name)
        if self._described[name].fields.get(path) in (None, FieldSchema.FLOAT):
            raise EngineError(
                f"{path!r} cannot be counted by in {name!r}: index it as keyword, integer or bool."
            )
        return collection.facets(path, where, limit)

    def mark_rebuilt(self, name: str) -> None:
        """Forget that the collection lost points."""
        with self._lock:
            self.get(name)
            self._describe(name, replace(self._described[name], needs_rebuild=False))

    def info(self) -> ShardInfo:
        """All collections, with what stands in the way of those that cannot be opened."""
        healths, errors = [], []
        for name in self.names():
            try:
                points = self.get(name).count()
            except CollectionMissing:
                continue
            except EngineError as error:
                errors.append(str(error))
                continue
            described = self._described[name]
            healths.append(
                CollectionHealth(name, points, described.dimension, described.needs_rebuild)
            )
        return ShardInfo(tuple(healths), " ".join(errors))

    def flush(self, *, only_quiet: bool = False) -> None:
        """Flush what was written; `only_quiet` leaves out collections in the middle of writing."""
        for collection in list(self._open.values()):
            quiet = time.monotonic() - collection.last_write > QUIET_SECONDS
            due = quiet or collection.unflushed > MOST_UNFLUSHED
            if collection.unflushed and (due or not only_quiet):
                collection.flush()

    def close(self) -> None:
        """Flush, close everything and let go of the folder."""
        with self._lock:
            for name, collection in self._open.items():
                try:
                    collection.close()
                except EngineError:
                    logger.exception("The collection %s was not closed cleanly", name)
            self._open.clear()
            self._held.close()

    def _on_disk(self) -> list[str]:
        return sorted(
            entry.name
            for entry in self._folder.iterdir()
            if _NAME.fullmatch(entry.name) and (entry / "collection.json").exists()
        )

    def _create(self, name: str, described: _Description) -> None:
        folder = self._folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        self._describe(name, described)
        collection = EdgeCollection(folder / "edge", described.dimension, create=True)
        for path, schema in described.fields.items():
            collection.add_index(Field(path, FieldSchema(schema)))
        self._open[name] = collection

    def _load(self, name: str) -> None:
        folder = self._folder / name
        described = _read_description(folder / "collection.json")
        if described is None:
            self._move_aside(name, "its description cannot be read")
            return
        try:
            collection = EdgeCollection(folder / "edge", described.dimension, create=False)
            for path in described.fields.keys() - collection.indexed():
                collection.add_index(Field(path, FieldSchema(described.fields[path])))
        except EngineUnavailable as error:
            raise EngineUnavailable(f"{name}: {error}") from error
        except ShardFailure as error:
            self._move_aside(name, str(error))
            self._create(name, replace(described, needs_rebuild=True))
            return
        self._described[name] = described
        self._open[name] = collection

    def _move_aside(self, name: str, why: str) -> None:
        for older in self._folder.glob(f"{name}.broken-*"):
            shutil.rmtree(older, ignore_errors=True)
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        target = self._folder / f"{name}.broken-{stamp}"
        (self._folder / name).rename(target)
        logger.error("The collection %s is damaged and was moved to %s: %s", name, target, why)

    def _describe(self, name: str, described: _Description) -> None:
        file = self._folder / name / "collection.json"
        temporary = file.with_suffix(".tmp")
        with temporary.open("w") as handle:
            json.dump(
                {
                    "dimension": described.dimension,
                    "fields": described.fields,
                    "needs_rebuild": described.needs_rebuild,
                },
                handle,
            )
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(file)
        self._described[name] = described


def _hold(file: Path) -> IO[str]:
    """Lock `file` for the life of this process; the lock dies with it, however it dies."""
    handle = file.open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        handle.seek(0)
        owner = handle.read().strip() or "unknown"
        handle.close()
        raise EngineError(
            f"The vector shard in {file.parent} is held by another process (pid {owner}): use it "
            "through the engine that runs there, or stop that first.",
            permanent=False,
        ) from error
    handle.truncate(0)
    handle.write(str(os.getpid()))
    handle.flush()
    return handle


def _read_description(file: Path) -> _Description | None:
    try:
        found = json.loads(file.read_text())
        fields = {str(path): str(FieldSchema(kind)) for path, kind in found["fields"].items()}
        return _Description(int(found["dimension"]), fields, bool(found["needs_rebuild"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
