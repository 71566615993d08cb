from __future__ import annotations

import fcntl
import io
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from prodintel.engine.starter import STARTER_NAME, StarterError, assemble
from prodintel.first_run import ensure_demo
from prodintel.lib.instance import run_folder
from prodintel.lib.static_files import collect_if_changed


class Command(BaseCommand):
    help = (
        "Bring the database, the vocabulary, the static files and the encoder to where this "
        "version needs them; on a new site, make the demo. May be run at any time, any number "
        "of times."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        with (run_folder(settings.DATA_DIR) / "setup.lock").open("w") as lock:
            self._take(lock)
            self._migrate()
            # What it says is for those who call it themselves.
            call_command("load_vocabulary", stdout=io.StringIO())
            if collect_if_changed():
                self.say("Static files collected.")
            self._assemble_starter()
            ensure_demo(self.say)

    def say(self, message: str) -> None:
        self.stdout.write(f"prodintel: {message}")
        self.stdout.flush()

    def _take(self, lock: Any) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.say("Another setup of this data folder is running; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)

    def _migrate(self) -> None:
        try:
            executor = MigrationExecutor(connection)
            plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
            if plan:
                self.say(f"Bringing the database up to date ({len(plan)} steps).")
                call_command("migrate", interactive=False, verbosity=0)
        except OperationalError as error:
            raise CommandError(
                f"The database cannot be used: {str(error).strip()}\n"
                "Check DATABASE_URL, and that the server is running."
            ) from error
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
