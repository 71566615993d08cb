"""What search costs over its parts: the HTTP call against text encoding plus a raw index query.

    python -m tests.bench.search [vectors ...]      (1000 and 100000 unless told)

Alone, and while photos are being embedded. The catalogue is synthetic: random vectors in the space
of the starter encoder, products with titles, prices and colours.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count, product
from typing import Any
from urllib.parse import quote

from tests.bench import site

WORDS = ("dress", "mug", "shoes", "lamp", "jacket", "chair", "hat")
COLORS = ("red", "blue", "green", "black", "white", "beige", "navy", "pink")
QUERIES = 60
IMPORTED = 300


def main(sizes: list[int]) -> None:
    for size in sizes:
        folder = site.set_up()
        try:
            _measure(size)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _measure(size: int) -> None:
    catalog, token = site.make_catalog()
    with ExitStack() as stack:
        stack.enter_context(site.process("engine"))
        encoder = site.wait_for_encoder()
        started = time.perf_counter()
        _fill(catalog, encoder, size)
        print(f"{size} vectors filled in {time.perf_counter() - started:.0f} s")
        stack.enter_context(site.process("web"))
        site.wait_for_web()
        client = site.Client(token)
        texts = queries()
        _compare("alone", catalog, client, texts)
        uploads = site.photo_files(IMPORTED)
        for name, data in uploads:
            client.upload(f"/api/v1/catalogs/{catalog.slug}/products", name, data)
        stack.enter_context(site.process("worker"))
        _wait_for_embedding()
        _compare("during a bulk import", catalog, client, texts)
        print(f"  photos still waiting at the end: {_waiting()}")


def _wait_for_embedding() -> None:
    waiting = _waiting()
    for _ in range(600):
        time.sleep(0.1)
        if _waiting() < waiting:
            return
    raise TimeoutError("nothing is being embedded")


def _waiting() -> int:
    from catalog.models import EmbedTask

    return EmbedTask.objects.exclude(state="done").count()


def queries() -> Iterator[str]:
    """Words of titles. Once all pairs were asked for they come in other letters: new to the encoder,
    which remembers texts, and the same words to the search.
    """
    for turn in count():
        for pair in product(COLORS, WORDS):
            letters = enumerate(" ".join(pair))
            yield "".join(
                letter.upper() if turn >> place & 1 else letter for place, letter in letters
            )


def _compare(label: str, catalog: Any, client: site.Client, texts: Iterator[str]) -> None:
    import numpy as np

    from catalog.index import vector_index
    from catalog.index.spaces import live_space
    from catalog.search import Filters
    from prodintel.engine import configured
    from prodintel.engine.vectors import MAX_RESULTS

    space = live_space()
    assert space is not None
    engine, index = configured.client(), vector_index()
    where = Filters().conditions(catalog.pk)
    raw, http = [], []
    for _ in range(QUERIES):
        text = next(texts)
        started = time.perf_counter()
        vector = engine.encode_texts([text], model=space.fingerprint)[0]
        index.search(space.collection, vector, where=where, limit=MAX_RESULTS, fields=("product",))
        raw.append(time.perf_counter() - started)
        started = time.perf_counter()
        status, answer = client.get(
            f"/api/v1/catalogs/{catalog.slug}/search?q={quote(next(texts))}"
        )
        http.append(time.perf_counter() - started)
        assert status == 200, answer
        # A search whose words are nowhere is cheaper.
        assert answer["hits"][0]["reasons"][0]["kind"] == "words", answer
    ratio = float(np.median(http) / np.median(raw))
    print(f"{label}:")
    print(f"  encoding and index query: {site.percentiles(raw)}")
    print(f"  HTTP search call:         {site.percentiles(http)}")
    print(f"  ratio of the medians:     {ratio:.2f}")


def _fill(catalog: Any, encoder: Any, size: int) -> None:
    """Rows as imports leave them, and the index made from them by `rebuild`."""
    import numpy as np

    from catalog.index import spaces, vector_index
    from catalog.models import IndexChange

    space = spaces.space_for(encoder)
    random = np.random.default_rng(0)
    for start in range(0, size, 5000):
        fill_rows(catalog, space, random, range(start, min(start + 5000, size)))
    IndexChange.objects.all().delete()
    spaces.rebuild(vector_index(), space)
    spaces.refresh_background(space)


def fill_rows(catalog: Any, space: Any, random: Any, numbers: range) -> None:
    import numpy as np
    from django.db import transaction

    from catalog.models import Embedding, EmbedTask, Photo, Placement, Product, Variant
    from catalog.models.embedding import pack_vectors

    vectors = random.standard_normal((len(numbers), space.dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with transaction.atomic():
        products = Product.objects.bulk_create(
            Product(catalog=catalog, handle=f"p-{n}", title=f"{COLORS[n % 8]} {WORDS[n % 7]} {n}")
            for n in numbers
        )
        Variant.objects.bulk_create(
            Variant(
                product=product, catalog=catalog, sku=f"S-{n}", price=n % 90 + 5, currency="EUR"
            )
            for n, product in zip(numbers, products, strict=True)
        )
        photos = Photo.objects.bulk_create(
            Photo(
                catalog=catalog,
                sha256=f"{n:064x}",
                file="none",
                format="JPEG",
                extension="jpg",
                width=400,
                height=500,
                size_bytes=1,
                perceptual_hash=n,
            )
            for n in numbers
        )
        Placement.objects.bulk_create(
            Placement(product=product, photo=photo, role="main")
            for product, photo in zip(products, photos, strict=True)
        )
        Embedding.objects.bulk_create(
            Embedding(photo=photo, space=space, vector=pack_vectors(vector))
            for photo, vector in zip(photos, vectors, strict=True)
        )
        EmbedTask.objects.bulk_create(
            EmbedTask(photo=photo, space=space, state="done") for photo in photos
        )


if __name__ == "__main__":
    chosen = [int(text) for text in sys.argv[1:]] or [1_000, 100_000]
    if len(chosen) > 1:
        import subprocess

        for each in chosen:
            subprocess.run([sys.executable, "-m", "tests.bench.search", str(each)], check=True)
    else:
        main(chosen)
