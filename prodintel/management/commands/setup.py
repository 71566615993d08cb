from __future__ import annotations

import io
from typing import IO, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from prodintel.engine.starter import STARTER_NAME, StarterError, assemble
from prodintel.first_run import ensure_demo
from prodintel.lib import static_files
from prodintel.lib.instance import AlreadyRunningError, CannotLockError, hold, lock, run_folder


class Command(BaseCommand):
    help = (
        "Bring the database, the vocabulary, the static files and the encoder to where this "
        "version needs them; on a new site, make the demo. May be run at any time, any number "
        "of times."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        with (run_folder(settings.DATA_DIR) / "setup.lock").open("w") as file:
            try:
                self._take(file)
                self._bring_up_to_date()
            except CannotLockError as error:
                raise CommandError(str(error)) from error
            # What it says is for those who call it themselves.
            call_command("load_vocabulary", stdout=io.StringIO())
            self._assemble_starter()
            ensure_demo(self.say)

    def say(self, message: str) -> None:
        self.stdout.write(f"prodintel: {message}")
        self.stdout.flush()

    def _take(self, file: IO[str]) -> None:
        try:
            lock(file, wait=False)
        except BlockingIOError:
            self.say("Another setup of this data folder is running; waiting for it.")
            lock(file, wait=True)

    def _bring_up_to_date(self) -> None:
        """Change the database and the static files where this version needs it, while nobody uses
        them: a running site would meet tables, and answer with files, of another version.
        """
        steps, collected = self._missing_steps(), static_files.are_current()
        if not steps and collected:
            return
        try:
            stopped = hold(settings.DATA_DIR, address="")
        except AlreadyRunningError as error:
            raise CommandError(
                f"The site is running {error.holder}, and this version has changes to make under "
                "it. Stop it, then run this again."
            ) from error
        with stopped:
            if steps:
                self.say(f"Bringing the database up to date ({steps} steps).")
                self._migrate()
            if not collected:
                static_files.collect()
                self.say("Static files collected.")

    @staticmethod
    def _missing_steps() -> int:
        try:
            executor = MigrationExecutor(connection)
            return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        except DatabaseError as error:
            raise CommandError(
                f"The database cannot be used: {str(error).strip()}\n"
                "Check DATABASE_URL, and that the server is running."
            ) from error

    @staticmethod
    def _migrate() -> None:
        try:
            call_command("migrate", interactive=False, verbosity=0)
        except DatabaseError as error:
            raise CommandError(
                f"Bringing the database up to date failed: {str(error).strip()}"
            ) from error

    def _assemble_starter(self) -> None:
        if settings.CLIP_MODEL != STARTER_NAME:
            return
        try:
            assemble(settings.DATA_DIR / "models" / STARTER_NAME, self._progress)
        except StarterError as error:
            raise CommandError(str(error)) from error

    def _progress(self, message: str) -> None:
        self.say(message.rstrip(".") + ".")
