"""A site of a bench's own: settings, processes, photos, a token."""

from __future__ import annotations

import base64
import http.client
import io
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[2]
PHOTOS = ROOT.parent / "shared" / "data" / "clothing"
READY_SECONDS = 600


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def set_up(model: str = "starter", pretrained: str = "") -> Path:
    """Point this process and its children at a fresh data folder, and start Django here."""
    folder = Path(tempfile.mkdtemp(prefix="prodintel-bench-"))
    os.environ |= {
        "PRODINTEL_ENV_FILE": os.devnull,
        "PRODINTEL_DATA_DIR": str(folder),
        "CLIP_MODEL": model,
        "CLIP_PRETRAINED": pretrained,
        "LOG_LEVEL": "warning",
        "PORT": str(free_port()),
        "DJANGO_SETTINGS_MODULE": "prodintel.settings",
    }
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("load_vocabulary", stdout=io.StringIO())
    call_command("collectstatic", interactive=False, verbosity=0)
    return folder


def make_catalog() -> tuple[Any, str]:
    """A catalogue and an API token of its owner."""
    from django.contrib.auth.models import User

    from catalog.services.catalogs import catalog_create, token_create

    owner = User.objects.create_superuser("bench")
    return catalog_create(name="Bench", actor=owner), token_create(user=owner)[1]


@contextmanager
def process(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    """`manage.py COMMAND`, stopped at the end."""
    child = subprocess.Popen([sys.executable, str(ROOT / "manage.py"), *command], cwd=ROOT)
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def wait_for_web() -> None:
    for _ in range(READY_SECONDS * 10):
        try:
            status, _ = Client("").get("/api/v1/health")
        except OSError:
            time.sleep(0.1)
        else:
            assert status == http.client.OK
            return
    raise TimeoutError("the web server does not answer")


def wait_for_encoder() -> Any:
    """The engine's encoder, once its model is loaded."""
    from prodintel.engine import configured
    from prodintel.engine.errors import EngineUnavailable

    for _ in range(READY_SECONDS):
        try:
            info = configured.client().info()
        except EngineUnavailable:
            time.sleep(1)
            continue
        if info.encoder is not None:
            return info.encoder
        if info.state == "failed":
            raise RuntimeError(info.error)
        time.sleep(1)
    raise TimeoutError("the encoder does not load")


class Client:
    """One kept connection to the site, with a token."""

    def __init__(self, token: str) -> None:
        self._connection = http.client.HTTPConnection(
            "127.0.0.1", int(os.environ["PORT"]), timeout=120
        )
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str) -> tuple[int, Any]:
        self._connection.request("GET", path, headers=self._headers)
        return self._answer()

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {**self._headers, "Content-Type": "application/json"}
        self._connection.request(method, path, json.dumps(body), headers)
        return self._answer()

    def upload(self, path: str, name: str, data: bytes) -> tuple[int, Any]:
        boundary = uuid.uuid4().hex
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n'
            "Content-Type: image/jpeg\r\n\r\n"
        )
        body = head.encode() + data + f"\r\n--{boundary}--\r\n".encode()
        kind = f"multipart/form-data; boundary={boundary}"
        self._connection.request("POST", path, body, {**self._headers, "Content-Type": kind})
        return self._answer()

    def form(self, path: str, fields: Mapping[str, str]) -> tuple[int, Any]:
        kind = "application/x-www-form-urlencoded"
        self._connection.request(
            "POST", path, urlencode(fields), {**self._headers, "Content-Type": kind}
        )
        return self._answer()

    def upload_in_parts(self, slug: str, path: Path, part_bytes: int) -> str:
        """Bring a file by the tus protocol; returns the upload's id."""
        name = base64.b64encode(path.name.encode()).decode()
        headers = {**self._headers, "Tus-Resumable": "1.0.0"}
        begin = {"Upload-Length": str(path.stat().st_size), "Upload-Metadata": f"filename {name}"}
        self._connection.request(
            "POST", f"/api/v1/catalogs/{slug}/uploads", b"", {**headers, **begin}
        )
        response = self._connection.getresponse()
        assert response.status == http.client.CREATED, response.read()
        response.read()
        place = response.headers["Location"]
        offset = 0
        with path.open("rb") as file:
            while part := file.read(part_bytes):
                kind = {"Content-Type": "application/offset+octet-stream"}
                self._connection.request(
                    "PATCH", place, part, {**headers, **kind, "Upload-Offset": str(offset)}
                )
                response = self._connection.getresponse()
                assert response.status == http.client.NO_CONTENT, response.read()
                response.read()
                offset += len(part)
        return place.rstrip("/").rpartition("/")[2]

    def _answer(self) -> tuple[int, Any]:
        response = self._connection.getresponse()
        return response.status, json.loads(response.read() or b"null")


def photo_files(count: int) -> list[tuple[str, bytes]]:
    """Real garment photos where there are any, else pictures made here."""
    files = sorted(PHOTOS.glob("*/*/*.jpg"))
    if files:
        step = max(len(files) // count, 1)
        return [(file.name, file.read_bytes()) for file in files[::step][:count]]
    import numpy as np
    from PIL import Image

    random = np.random.default_rng(0)
    made = []
    for number in range(count):
        coarse = random.integers(0, 255, (12, 9, 3), dtype=np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(coarse).resize((400, 533), Image.Resampling.BICUBIC).save(buffer, "JPEG")
        made.append((f"{number}.jpg", buffer.getvalue()))
    return made


def percentiles(seconds: Sequence[float]) -> str:
    import numpy as np

    p50, p95 = np.percentile(np.asarray(seconds) * 1000, [50, 95])
    return f"p50 {p50:.1f} ms, p95 {p95:.1f} ms"
