"""Import a folder of photos."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import close_old_connections

from catalog import selectors
from catalog.importing.folders import (
    FolderPhoto,
    FolderProblem,
    Found,
    folder_parts,
    folder_photos,
    folder_title,
    folder_zip,
)
from catalog.importing.known import catalog_keys
from catalog.importing.matching import group_photos, match_groups
from catalog.importing.progress import progress_of
from catalog.importing.services import import_create, import_map, import_preview, import_start
from catalog.ingest.jobs import IMPORT_KINDS, job_step
from catalog.models import (
    Catalog,
    Import,
    ImportPhotoState,
    ImportState,
    ItemState,
    ProductStatus,
    Role,
)
from catalog.storage import StorageUnavailable
from catalog.uploads.services import upload_drop, upload_store

SHOWN = 20
LOOK_SECONDS = 0.5
GOES_ON = (ImportState.READING, ImportState.RUNNING, ImportState.READY)
INTERRUPTED = 130


class Command(BaseCommand):
    help = (
        "Import the photos of a folder, those of one product told by their names. What is there "
        "already stays as it is: run it again to continue, or for what is new. The import is on the "
        "imports page of the catalogue, where it can be undone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path)
        parser.add_argument("--catalog", required=True, metavar="SLUG")
        parser.add_argument("--user", help="who imports; an owner of the catalogue if not given")
        parser.add_argument(
            "--status", choices=ProductStatus.values, default=ProductStatus.DRAFT.value
        )
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done")

    def handle(
        self,
        *_args: Any,
        path: Path,
        catalog: str,
        user: str | None,
        status: str,
        dry_run: bool,
        **_options: Any,
    ) -> None:
        shop = Catalog.objects.alive().filter(slug=catalog).first()
        if shop is None:
            known = ", ".join(Catalog.objects.alive().values_list("slug", flat=True)[:SHOWN])
            raise CommandError(f"There is no catalogue “{catalog}”. There are: {known or 'none'}.")
        actor = _actor(shop, user)
        try:
            found = folder_photos(path)
        except FolderProblem as error:
            raise CommandError(str(error)) from error
        self._say_left_out(found)
        if not found.photos:
            raise CommandError(f"There are no photos in {path}.")
        known_keys = catalog_keys(shop)
        if dry_run:
            self._say_plan(found, known_keys)
            return
        parts = folder_parts(found.photos, known_keys)
        failed = 0
        for number, part in enumerate(parts, 1):
            title = folder_title(path, number, len(parts))
            failed += self._bring(shop, actor, title, part, status)
        if failed:
            raise CommandError(f"{failed} photos could not be imported: see above.")

    def _say_left_out(self, found: Found) -> None:
        for name, why in list(found.left_out.items())[:SHOWN]:
            self.stderr.write(f"Left out: {name}: {why}")
        if len(found.left_out) > SHOWN:
            self.stderr.write(f"Left out: {len(found.left_out) - SHOWN} more.")

    def _say_plan(self, found: Found, known: dict[str, str]) -> None:
        groups = group_photos((photo.name for photo in found.photos), known)
        matched = match_groups(groups, known)
        for group in groups[:SHOWN]:
            whose = matched.get(group.key)
            said = f"product {whose}" if whose else group.note or "new product"
            self.stdout.write(f"{group.key}: {len(group.names)} photos, {said}")
        if len(groups) > SHOWN:
            self.stdout.write(f"... and {len(groups) - SHOWN} more")
        self.stdout.write(
            f"{len(found.photos)} photos: {len(groups) - len(matched)} new products, "
            f"{len(set(matched.values()))} known ones. Nothing was written."
        )

    def _bring(
        self, shop: Catalog, actor: Any, title: str, photos: list[FolderPhoto], status: str
    ) -> int:
        """Import a part of the folder; returns how many photos failed."""
        source = self._begun_before(shop, title) or self._begin(shop, actor, title, photos, status)
        try:
            self._watch(source)
        except KeyboardInterrupt:
            self.stderr.write(
                f"\nInterrupted. What was imported stays. The import “{title}” goes on when the site "
                "runs, or when this is run again; it can be stopped and undone on its page."
            )
            raise SystemExit(INTERRUPTED) from None
        source.refresh_from_db()
        if source.state != ImportState.DONE:
            raise CommandError(f"{title}: {source.error or source.get_state_display()}")
        return self._say_done(source)

    def _begun_before(self, shop: Catalog, title: str) -> Import | None:
        source = shop.imports.filter(name=title, state__in=GOES_ON).first()
        if source is not None:
            self.stdout.write(f"{title}: going on with what was begun {source.created_at:%c}.")
            if source.state == ImportState.READY:
                import_start(source=source, actor=source.created_by)
        return source

    def _begin(
        self, shop: Catalog, actor: Any, title: str, photos: list[FolderPhoto], status: str
    ) -> Import:
        self.stdout.write(f"{title}: taking in {len(photos)} photos.")
        try:
            upload = upload_store(
                catalog=shop, actor=actor, name=f"{title}.zip", chunks=folder_zip(photos)
            )
        except (OSError, StorageUnavailable) as error:
            raise CommandError(f"{error} Nothing was imported; run this again.") from error
        except ValidationError as error:
            raise CommandError(error.messages[0]) from error
        try:
            source = import_create(catalog=shop, actor=actor, name=title, table=None, photos=upload)
            import_map(source=source, mapping={}, options={"status": status}, actor=actor)
            return import_preview(source=source, actor=actor, start=True)
        except (ValidationError, StorageUnavailable) as error:
            upload_drop(upload=upload, actor=actor)
            said = error.messages[0] if isinstance(error, ValidationError) else str(error)
            raise CommandError(said) from error

    def _watch(self, source: Import) -> None:
        """Work on imports, beside whoever else does, until this one has ended."""
        ended = threading.Event()
        worker = threading.Thread(target=_work, args=(ended,), name="imports")
        worker.start()
        said = ""
        try:
            while True:
                source.refresh_from_db()
                if source.state not in GOES_ON:
                    return
                line = _progress(source)
                if line != said:
                    self.stdout.write(line)
                    said = line
                time.sleep(LOOK_SECONDS)
        finally:
            ended.set()
            worker.join()

    def _say_done(self, source: Import) -> int:
        items, photos = source.items.order_by(), source.photo_rows.order_by()
        failed = photos.filter(state=ImportPhotoState.FAILED)
        for photo in failed[:SHOWN]:
            self.stderr.write(f"Failed: {photo.source}: {photo.error}")
        count = failed.count()
        if count > SHOWN:
            self.stderr.write(f"Failed: {count - SHOWN} more, listed on the import's page.")
        self.stdout.write(
            f"{source.name}: {items.filter(state=ItemState.CREATED).count()} products created, "
            f"{photos.filter(state=ImportPhotoState.DONE).count()} photos added, "
            f"{photos.filter(state=ImportPhotoState.THERE).count()} there already, {count} failed."
        )
        return count


def _actor(shop: Catalog, name: str | None) -> Any:
    """Who imports. Raises CommandError for somebody who may not."""
    if name is None:
        owners = shop.memberships.filter(role=Role.OWNER, user__is_active=True)
        owner = owners.select_related("user").order_by("pk").first()
        if owner is None:
            raise CommandError(f"“{shop}” has no owner. Say who imports: --user NAME.")
        return owner.user
    user = get_user_model().objects.filter(username=name, is_active=True).first()
    if user is None:
        raise CommandError(f"There is no active user “{name}”.")
    if not selectors.may(user, shop, selectors.EDIT):
        raise CommandError(f"“{name}” may not edit this catalogue.")
    return user


def _work(ended: threading.Event) -> None:
    owner = f"import_photos/{os.getpid()}"
    try:
        while not ended.is_set():
            if not job_step(IMPORT_KINDS, owner=owner, stopping=ended.is_set):
                ended.wait(LOOK_SECONDS)
    finally:
        close_old_connections()


def _progress(source: Import) -> str:
    progress = progress_of(source)
    if progress is None or not progress.total:
        return "Waiting" if progress is None else progress.label
    eta = progress.eta_seconds
    left = f", about {eta:.0f} s left" if eta is not None else ""
    return f"{progress.label}: {progress.done} of {progress.total}{left}"
