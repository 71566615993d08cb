"""Puts the demo catalogue into the database, through the services that everybody uses."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from catalog.models import Catalog, Placement, Product, ProductStatus, Source
from catalog.services.attribute_values import CATEGORY
from catalog.services.catalogs import catalog_create, catalog_update
from catalog.services.ledger import attribute_set
from catalog.services.photos import photo_stage, placement_update
from catalog.services.products import product_create
from catalog.services.statuses import products_set_status

FOLDER = Path(__file__).parent


def demo_document() -> dict[str, Any]:
    """products.toml: the catalogue's own fields, its products, and the categories of their kinds."""
    with (FOLDER / "products.toml").open("rb") as file:
        return tomllib.load(file)


def load_demo(
    *, actor: Any, progress: Callable[[int, int], None] = lambda _n, _of: None
) -> Catalog:
    """Create the demo catalogue, or finish a half-loaded one; products that exist are left alone.

    `progress` is told how many of how many products are there.
    """
    document = demo_document()
    fields, products = document["catalog"], document["products"]
    catalog = Catalog.objects.filter(slug=fields["slug"]).first()
    if catalog is None:
        catalog = catalog_create(
            name=fields["name"],
            slug=fields["slug"],
            currency=fields["currency"],
            language=fields["language"],
            actor=actor,
        )
        catalog_update(catalog=catalog, actor=actor, brand_voice=fields.get("brand_voice", ""))
    known = set(Product.objects.filter(catalog=catalog).values_list("handle", flat=True))
    for number, product in enumerate(products, start=1):
        if product["handle"] not in known:
            _load(catalog, product, document["kinds"], actor)
        progress(number, len(products))
    return catalog


def _load(catalog: Catalog, entry: dict[str, Any], categories: dict[str, str], actor: Any) -> None:
    photos = [
        photo_stage(data=(FOLDER / "photos" / photo["file"]).read_bytes(), name=photo["file"])
        for photo in entry["photos"]
    ]
    product = product_create(
        catalog=catalog,
        actor=actor,
        photos=photos,
        variants=[_variant(variant) for variant in entry["variants"]],
        allow_duplicate=True,
        handle=entry["handle"],
        title=entry["title"],
        description=entry.get("description", ""),
        brand=entry.get("brand", ""),
        tags=entry.get("tags", []),
    ).product
    status = entry.get("status", ProductStatus.DRAFT)
    if status != ProductStatus.DRAFT:
        attribute_set(
            product=product,
            field=CATEGORY,
            value=categories[entry["kind"]],
            actor=actor,
            source=Source.IMPORT,
        )
    variants = {variant.sku: variant for variant in product.variants.all()}
    for placement, photo in _placed(product, entry):
        placement_update(
            placement=placement,
            actor=actor,
            role=photo.get("role"),
            alt_text=photo.get("alt", ""),
            variant=variants.get(photo.get("variant", "")),
        )
    # Last, so that what is approved is the whole of it.
    products_set_status(products=[product], status=status, actor=actor)


def _placed(product: Product, entry: dict[str, Any]) -> Iterator[tuple[Placement, dict[str, Any]]]:
    """Placements with their entries, the main photo first: its role moves to it from the others."""
    placements = product.placements.order_by("position")
    pairs = list(zip(placements, entry["photos"], strict=True))
    yield from sorted(pairs, key=lambda pair: pair[1].get("role") != "main")


def _variant(entry: dict[str, Any]) -> dict[str, Any]:
    fields = {name: value for name, value in entry.items() if name != "options"}
    for number, (name, value) in enumerate(entry.get("options", {}).items(), start=1):
        fields[f"option{number}_name"], fields[f"option{number}_value"] = name, value
    return fields
