"""A catalogue moved by a file through the engine that imports it: into an empty one, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from catalog.exporting import FORMATS, records
from catalog.exporting.addresses import NoAddresses
from catalog.exporting.exports import Export
from catalog.importing.services import import_create, import_map, import_preview, import_start
from catalog.models import Catalog, Import, Product
from catalog.services.ledger import attribute_set
from catalog.uploads.services import upload_store
from tests.catalog.importing.engine.conftest import work

pytestmark = pytest.mark.django_db
OWN = ("csv", "xlsx", "jsonl", "zip")
SHOPS = ("shopify", "woocommerce", "google", "google-xml", "meta")
# What a format of a shop or a channel has a place for.
FIELDS = {
    "shopify": {"title", "description", "brand", "tags", "handle"},
    "woocommerce": {"title", "description", "brand", "tags"},
    "google": {"title", "brand", "product_url"},
    "google-xml": {"title", "brand", "product_url"},
    "meta": {"title", "description", "brand", "product_url"},
}
OF_VARIANTS = {"sku", "gtin", "price", "compare_at_price", "weight_grams", "availability"}
OPTIONS = {f"option{n}_{part}" for n in (1, 2, 3) for part in ("name", "value")}
# Its columns are options as well where variants differ in them.
MORE_OPTIONS = {"meta"}


@pytest.fixture
def filled(
    mug: Product, make_product: Callable[..., Product], make_photos: Any, person: Any
) -> None:
    """Products that are unlike each other, one of them with photos of its own variants."""
    large, other = make_photos(mug, 2)
    large.variant, large.alt_text = mug.variants.get(sku="M-2"), "The “large” one; in green"
    large.save()
    other.role = "detail"
    other.save()
    make_product("=Sum(A1) “é”, 日本; <b>", description="One\n\n-Two", sku="B-1", price="0.5")
    bowl = make_product(
        "Bowl",
        tags=["a;b", "c\\d"],
        variants=[{"sku": "W-1", "mpn": "X9", "availability": "backorder", "condition": "used"}],
    )
    attribute_set(product=bowl, field="material", value="steel", actor=person)


@pytest.fixture
def empty(make_catalog: Callable[..., Catalog], person: Any) -> Catalog:
    return make_catalog("Empty", owner=person)


@pytest.fixture
def exported_file(catalog: Catalog, filled: None) -> Callable[[str], bytes]:
    def made(form: str) -> bytes:
        export = Export.of(
            catalog, FORMATS[form], options={"approved_only": False, "addresses": "none"}
        )
        return b"".join(export.stream(Product.objects.alive().filter(catalog=catalog)))

    return made


@pytest.fixture
def bring(person: Any, data_dir: Any) -> Callable[..., Import]:
    """Has a file imported as the page does, without touching what was guessed."""

    def run(catalog: Catalog, form: str, data: bytes) -> Import:
        name = f"file.{FORMATS[form].extension}"
        upload = upload_store(catalog=catalog, actor=person, name=name, chunks=[data])
        part = "photos" if form == "zip" else "table"
        files = {"table": None, "photos": None, part: upload}
        source = import_create(catalog=catalog, actor=person, name="", **files)
        import_map(source=source, mapping=source.mapping, options={}, actor=person)
        import_preview(source=source, actor=person)
        work()
        import_start(source=Import.objects.get(pk=source.pk), actor=person)
        work()
        return Import.objects.get(pk=source.pk)

    return run


def documents(catalog: Catalog) -> dict[str, dict[str, Any]]:
    """All that is known of each product, by its title, but when and under which number."""
    products = Product.objects.alive().filter(catalog=catalog)
    found = {}
    for record in records(catalog, products, approved_only=False, addresses=NoAddresses()):
        document = {**record.as_json(), "id": None, "updated_at": "", "written_by": {}}
        found[record.fields["title"]] = document
    return found


def photos(catalog: Catalog) -> dict[str, list[tuple[Any, ...]]]:
    """Of each product what its photos show and where they stand."""
    return {
        product.title: [
            (row.photo.perceptual_hash, row.role, row.alt_text, row.variant and row.variant.sku)
            for row in product.placements.alive().order_by("position")
        ]
        for product in Product.objects.alive().filter(catalog=catalog)
    }


@pytest.mark.parametrize("form", OWN)
def test_our_own_files_make_the_same_catalogue(form, catalog, empty, exported_file, bring):
    source = bring(empty, form, exported_file(form))
    assert (source.counts["created"], source.counts["refused"]) == (3, 0)
    assert documents(empty) == documents(catalog)
    if form == "zip":
        assert photos(empty) == photos(catalog)


@pytest.mark.parametrize("form", SHOPS)
def test_files_of_shops_keep_what_they_have_a_place_for(form, catalog, empty, exported_file, bring):
    source = bring(empty, form, exported_file(form))
    assert (source.counts["created"], source.counts["refused"]) == (3, 0)
    there, here = documents(empty), documents(catalog)
    assert there.keys() == here.keys()
    of_variants = OF_VARIANTS if form in MORE_OPTIONS else OF_VARIANTS | OPTIONS
    for title, document in here.items():
        assert only(there[title]["fields"], FIELDS[form]) == only(document["fields"], FIELDS[form])
        assert words(there[title]) == words(document)
        assert [only(each["fields"], of_variants) for each in there[title]["variants"]] == [
            only(each["fields"], of_variants) for each in document["variants"]
        ]


def words(document: dict[str, Any]) -> list[str]:
    return (document["fields"]["description"] or "").split()


def only(fields: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: fields.get(name) or None for name in sorted(names)}


@pytest.mark.parametrize("form", [*OWN, *SHOPS])
def test_what_comes_back_unedited_changes_nothing(form, catalog, exported_file, bring):
    before, shown = documents(catalog), photos(catalog)
    source = bring(catalog, form, exported_file(form))
    assert documents(catalog) == before
    assert photos(catalog) == shown
    assert source.counts["created"] == 0
    # Of a shop's file the cells are kept that mean nothing here.
    assert source.counts["updated"] == 0 or form in SHOPS
