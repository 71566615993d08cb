"""The whole pipeline against a bare OpenCLIP loop: same photos, same model, same machine, one run.

    python -m tests.bench.ingest [photos] [starter|vit-b-32]

The pipeline is timed from committed rows to searchable points: claim, read, decode, embed, vectors
to SQL, outbox, index. The bare loop reads and decodes the same stored files with the model's own
preprocessing in threads and runs the model at the batch and dtype that were best in a trial before;
it keeps nothing. Uploads over HTTP are timed apart, before either.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.bench import site

UPLOADERS = 4
VIT = "ViT-B-32"
LOOK_SECONDS = 0.25
STALLED_SECONDS = 120.0


def main(count: int, model: str) -> None:
    with tempfile.TemporaryDirectory(prefix="prodintel-weights-") as scratch:
        name, weights = "starter", ""
        if model == "vit-b-32":
            name, weights = VIT, str(_random_weights(Path(scratch)))
        folder = site.set_up(name, weights)
        try:
            _measure(count, name, weights, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _random_weights(folder: Path) -> Path:
    """ViT-B-32 with random weights, saved as a user's checkpoint would be."""
    import open_clip
    import torch

    file = folder / "vit-b-32.pt"
    torch.manual_seed(0)
    torch.save(open_clip.create_model(VIT).state_dict(), file)
    return file


def _measure(count: int, model: str, weights: str, folder: Path) -> None:
    photos = site.photo_files(count)
    catalog, token = site.make_catalog()
    with site.process("web"):
        site.wait_for_web()
        started = time.perf_counter()
        _upload(catalog.slug, token, photos)
        uploading = time.perf_counter() - started
    print(
        f"uploads: {len(photos) / uploading:.1f} requests/s ({len(photos)} photos, {UPLOADERS} at once)"
    )
    with site.process("engine"):
        encoder = site.wait_for_encoder()
        print(f"encoder: {encoder.model_id}, {encoder.dtype}, batches of {encoder.batch}")
        embedded, seconds = _pipeline()
    pipeline = embedded / seconds
    print(f"pipeline: {pipeline:.1f} photos/s")
    bare = _bare(model, weights, folder)
    print(f"bare OpenCLIP loop: {bare:.1f} photos/s")
    print(f"ratio: {pipeline / bare:.2f}")


def _upload(slug: str, token: str, photos: list[tuple[str, bytes]]) -> None:
    local = threading.local()

    def send(photo: tuple[str, bytes]) -> None:
        client = getattr(local, "client", None) or site.Client(token)
        local.client = client
        status, answer = client.upload(f"/api/v1/catalogs/{slug}/products", *photo)
        assert status in {200, 201}, answer

    with ThreadPoolExecutor(UPLOADERS) as pool:
        list(pool.map(send, photos))


def _pipeline() -> tuple[int, float]:
    """Photos, and seconds from the start of the worker's runners until all are points of the index."""
    from catalog.index import vector_index
    from catalog.ingest.embed import Embedder
    from catalog.ingest.index import Indexer
    from prodintel.engine import configured
    from prodintel.lib.runner import Runner

    index = vector_index()
    runners = [
        Runner("embed", Embedder(configured.client(), owner="bench").step, on_crash=lambda: None),
        Runner("index", Indexer(index, owner="bench").step, on_crash=lambda: None),
    ]
    started = time.perf_counter()
    for runner in runners:
        runner.start()
    try:
        count = wait_for_points()
        return count, time.perf_counter() - started
    finally:
        for runner in runners:
            runner.stop()


def wait_for_points() -> int:
    """Wait until each photo is a point of the index; returns how many. The same bytes uploaded twice
    are one photo.

    Raises:
        RuntimeError: when one failed.
        TimeoutError: when nothing has moved for a while.
    """
    from catalog.index import vector_index
    from catalog.index.spaces import live_space
    from catalog.models import EmbedTask, Photo

    count = Photo.objects.count()
    points, moved = 0, time.monotonic()
    while points < count:
        failed = EmbedTask.objects.filter(state="failed").first()
        if failed is not None:
            raise RuntimeError(f"Photo {failed.photo_id} failed: {failed.error}")
        if time.monotonic() - moved > STALLED_SECONDS:
            raise TimeoutError(f"{points} of {count} photos are in the index, and no more come.")
        time.sleep(LOOK_SECONDS)
        space = live_space()
        known = {one.name: one.points for one in vector_index().health().collections}
        found = known.get(space.collection, 0) if space else 0
        if found != points:
            points, moved = found, time.monotonic()
    return count


def _bare(model: str, weights: str, folder: Path) -> float:
    """Photos a second of the bare loop, in a process of its own with nothing else running."""
    files = folder / "media" / "photos"
    name = f"local-dir:{folder / 'models' / 'starter'}" if model == "starter" else model
    command = [sys.executable, "-m", "tests.bench.bare", name, weights, str(files)]
    ended = subprocess.run(command, check=True, capture_output=True, text=True)
    print(ended.stderr.strip(), file=sys.stderr)
    return float(ended.stdout.strip().splitlines()[-1])


if __name__ == "__main__":
    arguments = sys.argv[1:]
    numbers = [int(text) for text in arguments if text.isdigit()]
    models = [text for text in arguments if not text.isdigit()] or ["starter", "vit-b-32"]
    if len(models) > 1:
        for each in models:
            command = [sys.executable, "-m", "tests.bench.ingest", *map(str, numbers), each]
            subprocess.run(command, check=True)
    else:
        main(numbers[0] if numbers else 400, models[0])
