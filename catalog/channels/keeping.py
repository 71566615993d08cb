"""The projection of products to what they lack for channels, kept current by a runner.

A product that changed is marked in the transaction of the change (`catalog.channels.signals`); here
marked ones are checked, some hundred at a time, in as many queries however many they are.
"""

from __future__ import annotations

import time

from django.db import transaction

from catalog.channels.marking import readiness_begin, readiness_mark
from catalog.channels.profiles import profiles
from catalog.channels.renewing import readiness_renew
from catalog.channels.targets import targets_begin
from catalog.models import Catalog, ChannelTarget, Product, ReadinessGap
from catalog.models.outbox import CHUNK
from prodintel.lib.runner import Stopping, never

REMOVED = 500
# Between two transactions, so that others get a word in where only one may write.
BREATH_SECONDS = 0.01
SETTLE_SECONDS = 60.0


class ReadinessChecker:
    """The readiness runner's work. One a worker process; `step` is called by one thread."""

    def __init__(self, *, stopping: Stopping = never) -> None:
        self._stopping = stopping
        self._settled_at = -SETTLE_SECONDS

    def step(self) -> int:
        """Check or mark some products; returns how many rows were handled, 0 when none wait."""
        if self._stopping():
            return 0
        handled = self._settle() + sweep_step() + readiness_renew()
        if handled:
            time.sleep(BREATH_SECONDS)
        return handled

    def _settle(self) -> int:
        """Give new catalogues their first targets; look now and then for what changed besides."""
        begun = 0
        for catalog in Catalog.objects.alive().filter(channel_targets=None).order_by("pk")[:CHUNK]:
            targets_begin(catalog=catalog)
            begun += 1
        if time.monotonic() - self._settled_at >= SETTLE_SECONDS:
            begun += profiles_follow() + leftovers_remove()
            self._settled_at = time.monotonic()
        return begun


def profiles_follow() -> int:
    """Have catalogues checked anew whose channels' profiles are others than they were."""
    begun = 0
    for channel, each in profiles().items():
        targets = ChannelTarget.objects.filter(channel=channel, removed_at=None)
        begun += targets.exclude(profile_stamp=each.stamp).update(
            profile_stamp=each.stamp, marked_through=0
        )
    return begun


def leftovers_remove() -> int:
    """Delete some of the gaps for channels that were removed."""
    gaps = ReadinessGap.objects.exclude(target__removed_at=None)
    some = list(gaps.order_by("pk").values_list("pk", flat=True)[:REMOVED])
    ReadinessGap.objects.filter(pk__in=some).delete()
    return len(some)


def sweep_step() -> int:
    """Mark the next products of a catalogue that has a new target; returns how many rows it wrote."""
    waiting = ChannelTarget.objects.filter(
        removed_at=None, marked_through__isnull=False, catalog__deleted_at=None
    )
    target = waiting.order_by("catalog_id", "marked_through", "pk").first()
    return _sweep(target.catalog_id, target.marked_through or 0) if target else 0


@transaction.atomic
def _sweep(catalog_id: int, through: int) -> int:
    targets = ChannelTarget.objects.filter(catalog=catalog_id, removed_at=None)
    products = Product.objects.alive().filter(catalog=catalog_id, pk__gt=through)
    ids = list(products.order_by("pk").values_list("pk", flat=True)[:CHUNK])
    if not ids:
        # One that came in the meantime starts from the beginning and is not meant.
        return targets.filter(marked_through__gte=through).update(marked_through=None)
    readiness_begin(ids)
    readiness_mark(ids)
    # Only those that began here: one that is further has its own way to go.
    return len(ids) + targets.filter(marked_through=through).update(marked_through=ids[-1])
