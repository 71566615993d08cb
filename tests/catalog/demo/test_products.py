"""The demo catalogue's files agree with each other. Reads files only: no database, no Blender."""

from __future__ import annotations

import tomllib
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image

DEMO = Path(__file__).resolve().parents[3] / "catalog" / "demo"
PHOTOS = DEMO / "photos"
DOCUMENT = tomllib.loads((DEMO / "products.toml").read_text())
PRODUCTS = DOCUMENT["products"]
SHOTS = tomllib.loads((DEMO / "shots.toml").read_text())
ENTRIES = [(product, photo) for product in PRODUCTS for photo in product["photos"]]
VARIANTS = [variant for product in PRODUCTS for variant in product["variants"]]
ROLES = {"main", "detail", "lifestyle", "swatch", "packaging", "chart"}
STATES = {"draft", "in_review", "approved"}
MOST_BYTES = 2_000_000


def test_the_catalogue_is_big_and_varied_enough_to_search() -> None:
    assert len(PRODUCTS) >= 60
    assert len({product["kind"] for product in PRODUCTS}) >= 15
    assert len(ENTRIES) > len(PRODUCTS)


def test_the_catalogue_names_its_currency_and_language() -> None:
    catalog = DOCUMENT["catalog"]
    assert (catalog["slug"], catalog["currency"], catalog["language"]) == ("demo", "EUR", "en")
    assert catalog["name"]
    assert catalog["brand_voice"]


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product["handle"])
def test_a_product_is_described_as_a_shop_would(product: dict) -> None:
    for field in ("title", "description", "brand", "kind"):
        assert product[field].strip(), field
    assert product["tags"]
    assert product["status"] in STATES


def test_most_products_wait_for_a_reviewer_and_some_do_not() -> None:
    states = Counter(product["status"] for product in PRODUCTS)
    assert states["in_review"] > len(PRODUCTS) / 2
    assert states["draft"]
    assert states["approved"]


def test_handles_and_skus_are_unique() -> None:
    handles = Counter(product["handle"] for product in PRODUCTS)
    skus = Counter(variant["sku"] for variant in VARIANTS)
    assert [name for name, count in (handles + skus).items() if count > 1] == []


def test_every_photo_named_exists_and_every_photo_there_is_named() -> None:
    named = Counter(photo["file"] for _, photo in ENTRIES)
    assert set(named.values()) == {1}
    assert set(named) == {path.name for path in PHOTOS.iterdir()}


def test_every_photo_can_be_rendered_again() -> None:
    assert set(SHOTS) == {photo["file"] for _, photo in ENTRIES}


def test_every_product_has_exactly_one_main_photo_and_it_comes_first() -> None:
    for product in PRODUCTS:
        roles = [photo["role"] for photo in product["photos"]]
        assert roles[0] == "main", product["handle"]
        assert roles.count("main") == 1, product["handle"]
        assert set(roles) <= ROLES, product["handle"]


def test_every_photo_has_an_alternative_text() -> None:
    assert [photo["file"] for _, photo in ENTRIES if not photo["alt"].strip()] == []


def test_a_photo_of_a_variant_names_a_variant_of_its_own_product() -> None:
    for product, photo in ENTRIES:
        skus = {variant["sku"] for variant in product["variants"]}
        assert photo.get("variant") in {None, *skus}, photo["file"]


def test_photos_are_square_webp_and_together_small() -> None:
    for path in PHOTOS.iterdir():
        with Image.open(path) as photo:
            assert photo.format == "WEBP", path.name
            assert photo.size == (384, 384), path.name
    assert sum(path.stat().st_size for path in PHOTOS.iterdir()) < MOST_BYTES


def test_every_price_is_above_its_cost_and_below_the_former_price() -> None:
    for variant in VARIANTS:
        price, cost = Decimal(variant["price"]), Decimal(variant["cost"])
        assert price > cost > 0, variant["sku"]
        assert Decimal(variant.get("compare_at_price", "Infinity")) > price, variant["sku"]


def test_variants_of_a_product_differ_in_their_options() -> None:
    for product in PRODUCTS:
        options = Counter(tuple(variant["options"].items()) for variant in product["variants"])
        assert set(options.values()) == {1}, product["handle"]


def test_gtins_are_unique_and_carry_the_right_check_digit() -> None:
    gtins = [variant["gtin"] for variant in VARIANTS if "gtin" in variant]
    assert gtins
    assert len(set(gtins)) == len(gtins)
    for gtin in gtins:
        assert len(gtin) == 13, gtin
        weighted = sum(int(digit) * (3 if i % 2 else 1) for i, digit in enumerate(gtin))
        assert weighted % 10 == 0, gtin


def test_not_every_title_names_a_colour_so_that_photo_search_shows_its_worth() -> None:
    words = {"red", "blue", "navy", "black", "white", "grey", "green", "mustard", "brown", "ivory"}
    silent = [p for p in PRODUCTS if not words & set(p["title"].lower().replace(",", "").split())]
    assert len(silent) > len(PRODUCTS) / 3


def test_only_the_studio_needs_blender() -> None:
    root = DEMO.parents[1]
    sources = [
        path for app in ("catalog", "tools", "prodintel") for path in (root / app).rglob("*.py")
    ]
    users = {path for path in sources if "import bpy" in path.read_text()}
    assert all((DEMO / "rendering") in path.parents or path == DEMO / "render.py" for path in users)
