"""Photos of an import fetched, checked, stored and placed: some at a time, failures by themselves.

An address that an import has brought before is not asked again while its photo stands; bytes that
the catalogue has are neither decoded nor stored again.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self, TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import Min, QuerySet
from django.utils import timezone

from catalog import storage
from catalog.importing.applying import actor_of
from catalog.importing.archives import MemberRejected
from catalog.importing.files import Files
from catalog.importing.options import Options
from catalog.importing.own_photos import own_photos
from catalog.importing.placing import rows_place
from catalog.importing.staging import ADDRESS
from catalog.ingest.jobs import JobStopped, JobWaits
from catalog.models import Import, ImportPhoto, ImportPhotoState, Photo, Placement
from catalog.services.photo_files import photo_files, photos_record
from catalog.services.photos import StagedPhoto, photo_stage
from catalog.vision.opening import PhotoRejected
from prodintel.lib.crew import Crew
from prodintel.lib.remote_fetch import FetchFailed, fetch
from prodintel.lib.runner import Stopping, never
from prodintel.lib.work import retry_delay

T = TypeVar("T")
R = TypeVar("R")
# So many at once, and so many of one host.
THREADS = 8
A_HOST = 4
STEP = 16
SETTLED_AT_ONCE = 500
FETCH_SECONDS = 30.0
# So often it is looked whether the worker stops meanwhile.
LOOK_SECONDS = 0.5
TRIES = 4
PHOTOS_ONLY = "image/*"
WAITING = "Photos that could not be fetched are tried again in a moment."
NOT_HERE = "This site has no such photo, or none that you may see."
NOT_THERE = "This photo is no longer in the archive."


@dataclass(frozen=True)
class Failure:
    """Why a photo could not be brought; what is not `permanent` is tried again."""

    message: str
    permanent: bool = True


@dataclass(frozen=True)
class Brought:
    """The bytes of a photo and their name."""

    data: bytes
    name: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def photos_left(source: Import) -> QuerySet[ImportPhoto]:
    """Those that wait for their turn, or to be tried again."""
    return source.photo_rows.filter(state=ImportPhotoState.WAITING)


class PhotoFetcher:
    """Brings the photos of one import, with threads of its own as long as it is entered."""

    def __init__(self, source: Import, files: Files, stopping: Stopping = never) -> None:
        self._source = source
        self._files = files
        self._stopping = stopping
        # A host that does not answer keeps no worker from ending.
        self._crew = Crew(THREADS, "import-photo")
        self._hosts: dict[str, threading.Semaphore] = {}
        self._archive = threading.Lock()
        self._settled = Options.of(source.options).refetch
        self._last = 0
        self._own: dict[ImportPhoto, Photo | None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._crew.close()

    def step(self, held: Callable[[], Import | None]) -> bool:
        """Bring the next photos; False when none are left, or the import is not ours any more.

        Raises JobWaits when all that are left are to be tried later, JobStopped when the worker
        stops, StorageUnavailable.
        """
        if not self._settled:
            return self._settle(held)
        due = photos_left(self._source).filter(next_try_at__lte=timezone.now())
        rows = list(due.select_related("item").order_by("pk")[:STEP])
        if not rows:
            self._wait()
            return False
        known = {} if Options.of(self._source.options).refetch else self._fetched_before(rows)
        known |= self._found_here([row for row in rows if row not in known])
        brought = self._bring([row for row in rows if row not in known])
        return self._place(rows, known, brought, held)

    def _wait(self) -> None:
        soonest = photos_left(self._source).aggregate(at=Min("next_try_at"))["at"]
        if soonest is not None:
            raise JobWaits(WAITING, delay=max(soonest - timezone.now(), retry_delay(0)))

    def _settle(self, held: Callable[[], Import | None]) -> bool:
        """Note of photos that an earlier import brought to the same product that they are there."""
        rows = photos_left(self._source).filter(pk__gt=self._last, source__istartswith="http")
        some = list(rows.select_related("item").order_by("pk")[:SETTLED_AT_ONCE])
        if not some:
            self._settled = True
            return True
        self._last = some[-1].pk
        standing = self._standing(some)
        places = Placement.objects.filter(pk__in=set(standing.values()))
        says = {pk: (text, role) for pk, text, role in places.values_list("pk", "alt_text", "role")}
        there = []
        for row in some:
            place = standing.get((row.digest, row.item.product_id if row.item else None))
            # What the file says otherwise of a photo is written with the photos that are new.
            if place is not None and _is_said(row, says[place]):
                row.state, row.placement_id = ImportPhotoState.THERE, place
                there.append(row)
        if not there:
            return True
        with transaction.atomic():
            if held() is None:
                return False
            ImportPhoto.objects.bulk_update(there, ["state", "placement"])
        return True

    def _earlier(self, rows: Sequence[ImportPhoto]) -> QuerySet[ImportPhoto]:
        return ImportPhoto.objects.filter(
            digest__in={row.digest for row in rows},
            origin__catalog=self._source.catalog_id,
            state__in=[ImportPhotoState.DONE, ImportPhotoState.THERE],
            placement__deleted_at=None,
            placement__isnull=False,
        ).order_by("pk")

    def _standing(self, rows: Sequence[ImportPhoto]) -> dict[tuple[str, int | None], int]:
        """The placements of these sources by product."""
        found = self._earlier(rows).values_list("digest", "placement__product_id", "placement_id")
        return {(digest, product): place for digest, product, place in found}

    def _fetched_before(self, rows: Sequence[ImportPhoto]) -> dict[ImportPhoto, Photo]:
        """The photos of addresses that stand on some product already."""
        wanted = [row for row in rows if _is_address(row)]
        earlier = self._earlier(wanted).select_related("placement__photo") if wanted else ()
        photos = {each.digest: each.placement.photo for each in earlier if each.placement}
        return {row: photos[row.digest] for row in wanted if row.digest in photos}

    def _found_here(self, rows: Sequence[ImportPhoto]) -> dict[ImportPhoto, Photo]:
        """The catalogue's own photos that rows name by their addresses here; those of others are read
        from the storage in their turn.
        """
        self._own = own_photos(filter(_is_address, rows), actor_of(self._source))
        catalog = self._source.catalog_id
        found = {row: each for row, each in self._own.items() if each is not None}
        return {row: each for row, each in found.items() if each.catalog_id == catalog}

    def _bring(
        self, rows: Sequence[ImportPhoto]
    ) -> dict[ImportPhoto, Photo | StagedPhoto | Failure]:
        """Each as a photo that the catalogue has, one to be stored, or why it cannot be brought."""
        raw = dict(zip(rows, self._each(self._read, rows), strict=True))
        sums = {row: each.sha256 for row, each in raw.items() if isinstance(each, Brought)}
        catalog = self._source.catalog_id
        stored = Photo.objects.filter(catalog=catalog, sha256__in=set(sums.values()))
        by_sum = {photo.sha256: photo for photo in stored}
        found: dict[ImportPhoto, Photo | StagedPhoto | Failure] = {}
        new: dict[str, Brought] = {}
        for row, each in raw.items():
            if isinstance(each, Failure):
                found[row] = each
            elif sums[row] in by_sum:
                found[row] = by_sum[sums[row]]
            else:
                new.setdefault(sums[row], each)
        staged = dict(zip(new, self._each(_stage, new.values()), strict=True))
        return found | {row: staged[sums[row]] for row in raw if row not in found}

    def _each(self, call: Callable[[T], R], things: Iterable[T]) -> list[R]:
        """What comes of each, several at once. Raises JobStopped; what was asked for is lost then."""
        futures = [self._crew.submit(call, thing) for thing in things]
        while not all(future.done() for future in futures):
            if self._stopping():
                for future in futures:
                    future.cancel()
                raise JobStopped
            self._crew.news.wait(LOOK_SECONDS)
            self._crew.news.clear()
        return [future.result() for future in futures]

    def _read(self, row: ImportPhoto) -> Brought | Failure:
        try:
            if row in self._own:
                return self._copy(self._own[row])
            if _is_address(row):
                return self._fetch(row.source)
            with self._archive:
                return Brought(self._files.read(row.source), row.source)
        except FetchFailed as error:
            return Failure(str(error), error.permanent)
        except MemberRejected as error:
            return Failure(str(error))
        except KeyError:
            return Failure(NOT_THERE)

    @staticmethod
    def _copy(photo: Photo | None) -> Brought | Failure:
        if photo is None:
            return Failure(NOT_HERE)
        try:
            return Brought(storage.read(str(photo.file.name)), photo.original_name)
        except storage.FileMissing:
            return Failure(NOT_HERE)

    def _fetch(self, address: str) -> Brought:
        host = address.partition("://")[2].partition("/")[0].casefold()
        with self._hosts.setdefault(host, threading.Semaphore(A_HOST)):
            got = fetch(
                address,
                max_bytes=settings.MAX_PHOTO_BYTES,
                timeout=FETCH_SECONDS,
                accept=PHOTOS_ONLY,
            )
        return Brought(got.data, got.name)

    def _place(
        self,
        rows: Sequence[ImportPhoto],
        known: Mapping[ImportPhoto, Photo],
        brought: Mapping[ImportPhoto, Photo | StagedPhoto | Failure],
        held: Callable[[], Import | None],
    ) -> bool:
        staged = {row: each for row, each in brought.items() if isinstance(each, StagedPhoto)}
        unique = {each.opened.sha256: each for each in staged.values()}
        catalog = self._source.catalog
        with (
            photo_files(catalog=catalog, photos=list(unique.values())) as stored,
            transaction.atomic(),
        ):
            source = held()
            if source is None:
                # What was written goes by itself: nobody records it.
                return False
            actor = actor_of(source)
            made = photos_record(catalog=catalog, stored=stored, actor=actor)
            by_sum = {photo.sha256: photo for photo in made}
            there = {row: each for row, each in brought.items() if isinstance(each, Photo)}
            photos = {**known, **there}
            photos |= {row: by_sum[each.opened.sha256] for row, each in staged.items()}
            self._note_failures(brought)
            # In the order of the file.
            rows_place({row: photos[row] for row in rows if row in photos}, actor)
        return True

    @staticmethod
    def _note_failures(brought: Mapping[ImportPhoto, object]) -> None:
        failed = {row: each for row, each in brought.items() if isinstance(each, Failure)}
        for row, why in failed.items():
            row.attempts += 1
            row.error = why.message[:500]
            if why.permanent or row.attempts >= TRIES:
                row.state = ImportPhotoState.FAILED
            else:
                row.next_try_at = _again(row.attempts)
        fields = ["attempts", "error", "state", "next_try_at"]
        ImportPhoto.objects.bulk_update(failed, fields)


def _again(attempts: int) -> datetime:
    return timezone.now() + retry_delay(attempts)


def _is_said(row: ImportPhoto, stands: tuple[str, str]) -> bool:
    """Whether a photo stands there as the file says."""
    return row.alt_text in {"", stands[0]} and row.role in {"", stands[1]}


def _is_address(row: ImportPhoto) -> bool:
    return row.source.lower().startswith(ADDRESS)


def _stage(brought: Brought) -> StagedPhoto | Failure:
    try:
        return photo_stage(data=brought.data, name=brought.name)
    except PhotoRejected as error:
        return Failure(str(error))
