from __future__ import annotations

import contextlib
import ipaddress
import socket
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from catalog.models import EmbeddingSpace, SpaceState
from prodintel.announce import Announcer
from prodintel.first_run import valid_login
from prodintel.lib import instance
from prodintel.lib.supervisor import Part, Supervisor

log = structlog.get_logger("prodintel.serve")

# In the order in which they stop: nobody is left asking for what is gone.
PARTS = ("web", "worker", "engine")
WORTH_A_WARNING = {"not started", "exited", "killed"}


def parts_from(text: str) -> list[str]:
    """The named parts, in their order. Raises CommandError for a name that is none."""
    names = {name.strip() for name in text.split(",") if name.strip()}
    if not names or names - set(PARTS):
        raise CommandError(f"--parts takes some of {','.join(PARTS)}, not {text!r}.")
    return [name for name in PARTS if name in names]


def address_of(host: str, port: int) -> str:
    """Where a browser on this machine finds a server that listens on `host`."""
    name = host
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        name = "localhost" if ip.is_unspecified else f"[{ip}]" if ip.version == 6 else host  # noqa: PLR2004
    return f"http://{name}:{port}/"


class Command(BaseCommand):
    help = "Run the site: the web server, the worker and the engine, restarted when they die."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--parts",
            default=",".join(PARTS),
            help="which parts to run here, for a site spread over machines (default: all)",
        )

    def handle(self, *_args: Any, parts: str, **_options: Any) -> None:
        names = parts_from(parts)
        address = address_of(settings.HOST, settings.PORT) if "web" in names else ""
        with contextlib.ExitStack() as held:
            listener = self._take_place(held, address)
            self._refuse_old_database()
            self._greet(address)
            children = [self._part(name, listener) for name in names]
            supervisor = Supervisor(
                [*children, *self._previous_engine(names)],
                folder=settings.BASE_DIR,
                report=self._report,
                before_stop=listener.close if listener else lambda: None,
            )
            announcer = Announcer(self.say)
            held.callback(announcer.stop)
            announcer.start()
            supervisor.run()

    @staticmethod
    def _take_place(held: contextlib.ExitStack, address: str) -> socket.socket | None:
        """The lock of the data folder, and the port's socket where there is an address."""
        try:
            held.enter_context(instance.hold(settings.DATA_DIR, address=address))
            if not address:
                return None
            return held.enter_context(instance.listen(settings.HOST, settings.PORT))
        except instance.AlreadyRunningError as error:
            raise CommandError(
                f"{error} Use that one, stop it, or give this one a data folder of its own with "
                "PRODINTEL_DATA_DIR."
            ) from error
        except (instance.CannotLockError, instance.PortTakenError) as error:
            raise CommandError(str(error)) from error

    def say(self, message: str) -> None:
        self.stdout.write(f"prodintel: {message}")
        self.stdout.flush()

    @staticmethod
    def _part(name: str, listener: socket.socket | None) -> Part:
        owner = instance.identity(settings.DATA_DIR)
        if listener and name == "web":
            fd = listener.fileno()
            command = ["manage.py", "web", "--fd", str(fd)]
            owns = {"PRODINTEL_OWNER": f"{owner}-web"}
            return Part(name, command, descriptors=[fd], environment=owns)
        if name == "worker":
            return Part(name, ["manage.py", "worker"], environment={"PRODINTEL_OWNER": owner})
        return Part(name, ["manage.py", name])

    @staticmethod
    def _previous_engine(names: list[str]) -> list[Part]:
        """A second engine where the live vectors were made with another model than is set now.

        It answers queries until the new model's vectors are complete; the next start does without.
        """
        live = EmbeddingSpace.objects.filter(state=SpaceState.LIVE).first()
        now = (settings.CLIP_MODEL, settings.CLIP_PRETRAINED)
        if "engine" not in names or live is None or not live.clip_model:
            return []
        before = (live.clip_model, live.clip_pretrained)
        if before == now:
            return []
        return [Part("previous engine", ["manage.py", "engine", "--previous", *before])]

    @staticmethod
    def _report(event: str, **fields: Any) -> None:
        (log.warning if event in WORTH_A_WARNING else log.info)(event, **fields)

    @staticmethod
    def _refuse_old_database() -> None:
        try:
            executor = MigrationExecutor(connection)
            plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        except DatabaseError as error:
            raise CommandError(f"The database cannot be used: {str(error).strip()}") from error
        if plan:
            raise CommandError(
                "The database is not up to date. Run `python manage.py setup` (or `make run`, "
                "which does) first."
            )

    def _greet(self, address: str) -> None:
        lines = []
        if address:
            lines.append(("Open", address))
            # In production a terminal's output is kept by others.
            login = None if settings.PRODUCTION else valid_login(settings.DATA_DIR)
            if login is not None:
                lines.append(("Log in", f"{login.username}  password  {login.password}"))
        lines.append(("Data", str(settings.DATA_DIR)))
        lines.append(("Logs", "here; LOG_LEVEL=debug for more, LOG_FORMAT=json for machines"))
        lines.append(("Stop", "Ctrl-C"))
        block = "\n".join(f"  {name:<8}{value}" for name, value in lines)
        self.stdout.write(f"\nProdintel\n{block}\n\n")
        self.stdout.flush()
