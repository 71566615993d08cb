from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, ClassVar

from django.apps import apps
from django.db import models, transaction
from django.dispatch import Signal

from prodintel.lib.work import Work, WorkState

CHUNK = 500

# Bulk writes send none of Django's signals. This is sent with `sender`, `ids` and the names of the
# `fields` that changed (None: all), inside the transaction of the change; `bulk_update` sends it
# through the updates that it is made of.
bulk_changed = Signal()


class IndexChange(Work):
    """The index must learn the latest state of a point. One row a point; gone when applied.

    `sequence` changes with every change, so that whoever applies a row can tell whether another
    change came meanwhile. `vector` says that the payload alone is not enough.
    """

    point = models.BigIntegerField(unique=True, editable=False)
    sequence = models.BigIntegerField(editable=False)
    vector = models.BooleanField(default=True, editable=False)

    def __str__(self) -> str:
        return f"point {self.point} ({self.state})"


class FileRemoval(Work):
    """A stored file that nothing refers to any more; gone when deleted."""

    name = models.CharField(max_length=300, unique=True)

    def __str__(self) -> str:
        return self.name


def record_index_changes(points: Iterable[int], *, vector: bool) -> None:
    """Write outbox rows for points (placement ids), inside the caller's transaction.

    A change that concerns the vector is never weakened by a later one that does not. A change that
    the index refused is tried again: what it refused may be what changed.
    """
    update = ["sequence", "next_try_at", *(["vector"] if vector else [])]
    ids = iter(sorted(set(points)))
    while chunk := list(islice(ids, CHUNK)):
        sequence = time.time_ns()
        IndexChange.objects.bulk_create(
            [IndexChange(point=point, sequence=sequence, vector=vector) for point in chunk],
            update_conflicts=True,
            unique_fields=["point"],
            update_fields=update,
        )
        IndexChange.objects.filter(point__in=chunk, state=WorkState.FAILED).retry()


class IndexedQuerySet(models.QuerySet):
    """A queryset whose bulk writes tell the index, as saving a single row does through signals.

    `placements_path` is the lookup from a placement to these rows.
    """

    placements_path: ClassVar[str]

    def update(self, **values: Any) -> int:
        with transaction.atomic():
            ids = list(self.order_by().values_list("pk", flat=True))
            count = super().update(**values)
            self._tell_index(ids)
            bulk_changed.send(self.model, ids=ids, fields=frozenset(values))
        return count

    def bulk_create(self, objs: Iterable[Any], *args: Any, **options: Any) -> list[Any]:
        with transaction.atomic():
            created = super().bulk_create(objs, *args, **options)
            ids = [row.pk for row in created if row.pk]
            self._tell_index(ids)
            bulk_changed.send(self.model, ids=ids, fields=None)
        return created

    def bulk_update(self, objs: Iterable[Any], *args: Any, **options: Any) -> int:
        rows = list(objs)
        with transaction.atomic():
            count = super().bulk_update(rows, *args, **options)
            self._tell_index([row.pk for row in rows])
        return count

    def _tell_index(self, ids: list[int]) -> None:
        placement = apps.get_model("catalog", "Placement")
        points: set[int] = set()
        for chunk in _chunks(ids):
            placements = placement.objects.filter(**{self.placements_path: chunk})
            points.update(placements.order_by().values_list("pk", flat=True))
        # All at once: rows of the outbox are always locked in ascending order.
        record_index_changes(points, vector=False)


def _chunks(ids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
