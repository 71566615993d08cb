"""Catalogues at work: products made by the services, an engine that answers, the ingest run by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from catalog.index import vector_index
from catalog.ingest.embed import Embedder
from catalog.ingest.index import Indexer
from catalog.models import AttributeDefinition, AttributeKind, Catalog, Category, Product, Term
from catalog.search import looks
from catalog.services.products import product_create
from prodintel.engine import configured
from tests.catalog.colours import ColourEncoder, staged
from tests.engine.running import config_for, running_engine


@pytest.fixture
def encoder() -> Any:
    """What the engine loads."""
    return ColourEncoder()


@pytest.fixture
def site_engine(data_dir: Any, encoder: Any) -> Iterator[Callable[..., Any]]:
    """The engine that this site's settings name, for as long as a block takes that enters it."""
    yield lambda load=lambda _config: encoder: running_engine(config_for(data_dir), load)
    configured.client().close()
    _forget()


def _forget() -> None:
    configured.client.cache_clear()
    vector_index.cache_clear()
    looks.background.cache_clear()


@pytest.fixture
def engine(site_engine: Any) -> Iterator[Any]:
    """A running engine with its shard; the site's own client reaches it."""
    _forget()
    with site_engine() as server:
        configured.client().wait_ready()
        yield server


@pytest.fixture
def no_engine(data_dir: Any) -> Iterator[None]:
    """Nobody answers on the engine's socket."""
    _forget()
    yield
    _forget()


@pytest.fixture
def embedder(engine: Any) -> Embedder:
    return Embedder(configured.client(), owner="test/1")


@pytest.fixture
def indexer(engine: Any) -> Indexer:
    return Indexer(vector_index(), owner="test/1")


@pytest.fixture
def ingest(embedder: Embedder, indexer: Indexer) -> Callable[[], None]:
    """Runs the embed and the index runner's work until neither finds any."""

    def run() -> None:
        while embedder.step() + indexer.step():
            pass

    return run


@pytest.fixture
def person(make_user: Any) -> Any:
    return make_user("ada")


@pytest.fixture
def catalog(make_catalog: Any, person: Any) -> Catalog:
    return make_catalog("Shop", owner=person)


@pytest.fixture
def make_product(catalog: Catalog, person: Any, data_dir: Any) -> Callable[..., Product]:
    """Makes products of `catalog` with a photo each, all different; `color=None`: without a photo."""
    count = 0

    def make(title: str = "", *, color: str | None = "red", **fields: Any) -> Product:
        nonlocal count
        count += 1
        photos = [staged(color, mark=count)] if color else []
        return product_create(
            catalog=fields.pop("catalog", catalog),
            actor=person,
            photos=fields.pop("photos", photos),
            title=title or f"Thing {count}",
            **fields,
        ).product

    return make


@pytest.fixture
def vocabulary(db: None) -> dict[str, AttributeDefinition]:
    """A small vocabulary: one attribute of each kind and a category tree."""
    kinds = {
        "color": AttributeKind.MULTI_CHOICE,
        "material": AttributeKind.CHOICE,
        "composition": AttributeKind.TEXT,
        "height": AttributeKind.NUMBER,
        "organic": AttributeKind.BOOLEAN,
        "style": AttributeKind.CHOICE,
    }
    made = {
        key: AttributeDefinition.objects.create(
            key=key,
            kind=kind,
            closed=key != "style",
            machine_may_set=key != "composition",
            labels={"en": key.title()},
        )
        for key, kind in kinds.items()
    }
    for color in ("red", "blue", "green"):
        Term.objects.create(
            attribute=made["color"], key=color, labels={"en": color.title(), "de": f"{color}-de"}
        )
    for material in ("wood", "steel", "cotton"):
        Term.objects.create(attribute=made["material"], key=material, labels={"en": material})
    home = Category.objects.create(slug="home", path="home", labels={"en": "Home"})
    kitchen = Category.objects.create(
        slug="kitchen", path="home/kitchen", parent=home, labels={"en": "Kitchen"}
    )
    Category.objects.create(
        slug="mugs", path="home/kitchen/mugs", parent=kitchen, labels={"en": "Mugs"}
    )
    Category.objects.create(slug="clothes", path="clothes", labels={"en": "Clothes"})
    return made
