"""The work on imports that jobs do: read and plan, write, undo. Each step is one transaction.

A step writes down what it did, so that whoever goes on after a kill does nothing twice and leaves
nothing out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict

from django.db import transaction

from catalog import selectors
from catalog.importing import ending
from catalog.importing.applying import WAITING, actor_of, apply_some
from catalog.importing.archives import ArchiveRejected
from catalog.importing.files import Files, import_files, import_photos
from catalog.importing.moving import move_some, to_move
from catalog.importing.photos import PhotoFetcher, photos_left
from catalog.importing.previewing import counts_of, photos_skip, plan_some
from catalog.importing.progress import (
    PHOTOS,
    PLANNING,
    PRODUCTS,
    READING,
    STATUSES,
    UNDOING,
    paced,
)
from catalog.importing.reading import FileRejected
from catalog.importing.staging import STAGED, Stager, wipe
from catalog.importing.undoing import UNDOABLE, undo_some
from catalog.ingest.jobs import JobStopped, register_import
from catalog.models import Import, ImportPhotoState, ImportState, ItemState, Job
from catalog.models.job import IMPORT_READ, IMPORT_RUN, IMPORT_UNDO, IMPORTS
from catalog.services.bulk import DELETED, LOST
from prodintel.lib.runner import Stopping, never
from prodintel.lib.work import WorkState

# So long one import goes on before others get a turn.
TURN_SECONDS = 5.0
# Between two steps others write: the longer a step held them up the longer, but not for longer than
# SQLite's writers sleep before they ask again.
BREATH_SECONDS, LONGEST_BREATH_SECONDS = 0.02, 0.1
RELATED = ("catalog", "created_by", "batch", "table", "photos", "job__created_by")


class _Turn:
    """One job's work on its import: as long as it holds its claim, and until others have a turn."""

    def __init__(self, job: Job, state: str, stopping: Stopping) -> None:
        self.job = job
        self._state = state
        self.stopping = stopping
        self._breathed = time.monotonic()
        self._ends = self._breathed + TURN_SECONDS

    def held(self) -> Import | None:
        """The import, held until the transaction ends, if this is still to be done."""
        assert self.job.token is not None
        jobs = Job.objects.held(self.job.token).filter(pk=self.job.pk)
        if not jobs.select_for_update(no_key=True).exists():
            return None
        rows = Import.objects.filter(job=self.job, state=self._state)
        held = rows.select_for_update(no_key=True, of=("self",))
        found: Import | None = held.select_related(*RELATED).first()
        if found is None or self._is_ended(found):
            return None
        return found

    def _is_ended(self, source: Import) -> bool:
        """End it where it may not go on; whether that was so."""
        if source.catalog.deleted_at is not None:
            why = DELETED
        elif not selectors.may(actor_of(source), source.catalog, selectors.EDIT):
            why = LOST.format(actor_of(source) or "Who asked for it")
        else:
            return False
        ending.import_broken_off(source=source, why=why)
        return True

    def came_on(self) -> None:
        assert self.job.token is not None
        Job.objects.came_on(self.job.token)

    def ask(self) -> None:
        """Raises JobStopped when the worker stops."""
        if self.stopping():
            raise JobStopped

    def breathe(self) -> None:
        """Let whoever waits write. Raises JobStopped when the worker stops."""
        self.ask()
        took = time.monotonic() - self._breathed
        time.sleep(min(max(took / 3, BREATH_SECONDS), LONGEST_BREATH_SECONDS))
        self._breathed = time.monotonic()

    def begin_anew(self, cost: float) -> None:
        """Count the turn from now, and have it last at least as long as what it cost to begin."""
        self._ends = time.monotonic() + max(TURN_SECONDS, cost)

    def may_go_on(self) -> None:
        """As `breathe`, and when it is another import's turn."""
        self.breathe()
        if time.monotonic() < self._ends:
            return
        if Job.objects.filter(kind__in=IMPORTS, state=WorkState.PENDING).exists():
            raise JobStopped
        self._ends = time.monotonic() + TURN_SECONDS


def read(job: Job, stopping: Stopping = never) -> None:
    """Read the files of an import and plan what becomes of each product. Raises JobStopped."""
    turn = _Turn(job, ImportState.READING, stopping)
    with transaction.atomic():
        source = turn.held()
    if source is None:
        return
    if not source.counts.get(READING):
        try:
            with import_files(source) as files:
                whole = _stage(source, files, turn)
        except (FileRejected, ArchiveRejected) as error:
            ending.import_failed(source=source, why=str(error))
            # Only now: what is staged counts as long as it is being read.
            wipe(source)
            return
        if not whole:
            return
    while _plan_step(turn):
        turn.may_go_on()


def _stage(source: Import, files: Files, turn: _Turn) -> bool:
    """Whether the file is staged whole; it goes on where an earlier try was."""
    stager = Stager(source, files)
    if not stager.goes_on:
        wipe(source)
    total = int(source.inspection["layout"].get("rows", 0)) if source.inspection else 0

    @contextmanager
    def step() -> Iterator[bool]:
        with transaction.atomic():
            now = turn.held()
            yield now is not None
            if now is not None:
                paced(now, READING, stager.at.rows, total)
                now.counts = {**now.counts, STAGED: asdict(stager.at)}
                now.save(update_fields=["counts"])
                turn.came_on()

    turn.begin_anew(stager.find(turn.ask))
    if not stager.stage(step, turn.may_go_on, turn.breathe):
        return False
    with transaction.atomic():
        now = turn.held()
        if now is None:
            return False
        # The planning that follows goes on where it was, and this is not begun again.
        kept = {name: each for name, each in now.counts.items() if name != STAGED}
        now.counts = {**kept, READING: True, "rows": stager.at.rows}
        now.save(update_fields=["counts"])
    return True


@transaction.atomic
def _plan_step(turn: _Turn) -> bool:
    source = turn.held()
    if source is None:
        return False
    count = plan_some(source)
    turn.came_on()
    if count:
        total = source.items.count()
        left = source.items.filter(state=ItemState.STAGED).count()
        paced(source, PLANNING, total - left, total)
        source.save(update_fields=["counts"])
        return True
    photos_skip(source)
    source.counts = {**source.counts, **counts_of(source)}
    ending.import_ready(source=source, start=bool(turn.job.arguments.get("start")))
    return False


def run(job: Job, stopping: Stopping = never) -> None:
    """Write the products of an import, then fetch and place its photos. Raises JobStopped."""
    turn = _Turn(job, ImportState.RUNNING, stopping)
    while _apply_step(turn):
        turn.may_go_on()
    if _place_photos(turn):
        while _move_step(turn):
            turn.may_go_on()


@transaction.atomic
def _apply_step(turn: _Turn) -> bool:
    source = turn.held()
    if source is None or not apply_some(source):
        return False
    turn.came_on()
    left = source.items.filter(state__in=WAITING).count()
    total = int(source.counts.get("create", 0)) + int(source.counts.get("update", 0))
    paced(source, PRODUCTS, max(total - left, 0), total)
    source.save(update_fields=["counts"])
    return True


def _place_photos(turn: _Turn) -> bool:
    """Whether all that can be are there, and the import is still to be carried out."""
    with transaction.atomic():
        source = turn.held()
    if source is None:
        return False
    if not photos_left(source).exists():
        return True
    try:
        with import_photos(source) as files, PhotoFetcher(source, files, turn.stopping) as fetcher:
            while fetcher.step(_photo_hold(turn)):
                turn.may_go_on()
    except (FileRejected, ArchiveRejected) as error:
        _break_off(turn, str(error))
        return False
    return not photos_left(source).exists()


@transaction.atomic
def _break_off(turn: _Turn, why: str) -> None:
    source = turn.held()
    if source is not None:
        ending.import_broken_off(source=source, why=why)


@transaction.atomic
def _move_step(turn: _Turn) -> bool:
    source = turn.held()
    if source is None:
        return False
    left = to_move(source).count()
    if not left:
        ending.import_done(source=source)
        return False
    total = max(left, int(source.counts.get("moves", 0)))
    move_some(source, actor_of(source))
    turn.came_on()
    paced(source, STATUSES, total - left, total)
    source.save(update_fields=["counts"])
    return True


def _photo_hold(turn: _Turn) -> Callable[[], Import | None]:
    def held() -> Import | None:
        source = turn.held()
        if source is not None:
            total = source.photo_rows.exclude(state=ImportPhotoState.SKIPPED).count()
            paced(source, PHOTOS, total - photos_left(source).count(), total)
            source.save(update_fields=["counts"])
            turn.came_on()
        return source

    return held


def undo(job: Job, stopping: Stopping = never) -> None:
    """Take back what an import did, the last first. Raises JobStopped."""
    turn = _Turn(job, ImportState.UNDOING, stopping)
    while _undo_step(turn):
        turn.may_go_on()


@transaction.atomic
def _undo_step(turn: _Turn) -> bool:
    source = turn.held()
    if source is None:
        return False
    actor = turn.job.created_by
    count = undo_some(source, actor)
    turn.came_on()
    if not count:
        ending.import_undone(source=source, actor=actor)
        return False
    left = source.items.filter(state__in=UNDOABLE).count()
    total = turn.job.progress_total
    paced(source, UNDOING, max(total - left, 0), total)
    source.save(update_fields=["counts"])
    return True


def register() -> None:
    """Have the worker's runner of imports do these. For `AppConfig.ready`."""
    for kind, perform in ((IMPORT_READ, read), (IMPORT_RUN, run), (IMPORT_UNDO, undo)):
        register_import(kind, perform)
