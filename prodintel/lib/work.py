"""Work as rows: one mechanism by which every runner claims, renews, completes and retries.

    pending -> running (owner, token, leased until) -> done
                                                    -> pending again, later (a try failed)
                                                    -> failed (waits for a person)

A claim is a conditional UPDATE in a batch. Whoever holds its token may complete it; a result that
arrives after the lease was lost no longer matches the token and is dropped.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Collection
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic, Self, TypeVar, cast

from django.db import connections, models, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 5
SUSPECT_ATTEMPTS = 2
URGENCY = ("priority", "next_try_at", "pk")
FIRST_DELAY = timedelta(seconds=4)
INTERRUPTED = "It was interrupted in the middle {attempts} times and is not tried again by itself."

W = TypeVar("W", bound="Work")


@dataclass(frozen=True)
class Claim(Generic[W]):
    """Rows that are ours until `leased_until`, and the token that proves it."""

    token: uuid.UUID = field(default_factory=uuid.uuid4)
    rows: list[W] = field(default_factory=list)

    @property
    def ids(self) -> list[int]:
        return [row.pk for row in self.rows]

    def __bool__(self) -> bool:
        return bool(self.rows)


class WorkState(models.TextChoices):
    PENDING = "pending", "Pending"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class WorkQuerySet(models.QuerySet[W]):
    """Every change of state of work rows. Nothing else writes these columns.

    A kind of work that is to be tried more or less often has a subclass with other `max_attempts`
    and `delay_after`.
    """

    max_attempts: ClassVar[int] = MAX_ATTEMPTS

    def delay_after(self, attempts: int) -> timedelta:
        """How long to wait after the `attempts`-th failed try."""
        return retry_delay(attempts)

    def claim(self, *, owner: str, limit: int, lease: timedelta = LEASE) -> Claim[W]:
        """Take up to `limit` rows for `owner`, most urgent first, counting the attempt.

        Rows that are due come before those left behind by an owner whose lease ran out. Two
        claimers never get the same row: PostgreSQL skips rows locked by another claim; elsewhere
        rows are looked for without a lock, and the update takes those that are still free.
        """
        claim: Claim[W] = Claim()
        while True:
            with transaction.atomic() if self._skips_locked() else nullcontext():
                ids = self._candidates(limit)
                if not ids:
                    return claim
                claimable = _claimable(timezone.now(), self.max_attempts)
                taken = self.filter(claimable, pk__in=ids).update(
                    state=WorkState.RUNNING,
                    owner=owner,
                    token=claim.token,
                    leased_until=timezone.now() + lease,
                    attempts=F("attempts") + 1,
                )
            if taken:
                break
        rows = self.model._default_manager.filter(pk__in=ids, token=claim.token)  # noqa: SLF001 -- the model's public name for it
        claim.rows.extend(cast("WorkQuerySet[W]", rows.order_by(*URGENCY)))
        return claim

    def claim_with_care(self, *, owner: str, limit: int, lease: timedelta = LEASE) -> Claim[W]:
        """Like `claim`, but a row that was tried twice for nothing is taken alone.

        It may be what kills the process, and so it takes no others with it.
        """
        fresh = self.filter(attempts__lt=SUSPECT_ATTEMPTS)
        suspect = self.filter(attempts__gte=SUSPECT_ATTEMPTS)
        return fresh.claim(owner=owner, limit=limit, lease=lease) or suspect.claim(
            owner=owner, limit=1, lease=lease
        )

    def _candidates(self, limit: int) -> list[int]:
        """Ids of rows that may be claimed now: two queries, each in the order of an index."""
        now = timezone.now()
        ids = list(self._free(_due(now))[:limit])
        if len(ids) < limit:
            ids += self._free(_abandoned(now, self.max_attempts))[: limit - len(ids)]
        return ids

    def _free(self, condition: Q) -> QuerySet[Any, int]:
        rows = self.filter(condition).order_by(*URGENCY)
        if self._skips_locked():
            rows = rows.select_for_update(skip_locked=True, of=("self",))
        return rows.values_list("pk", flat=True)

    def _skips_locked(self) -> bool:
        return connections[self.db].features.has_select_for_update_skip_locked

    def held(self, token: uuid.UUID) -> Self:
        """Rows still held by `token`; locked until the transaction ends where that is possible."""
        return self.filter(token=token, state=WorkState.RUNNING)

    def renew(self, token: uuid.UUID, *, lease: timedelta = LEASE) -> int:
        """Extend the lease of what `token` still holds; returns how many rows that is."""
        return self.held(token).update(leased_until=timezone.now() + lease)

    def came_on(self, token: uuid.UUID) -> int:
        """Count tries anew: what `token` holds has come further since it was claimed."""
        return self.held(token).update(attempts=1)

    def complete(self, token: uuid.UUID, ids: Collection[int]) -> int:
        """Mark rows done that `token` still holds; returns how many were."""
        return (
            self.held(token)
            .filter(pk__in=ids)
            .update(
                state=WorkState.DONE,
                owner="",
                token=None,
                leased_until=None,
                error="",
                finished_at=timezone.now(),
            )
        )

    def fail(
        self, token: uuid.UUID, ids: Collection[int], *, error: str, permanent: bool = False
    ) -> None:
        """Record a failed try: again later with growing delay, or, when tries are used up, never."""
        for row in self.held(token).filter(pk__in=ids):
            final = permanent or row.attempts >= self.max_attempts
            self.held(token).filter(pk=row.pk).update(
                state=WorkState.FAILED if final else WorkState.PENDING,
                owner="",
                token=None,
                leased_until=None,
                error=error[:2000],
                next_try_at=timezone.now() + self.delay_after(row.attempts),
                finished_at=timezone.now() if final else None,
            )

    def release(self, token: uuid.UUID, *, error: str = "", delay: timedelta = timedelta(0)) -> int:
        """Give back what `token` holds, the attempt uncounted: the cause lay outside the work."""
        return self.held(token).update(
            state=WorkState.PENDING,
            owner="",
            token=None,
            leased_until=None,
            error=error[:2000],
            attempts=F("attempts") - 1,
            next_try_at=timezone.now() + delay,
        )

    def free(self, *, owner_prefix: str) -> int:
        """Give back the rows of owners known to be dead, without waiting for their leases.

        The attempt stays counted, so that a row whose work kills its process is not tried for ever.
        """
        self.give_up_exhausted(owner_prefix=owner_prefix)
        return self.filter(state=WorkState.RUNNING, owner__startswith=owner_prefix).update(
            state=WorkState.PENDING,
            owner="",
            token=None,
            leased_until=None,
            next_try_at=timezone.now(),
        )

    def give_up_exhausted(self, *, owner_prefix: str | None = None) -> int:
        """Fail rows whose last allowed try was left behind by an owner that is gone."""
        rows = self.filter(state=WorkState.RUNNING, attempts__gte=self.max_attempts)
        if owner_prefix is None:
            rows = rows.filter(leased_until__lt=timezone.now())
        else:
            rows = rows.filter(owner__startswith=owner_prefix)
        # Every runner asks all the time; an update that finds nothing would still lock SQLite.
        if not rows.exists():
            return 0
        return rows.update(
            state=WorkState.FAILED,
            owner="",
            token=None,
            leased_until=None,
            error=INTERRUPTED.format(attempts=self.max_attempts),
            finished_at=timezone.now(),
        )

    def retry(self) -> int:
        """A person asks again for what failed: all tries anew, at once."""
        return self.filter(state=WorkState.FAILED).update(**again())

    def redo(self) -> int:
        """Do again whatever the state, also what is done; what runs now loses its claim."""
        return self.update(**again())

    def end(self) -> int:
        """It is over, whatever the state: what runs now loses its claim."""
        return self.update(
            state=WorkState.DONE,
            owner="",
            token=None,
            leased_until=None,
            error="",
            finished_at=timezone.now(),
        )

    def withdraw(self) -> int:
        """Nobody asks for it any more: what waits or failed is as done as it was before."""
        return self.exclude(state=WorkState.RUNNING).update(
            state=WorkState.DONE, attempts=0, error="", finished_at=None
        )


def _due(now: datetime) -> Q:
    return Q(state=WorkState.PENDING, next_try_at__lte=now)


def _abandoned(now: datetime, max_attempts: int) -> Q:
    return Q(state=WorkState.RUNNING, leased_until__lt=now, attempts__lt=max_attempts)


def _claimable(now: datetime, max_attempts: int) -> Q:
    return _due(now) | _abandoned(now, max_attempts)


def again() -> dict[str, Any]:
    """The column values of a row that waits to be done, as if for the first time."""
    return {
        "state": WorkState.PENDING,
        "owner": "",
        "token": None,
        "leased_until": None,
        "attempts": 0,
        "error": "",
        "next_try_at": timezone.now(),
        "finished_at": None,
    }


def retry_delay(attempts: int) -> timedelta:
    """How long to wait after the `attempts`-th failed try: doubling, with a fifth of jitter."""
    return spread(FIRST_DELAY * 2 ** max(attempts - 1, 0))


def spread(delay: timedelta) -> timedelta:
    """The delay with a fifth of jitter: what failed together does not come back together."""
    return delay * random.uniform(0.8, 1.2)  # noqa: S311 -- spreads load, guards nothing


class Work(models.Model):
    """The columns of a row of work. `priority`: smaller is sooner."""

    state = models.CharField(
        max_length=8, choices=WorkState.choices, default=WorkState.PENDING, editable=False
    )
    priority = models.SmallIntegerField(default=0)
    owner = models.CharField(max_length=120, blank=True, default="", editable=False)
    token = models.UUIDField(null=True, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    next_try_at = models.DateTimeField(default=timezone.now, editable=False)
    error = models.TextField(blank=True, default="", editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: models.Manager[Any] = WorkQuerySet.as_manager()

    class Meta:
        abstract = True
        indexes = [
            models.Index(
                fields=["state", "priority", "next_try_at"], name="%(app_label)s_%(class)s_due"
            ),
            models.Index(
                fields=["token"],
                name="%(app_label)s_%(class)s_held",
                condition=Q(token__isnull=False),
            ),
        ]
