"""What tests of every area need: state of their own, people, catalogues, photos."""

from __future__ import annotations

import fcntl
import gc
import io
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from channels.layers import channel_layers
from django.conf import settings as django_settings
from django.contrib.auth.models import AbstractUser, User
from django.core.cache import caches
from django.db import connections
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from PIL import Image

from catalog.describe import vocabulary
from catalog.models import Catalog, Membership, Role
from catalog.vocabulary import kept
from prodintel.lib.bucket import storage_options
from prodintel.llm import credentials
from tests import sharing
from tools.runs import running
from tools.runs.loop import forget_run_loop

# A machine under load is no fault of what is tested.
hypothesis_settings.register_profile(
    "tests", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("tests")
SCALED_SETTINGS = "tests.scaled_settings"
PASSWORD = "correct horse battery staple"
S3_CREDENTIALS = {
    "aws_access_key_id": "tests",
    "aws_secret_access_key": "tests",
    "region_name": "us-east-1",
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Each run takes the tests that say something about its database.

    On SQLite that is everything but what only PostgreSQL can show. On PostgreSQL it is what touches
    the database in this process, but what only SQLite can show.
    """
    scaled = config.getoption("ds") == SCALED_SETTINGS
    kept, dropped = [], []
    for item in items:
        (kept if _belongs(item, scaled=scaled) else dropped).append(item)
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept
    if hasattr(config, "workerinput"):
        items.sort(key=sharing.longest_first)


def _belongs(item: pytest.Item, *, scaled: bool) -> bool:
    if not scaled:
        return item.get_closest_marker("postgresql") is None
    if item.get_closest_marker("postgresql"):
        return True
    if any(item.get_closest_marker(name) for name in ("sqlite", "browser", "encoder")):
        return False
    fixtures = getattr(item, "fixturenames", ())
    in_database = {"db", "transactional_db", "django_db_setup"} & set(fixtures)
    return bool(in_database) or item.get_closest_marker("django_db") is not None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> sharing.FileScheduling | None:
    if config.getoption("dist") == "loadfile":
        return sharing.FileScheduling(config, log)
    return None


def pytest_collection_finish() -> None:
    """Thousands of collected tests stay to the end: no collection has to look through them."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    if django_settings.configured:
        shutil.rmtree(django_settings.DATA_DIR, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Any:
    """Django's own set-up; at the end nobody may still be connected, or PostgreSQL keeps the
    database: a pool's thread may be slower to let go than the last test.
    """
    yield
    with django_db_blocker.unblock():
        for connection in connections.all():
            if connection.vendor == "postgresql":
                _end_sessions(connection)


def _end_sessions(connection: Any) -> None:
    connection.close()
    connection.close_pool()
    with connection._nodb_cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [connection.settings_dict["NAME"]],
        )


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Any:
    """What live sites start from, made once for all test processes."""
    from tests.live_site import PreparedSite  # needs this module

    folder = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):
        folder = folder.parent
    with (folder / "prepared.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return PreparedSite(folder / "prepared")


@pytest.fixture
def data_dir(tmp_path: Path, settings: Any) -> Path:
    """A data folder of this test's own, photos included."""
    settings.DATA_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "media"), "base_url": None},
        },
    }
    return tmp_path


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Any:
    """What a process keeps of its database is of another one in the next test."""
    yield
    for cache in caches.all(initialized_only=True):
        cache.clear()
    running.end()
    forget_run_loop()
    # A layer's locks belong to the event loop of the test that used it first.
    channel_layers.backends.clear()
    vocabulary._kept = None
    kept._kept.clear()
    credentials.forget()


@pytest.fixture
def make_user(db: None) -> Callable[..., AbstractUser]:
    """Makes users, by name or numbered; the password of all is `tests.conftest.PASSWORD`."""
    count = 0

    def make(username: str = "", *, superuser: bool = False, **fields: Any) -> AbstractUser:
        nonlocal count
        count += 1
        create = User.objects.create_superuser if superuser else User.objects.create_user
        return create(username or f"user{count}", password=PASSWORD, **fields)

    return make


@pytest.fixture
def make_catalog(db: None) -> Callable[..., Catalog]:
    """Makes catalogues; `owner=ada, viewer=[bob, eve]` makes these people members."""
    count = 0

    def make(name: str = "", *, currency: str = "EUR", **members: Any) -> Catalog:
        nonlocal count
        count += 1
        catalog = Catalog.objects.create(
            name=name or f"Shop {count}", slug=f"shop-{count}", currency=currency
        )
        for role, users in members.items():
            for user in users if isinstance(users, (list, tuple)) else [users]:
                Membership.objects.create(user=user, catalog=catalog, role=Role(role))
        return catalog

    return make


@pytest.fixture
def photo_bytes() -> Callable[..., bytes]:
    """Makes the bytes of pictures: a format, a size, a colour; others differ."""

    def make(
        image_format: str = "JPEG",
        size: tuple[int, int] = (64, 48),
        color: Any = "crimson",
        **options: Any,
    ) -> bytes:
        image = Image.new("RGB", size, color)
        # A corner of another colour, so that orientation and cropping can be seen.
        image.paste("white", (0, 0, max(size[0] // 4, 1), max(size[1] // 4, 1)))
        file = io.BytesIO()
        image.save(file, format=image_format, **options)
        return file.getvalue()

    return make


@pytest.fixture(scope="session")
def _s3_server() -> Iterator[str]:
    """The address of an S3-compatible server with a bucket named `photos`."""
    import boto3  # loaded by the tests that need it alone
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    client = boto3.client("s3", endpoint_url=address, **S3_CREDENTIALS)
    client.create_bucket(Bucket="photos")
    client.close()
    yield address
    server.stop()


@pytest.fixture
def s3_photos(_s3_server: str, settings: Any) -> str:
    """Photos go to an S3-compatible server, as with S3_BUCKET set; returns its address."""
    settings.S3_BUCKET = "photos"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": storage_options(
                bucket="photos",
                endpoint=_s3_server,
                region=S3_CREDENTIALS["region_name"],
                access_key=S3_CREDENTIALS["aws_access_key_id"],
                secret_key=S3_CREDENTIALS["aws_secret_access_key"],
            ),
        },
    }
    return _s3_server
