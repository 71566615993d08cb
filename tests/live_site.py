"""The real site for tests: `manage.py serve` in a data folder of its own, with the tiny model."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from prodintel.engine import wire
from prodintel.engine.client import EngineClient
from prodintel.engine.errors import EngineError
from tests.conftest import PASSWORD

ROOT = Path(__file__).parents[1]
USERNAME = "ada"
PATIENCE = 120
"""Seconds until a test gives up waiting; generous, for a machine under load."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Wait for something that is bound to happen."""
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, f"waited {PATIENCE} s in vain for {what}"
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and waits to be collected does not."""
    try:
        return _state(Path(f"/proc/{pid}")) != "Z"
    except FileNotFoundError:
        return False


def suspend(pid: int) -> None:
    """SIGSTOP, and the wait until each thread obeys: the kernel takes its time over that."""
    os.kill(pid, signal.SIGSTOP)
    threads = Path(f"/proc/{pid}/task")
    wait_until(lambda: {_state(thread) for thread in threads.iterdir()} == {"T"}, "a standstill")


def _state(process: Path) -> str:
    """The kernel's letter for what a process or thread does, as in proc(5)."""
    return (process / "stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]


def photo(number: int, image_format: str = "JPEG") -> bytes:
    """A small picture like no other; the same number gives the same bytes."""
    cells = np.random.default_rng(number).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(cells).resize((96, 96), Image.Resampling.BICUBIC).save(file, image_format)
    return file.getvalue()


class PreparedSite:
    """A data folder before its first start, to be copied, and the tiny model. Making them takes
    seconds; those that are in `folder` already are taken.
    """

    def __init__(self, folder: Path) -> None:
        self.model = folder / "model"
        self.data = folder / "data"
        token = folder / "token"
        if not token.exists():
            self.data.mkdir(parents=True, exist_ok=True)
            self._run("tests.tiny_model", str(self.model))
            token.write_text(self._run("tests.prepare_site", USERNAME, PASSWORD), encoding="ascii")
        self.token = token.read_text(encoding="ascii").strip()

    def _run(self, module: str, *words: str) -> str:
        """What a module prints, run by a process of its own."""
        made = subprocess.run(
            [sys.executable, "-m", module, *words],
            cwd=ROOT,
            env=environment(self.data, self.model, port=1),
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr
        return made.stdout


def environment(data: Path, model: Path, *, port: int) -> dict[str, str]:
    """What the site's processes see: nothing of the tests' own settings."""
    own = {name: value for name, value in os.environ.items() if name != "SECRET_KEY"}
    return own | {
        "DJANGO_SETTINGS_MODULE": "prodintel.settings",
        "PRODINTEL_DATA_DIR": str(data),
        "PORT": str(port),
        "CLIP_MODEL": f"local-dir:{model}",
        "CLIP_DEVICE": "cpu",
        "CLIP_DTYPE": "float32",
        "LOG_FORMAT": "json",
        # Photos of 96 pixels need no more, and the test's other half needs the second core.
        "ENGINE_THREADS": "1",
    }


class LiveSite:
    """A site that runs. `log` is what all of its processes wrote; `data` its folder."""

    def __init__(self, prepared: PreparedSite, folder: Path) -> None:
        self.data = folder / "data"
        shutil.copytree(prepared.data, self.data)
        self._log = folder / "log"
        self._environment = environment(self.data, prepared.model, port=free_port())
        self.url = f"http://127.0.0.1:{self._environment['PORT']}"
        self._processes: list[subprocess.Popen[bytes]] = []
        self.supervisor: subprocess.Popen[bytes] | None = None
        self.api = httpx.Client(
            base_url=f"{self.url}/api/v1/",
            headers={"Authorization": f"Bearer {prepared.token}"},
            timeout=PATIENCE,
        )
        self.engine = EngineClient(
            wire.socket_path(self.data), self.data / "engine.key", timeout=PATIENCE
        )

    # --- processes --------------------------------------------------------------------------------

    def command(self, *words: str, **settings: str) -> subprocess.Popen[bytes]:
        """Start `manage.py WORDS` on this site; its output goes to the log."""
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "manage.py", *words],
                cwd=ROOT,
                env=self._environment | settings,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Away from the terminal, so that a test may signal the whole group as it does.
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def serve(self, *words: str, **settings: str) -> subprocess.Popen[bytes]:
        """Start the site and wait until its web server answers."""
        process = self.command("serve", *words, **settings)
        wait_until(lambda: self.answers() or process.poll() is not None, "the web server")
        assert process.poll() is None, self.log()
        self.supervisor = process
        return process

    def answers(self) -> bool:
        try:
            return self.api.get("health").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def wait_ready(self) -> None:
        """Wait until the model is loaded and has its space."""
        wait_until(lambda: self.sql("SELECT id FROM catalog_embeddingspace"), "the encoder")

    def pids(self, part: str) -> list[int]:
        """The pids of a part's lives so far."""
        events = self.events("started")
        return [event["pid"] for event in events if event.get("part") == part]

    def events(self, name: str) -> list[dict[str, Any]]:
        """The log's lines of one event."""
        found = []
        for line in self.log().splitlines():
            with contextlib.suppress(ValueError):
                event = json.loads(line)
                if isinstance(event, dict) and event.get("event") == name:
                    found.append(event)
        return found

    def log(self) -> str:
        return self._log.read_text(encoding="utf-8") if self._log.exists() else ""

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait(PATIENCE)

    def stop(
        self, process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGTERM
    ) -> int:
        """Send a signal to the process and its group, as a terminal does; the exit status."""
        os.killpg(process.pid, number)
        return process.wait(PATIENCE)

    def suspend(self, pid: int) -> None:
        """Suspend a process that does not have the database's write lock in its hands: everybody
        else would wait for that until SIGCONT.
        """
        database = sqlite3.connect(
            self.data / "prodintel.sqlite3", timeout=PATIENCE, isolation_level=None
        )
        with contextlib.closing(database):
            database.execute("BEGIN IMMEDIATE")
            suspend(pid)

    def end(self) -> None:
        """End all of its processes."""
        for process in self._processes:
            if process.poll() is None:
                process.terminate()
        for process in self._processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE)
            process.kill()
            process.wait()
        self._processes.clear()

    def clear_log(self) -> None:
        """Forget what was logged; not while a process runs whose pid is wanted."""
        self._log.unlink(missing_ok=True)

    def clear_away(self) -> None:
        self.api.close()
        self.engine.close()
        self.end()

    # --- what is in it ----------------------------------------------------------------------------

    def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of the site's database, past its own code."""
        with contextlib.closing(sqlite3.connect(self.data / "prodintel.sqlite3")) as database:
            return database.execute(query, values).fetchall()

    def new_catalog(self, name: str) -> str:
        """The slug of a new catalogue."""
        answer = self.api.post("catalogs", json={"name": name})
        assert answer.status_code == httpx.codes.CREATED, answer.text
        return str(answer.json()["slug"])

    def upload(self, slug: str, data: bytes, **fields: str) -> httpx.Response:
        files = {"image": ("photo.jpg", data, "image/jpeg")}
        return self.api.post(f"catalogs/{slug}/products", data=fields, files=files)

    def search(self, slug: str, q: str) -> dict[str, Any]:
        answer = self.api.get(f"catalogs/{slug}/search", params={"q": q})
        assert answer.status_code == httpx.codes.OK, answer.text
        return answer.json()

    def search_by_photo(self, slug: str, data: bytes, limit: int = 24) -> list[int]:
        """Ids of the products found, best first."""
        files = {"image": ("photo.jpg", data, "image/jpeg")}
        answer = self.api.post(f"catalogs/{slug}/search", data={"limit": str(limit)}, files=files)
        assert answer.status_code == httpx.codes.OK, answer.text
        return [hit["product"]["id"] for hit in answer.json()["hits"]]

    def waiting_photos(self) -> int:
        """Photos with vectors still to come."""
        query = "SELECT count(*) FROM catalog_embedtask WHERE state IN ('pending', 'running')"
        return int(self.sql(query)[0][0])

    def is_quiet(self) -> bool:
        """Whether nothing waits any more: no photo, no product, no change of the index."""
        return not self.sql(
            "SELECT 1 FROM catalog_embedtask WHERE state IN ('pending', 'running') "
            "UNION SELECT 1 FROM catalog_describetask WHERE state IN ('pending', 'running') "
            "UNION SELECT 1 FROM catalog_indexchange"
        )

    def indexed(self) -> list[int]:
        """The ids of all points in the index; none while it cannot be asked."""
        ((key,),) = self.sql("SELECT key FROM catalog_embeddingspace")
        try:
            return self.engine.shard_ids(f"space-{key}")
        except EngineError:
            return []

    def health(self, part: str) -> str:
        """What the site says of one of its parts."""
        return str(self.api.get("health").json()[part])


@contextmanager
def live_site(prepared: PreparedSite, folder: Path) -> Iterator[LiveSite]:
    """A site on a copy of the prepared folder; its processes are gone at the end."""
    site = LiveSite(prepared, folder)
    try:
        yield site
    finally:
        site.clear_away()
