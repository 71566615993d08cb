"""Which vectors answer queries: embedding spaces, and the switch from one to the next."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta

import numpy as np
import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from catalog.index import vector_index
from catalog.index.payload import payload_fields
from catalog.index.points import points_of, visible
from catalog.index.protocol import IndexUnavailable, VectorIndex
from catalog.models import (
    DescribeTask,
    Embedding,
    EmbeddingSpace,
    EmbedTask,
    IndexChange,
    Photo,
    Placement,
    SpaceState,
)
from catalog.models.photo import SIMILARITY_ROLES
from prodintel.engine.interface import EncoderInfo
from prodintel.engine.vectors import Point
from prodintel.lib.runner import Stopping, never
from prodintel.lib.work import WorkState

logger = structlog.get_logger(__name__)
BACKGROUND_SIZE = 2000
# The share of photos that a change of model may lose.
MOST_LOST = 0.01
FILL_LEASE = timedelta(seconds=30)


def live_space() -> EmbeddingSpace | None:
    """The space that answers queries; None before the first model was loaded."""
    return EmbeddingSpace.objects.defer("background").filter(state=SpaceState.LIVE).first()


def active_spaces() -> list[EmbeddingSpace]:
    """Spaces whose collections follow every change."""
    return list(EmbeddingSpace.objects.defer("background").exclude(state=SpaceState.RETIRED))


def space_for(encoder: EncoderInfo) -> EmbeddingSpace:
    """The space of a model's vectors, made at first sight: live when it is the only one.

    A space that was retired fills up again with what came since. One that another model was to fill
    is given up.
    """
    space, created = EmbeddingSpace.objects.get_or_create(
        fingerprint=encoder.fingerprint,
        defaults={
            "model_id": encoder.model_id,
            "dimension": encoder.dimension,
            "clip_model": settings.CLIP_MODEL,
            "clip_pretrained": settings.CLIP_PRETRAINED,
        },
    )
    with transaction.atomic():
        _retire(EmbeddingSpace.objects.filter(state=SpaceState.FILLING).exclude(pk=space.pk))
        if space.state == SpaceState.RETIRED:
            space.state, space.filled_index = SpaceState.FILLING, ""
            space.save(update_fields=["state", "filled_index"])
    if space.state == SpaceState.FILLING and live_space() is None:
        _make_live(space)
    if created:
        logger.info("embedding space made", space=space.pk, model=space.model_id)
    return space


def _retire(spaces: QuerySet[EmbeddingSpace]) -> int:
    """Retire spaces, and take away the tasks that nobody works on any more; returns how many.

    A space that comes back is given tasks for what it lacks.
    """
    EmbedTask.objects.filter(space__in=spaces).exclude(state=WorkState.DONE).delete()
    return spaces.update(state=SpaceState.RETIRED)


def _make_live(space: EmbeddingSpace) -> None:
    try:
        with transaction.atomic():
            live = EmbeddingSpace.objects.filter(state=SpaceState.LIVE).exclude(pk=space.pk)
            if _retire(live):
                # What the model before said of the photos is for this one to say.
                DescribeTask.objects.redo()
            space.state = SpaceState.LIVE
            space.live_since = timezone.now()
            space.save(update_fields=["state", "live_since"])
    except IntegrityError:
        # Another worker made a space live at the same moment.
        space.refresh_from_db()
        return
    logger.info("embedding space is live", space=space.pk, model=space.model_id)


def backfill(space: EmbeddingSpace) -> int:
    """Give every photo that lacks one a task in the space; returns how many were made."""
    has_task = EmbedTask.objects.filter(space=space, photo=OuterRef("pk"))
    missing = Photo.objects.filter(~Exists(has_task)).order_by("pk").values_list("pk", flat=True)
    made = 0
    while chunk := list(missing[:1000]):
        EmbedTask.objects.bulk_create(
            [EmbedTask(photo_id=pk, space=space) for pk in chunk], ignore_conflicts=True
        )
        made += len(chunk)
    return made


def switch_if_filled(space: EmbeddingSpace) -> int:
    """Make a filling space live once its photos are embedded and all of their points in the index.

    Returns how many photos keep it from that: the new model failed at them, and answers would lose
    them. A few may be lost, so that a single damaged file does not hold up a change of model.
    """
    if space.state != SpaceState.FILLING:
        return 0
    waiting = EmbedTask.objects.filter(
        space=space, state__in=[WorkState.PENDING, WorkState.RUNNING]
    )
    unindexed = IndexChange.objects.filter(vector=True).exclude(state=WorkState.FAILED)
    if waiting.exists() or backfill(space) or unindexed.exists():
        return 0
    space.refresh_from_db(fields=["state", "filled_index"])
    if space.state != SpaceState.FILLING or not is_filled(vector_index(), space):
        return 0
    known = Embedding.objects.filter(space__state=SpaceState.LIVE)
    lost = _lost(space, known)
    if lost > max(1, known.count() * MOST_LOST):
        return lost
    _make_live(space)
    return 0


def _lost(space: EmbeddingSpace, known: QuerySet[Embedding]) -> int:
    """How many of the `known` photos that a search may find the space's model failed at."""
    return EmbedTask.objects.filter(
        Exists(known.filter(photo=OuterRef("photo"))),
        Exists(visible().filter(photo=OuterRef("photo"))),
        space=space,
        state=WorkState.FAILED,
    ).count()


def drop_retired(index: VectorIndex) -> None:
    """Drop the collections of retired spaces, which no longer follow changes.

    Their vectors stay in the database: a space that comes back is filled from them.
    """
    kept = set(index.collections())
    for space in EmbeddingSpace.objects.defer("background").filter(state=SpaceState.RETIRED):
        if space.collection in kept:
            index.drop(space.collection)


def ensure_collection(index: VectorIndex, space: EmbeddingSpace) -> bool:
    """Have the space's collection with all its field indexes; True when it is new and empty."""
    return index.ensure(space.collection, space.dimension, payload_fields())


def refresh_background(space: EmbeddingSpace) -> None:
    """Draw the space's background sample again once it has grown by half since the last time."""
    vectors = Embedding.objects.filter(space=space)
    count = vectors.count()
    if count < space.background_count * 1.5 or count == space.background_count:
        return
    if space.background_count >= BACKGROUND_SIZE and count < space.background_count * 4:
        return
    ids = list(vectors.order_by("pk").values_list("pk", flat=True))
    # Evenly over all of them, from the first photo to the newest.
    places = np.linspace(0, len(ids) - 1, min(len(ids), BACKGROUND_SIZE)).astype(int)
    sample = Embedding.objects.filter(pk__in=[ids[place] for place in places])
    packed = b"".join(bytes(row.vector) for row in sample)
    EmbeddingSpace.objects.filter(pk=space.pk).update(background=packed, background_count=count)
    space.background_count = count


def is_filled(index: VectorIndex, space: EmbeddingSpace) -> bool:
    """Whether all of the space's points were put into this index."""
    return space.filled_index == index.identity


def rebuild(
    index: VectorIndex, space: EmbeddingSpace, *, chunk: int = 500, stopping: Stopping = never
) -> int:
    """Make the space's collection anew from the vectors in the database; returns its points.

    May run beside the index runner: what changes meanwhile is put right, here or by its own change.
    The space counts as filled when the last chunk is in; when this is interrupted it stays
    unfilled, and the index runner begins again.

    Raises:
        IndexUnavailable: when another process is filling the collection, or `stopping` says so.
        IndexProblem: see `VectorIndex`.
    """
    token = uuid.uuid4()
    mine = EmbeddingSpace.objects.filter(pk=space.pk, fill_token=token)
    _begin_filling(space, token)
    try:
        total = _fill(index, space, mine, chunk, stopping)
    finally:
        # A killed process leaves them, until the lease runs out.
        mine.update(fill_token=None, fill_until=None)
    space.filled_index = index.identity
    return total


def _begin_filling(space: EmbeddingSpace, token: uuid.UUID) -> None:
    now = timezone.now()
    free = Q(fill_until=None) | Q(fill_until__lt=now)
    begun = EmbeddingSpace.objects.filter(free, pk=space.pk).update(
        filled_index="", fill_token=token, fill_until=now + FILL_LEASE
    )
    space.filled_index = ""
    if not begun:
        raise IndexUnavailable("Another process is putting the points into the index just now.")


def _fill(
    index: VectorIndex,
    space: EmbeddingSpace,
    mine: QuerySet[EmbeddingSpace],
    chunk: int,
    stopping: Stopping,
) -> int:
    index.drop(space.collection)
    ensure_collection(index, space)
    placed = (
        Placement.objects.filter(role__in=SIMILARITY_ROLES, photo__embeddings__space=space)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    total = last = 0
    while ids := list(placed.filter(pk__gt=last)[:chunk]):
        if stopping():
            raise IndexUnavailable("The index is filled again after the next start.")
        if not mine.update(fill_until=timezone.now() + FILL_LEASE):
            raise IndexUnavailable("Another process took over putting the points into the index.")
        points = points_of(ids, space)
        index.upsert(space.collection, list(points.values()))
        _catch_up(index, space, points)
        total += len(points)
        last = ids[-1]
    index.mark_rebuilt(space.collection)
    if not mine.update(filled_index=index.identity):
        raise IndexUnavailable("Another process took over putting the points into the index.")
    return total


def _catch_up(index: VectorIndex, space: EmbeddingSpace, written: Mapping[int, Point]) -> None:
    """Put right what changed between the reading of points and their writing."""
    now = points_of(written, space)
    changed = [point for pk, point in now.items() if point.payload != written[pk].payload]
    if changed:
        index.upsert(space.collection, changed)
    gone = sorted(set(written) - set(now))
    if gone:
        index.delete(space.collection, gone)
