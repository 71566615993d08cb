"""The outbox to the index: the latest state of each changed point, in every space that is in use."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from datetime import timedelta

import structlog
from django.db import transaction

from catalog.index import spaces
from catalog.index.payload import payload_fields
from catalog.index.points import payloads_of, points_of
from catalog.index.protocol import CollectionNotFound, IndexProblem, IndexUnavailable, VectorIndex
from catalog.models import EmbeddingSpace, IndexChange
from prodintel.lib.lease import kept_alive
from prodintel.lib.runner import Stopping, never
from prodintel.lib.work import SUSPECT_ATTEMPTS, Claim

logger = structlog.get_logger(__name__)
BATCH = 500
RETRY = timedelta(seconds=2)
CHECK_SECONDS = 30.0


class Indexer:
    """The index runner's work. One a worker process; `step` is called by one thread."""

    def __init__(self, index: VectorIndex, *, owner: str, stopping: Stopping = never) -> None:
        self._stopping = stopping
        self._index = index
        self._owner = owner
        self._checked_at = 0.0
        self._known: tuple = ()
        self._open: set[uuid.UUID] = set()

    def step(self) -> int:
        """Apply one batch of changes; returns how many rows were handled, 0 when none could be."""
        # Only a database that failed in the middle of a step leaves claims open.
        for token in self._open:
            IndexChange.objects.release(token)
        self._open.clear()
        active = spaces.active_spaces()
        if not active or not self._collections_ready(active):
            return 0
        claim = IndexChange.objects.all().claim_with_care(owner=self._owner, limit=BATCH)
        if not claim:
            IndexChange.objects.give_up_exhausted()
            return 0
        self._open.add(claim.token)
        with kept_alive(IndexChange.objects.all(), self._open):
            handled = self._handle(claim, active)
        self._open.discard(claim.token)
        return handled

    def _handle(self, claim: Claim[IndexChange], active: list[EmbeddingSpace]) -> int:
        try:
            self._apply(claim.rows, active)
        except IndexUnavailable as error:
            self._later(claim.token, error)
            return 0
        except CollectionNotFound as error:
            self._known = ()
            self._later(claim.token, error)
            return 0
        except IndexProblem:
            return self._one_by_one(claim.token, claim.rows, active)
        self._finish(claim.token, claim.rows)
        return len(claim.rows)

    def _collections_ready(self, active: list[EmbeddingSpace]) -> bool:
        """Fill what is missing, damaged or was left half filled; drop what is no longer in use.

        Looked at now and then, not always.
        """
        known = self._state_of(active)
        if known == self._known and time.monotonic() - self._checked_at < CHECK_SECONDS:
            return True
        try:
            spaces.drop_retired(self._index)
            there = set(self._index.collections())
            damaged = {c.name for c in self._index.health().collections if c.needs_rebuild}
            for space in active:
                whole = space.collection in there - damaged and spaces.is_filled(self._index, space)
                if not whole or spaces.ensure_collection(self._index, space):
                    count = spaces.rebuild(self._index, space, stopping=self._stopping)
                    logger.info("collection filled", space=space.pk, points=count)
        except IndexProblem as error:
            logger.warning("index not ready", reason=str(error))
            return False
        self._known, self._checked_at = self._state_of(active), time.monotonic()
        return True

    @staticmethod
    def _state_of(active: list[EmbeddingSpace]) -> tuple:
        return tuple((space.pk, space.filled_index) for space in active), payload_fields()

    def _apply(self, rows: Sequence[IndexChange], active: list[EmbeddingSpace]) -> None:
        whole = {row.point for row in rows if row.vector}
        payload_only = [row.point for row in rows if not row.vector]
        for space in active:
            fresh = payloads_of(payload_only)
            moved = self._index.set_payloads(space.collection, fresh) if fresh else set()
            hidden = set(payload_only) - set(fresh)
            self._replace(space, whole | moved | hidden)

    def _replace(self, space: EmbeddingSpace, ids: set[int]) -> None:
        if not ids:
            return
        points = points_of(ids, space)
        if points:
            self._index.upsert(space.collection, list(points.values()))
        gone = sorted(ids - set(points))
        if gone:
            self._index.delete(space.collection, gone)

    def _one_by_one(
        self, token: uuid.UUID, rows: Sequence[IndexChange], active: list[EmbeddingSpace]
    ) -> int:
        """Find the changes that the index refuses, so that the others are not held up by them."""
        refused: dict[IndexChange, IndexProblem] = {}
        for row in rows:
            if self._stopping():
                IndexChange.objects.release(token)
                break
            try:
                self._apply([row], active)
            except (IndexUnavailable, CollectionNotFound) as away:
                self._later(token, away)
                return 0
            except IndexProblem as refusal:
                refused[row] = refusal
            else:
                self._finish(token, [row])
        return self._refuse(token, refused, spared=len(rows) - len(refused))

    def _refuse(
        self, token: uuid.UUID, refused: dict[IndexChange, IndexProblem], *, spared: int
    ) -> int:
        """Fail what cannot succeed; returns how many rows were handled.

        What may pass, and spared no other change, is the index's own trouble: it counts against
        none of them, however long it lasts. A change that is tried alone was the odd one before.
        """
        waiting = None
        for row, problem in refused.items():
            if problem.permanent or spared or row.attempts > SUSPECT_ATTEMPTS:
                IndexChange.objects.fail(
                    token, [row.pk], error=str(problem), permanent=problem.permanent
                )
                logger.warning("point refused", point=row.point, reason=str(problem))
            else:
                waiting = problem
        if waiting is None:
            return spared + len(refused)
        self._later(token, waiting)
        return 0

    def _later(self, token: uuid.UUID, error: IndexProblem) -> None:
        IndexChange.objects.release(token, error=str(error), delay=RETRY)
        logger.info("indexing waits", reason=str(error))

    def _finish(self, token: uuid.UUID, rows: Sequence[IndexChange]) -> None:
        """Remove what was applied; a row that changed again meanwhile goes round once more."""
        seen = {row.pk: row.sequence for row in rows}
        with transaction.atomic():
            # In the order in which changes are recorded, so that neither waits for the other.
            held = IndexChange.objects.held(token).filter(pk__in=seen).order_by("point")
            applied = [row.pk for row in held.select_for_update() if row.sequence == seen[row.pk]]
            IndexChange.objects.filter(pk__in=applied).delete()
            IndexChange.objects.filter(pk__in=seen).release(token)
