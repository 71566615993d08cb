"""Catalogues and products over HTTP."""

from __future__ import annotations

import pytest

from catalog.ingest.jobs import Jobber
from catalog.models import Catalog, Photo, Product
from catalog.services.ledger import attribute_set
from catalog.services.products import products_delete
from tests.api.conftest import photo_file
from tests.catalog.colours import picture
from tests.catalog.vision.bad_photos import BAD, bad_photo

pytestmark = pytest.mark.django_db

TOO_LARGE, UNSUPPORTED = (
    {"too_many_pixels", "too_many_bytes"},
    {"unsupported_format", "not_an_image"},
)


@pytest.fixture
def upload(api, catalog, data_dir):
    def send(*photos, **form):
        files = [photo_file(data) for data in photos or [picture()]]
        return api.post(f"/catalogs/{catalog.slug}/products", image=files, **form)

    return send


def test_new_catalogue_is_listed_for_its_owner(api):
    status, made = api.send("POST", "/catalogs", {"name": "Spring", "currency": "USD"})
    assert (status, made["slug"], made["currency"], made["role"]) == (201, "spring", "USD", "owner")
    assert api.get("/catalogs") == (200, [made])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "A", "currency": "EURO"}, "currency"),
        ({"name": "A", "colour": "red"}, "colour"),
        ({"name": "a\x00b"}, "name"),
    ],
)
def test_unfit_catalogue_is_refused_on_its_field(api, body, field):
    status, answer = api.send("POST", "/catalogs", body)
    assert status == 422
    assert answer["error"]["code"] == "invalid"
    assert field in answer["error"]["fields"]


def test_uploaded_product_comes_back_whole(upload):
    status, product = upload(title="Mug", sku="M-1", price="12.5", cost="4", currency="USD")
    assert status == 201
    expected = {
        "title": "Mug",
        "sku": "M-1",
        "price": "12.50",
        "cost": "4.00",
        "currency": "USD",
        "status": "draft",
        "description": "",
        "brand": "",
        "category": None,
        "attributes": {},
        "duplicate": False,
        "embed_state": "pending",
        "describe_state": "pending",
    }
    assert {name: product[name] for name in expected} == expected
    assert [variant["sku"] for variant in product["variants"]] == ["M-1"]
    assert [image["role"] for image in product["images"]] == ["main"]


def test_photos_that_all_stand_on_a_product_are_that_product(upload):
    _, first = upload(picture("red"), picture("blue"))
    status, again = upload(picture("blue"), picture("red"))
    assert (status, again["id"], again["duplicate"]) == (200, first["id"], True)


def test_new_photo_after_a_known_one_is_not_lost(upload):
    _, first = upload(picture("red"))
    status, product = upload(picture("red"), picture("blue"))
    assert (status, product["duplicate"]) == (201, False)
    assert product["id"] != first["id"]
    assert len(product["images"]) == 2


def test_photos_of_two_products_make_a_third(upload):
    upload(picture("red"))
    upload(picture("blue"))
    status, product = upload(picture("red"), picture("blue"))
    assert (status, len(product["images"]), Product.objects.count()) == (201, 2, 3)


def test_several_photos_make_one_product(upload):
    _, product = upload(picture("red"), picture("blue"))
    assert [image["role"] for image in product["images"]] == ["main", "detail"]


def test_same_photo_again_answers_200_with_the_product_that_is_there(upload):
    _, first = upload()
    status, again = upload()
    assert (status, again["id"], again["duplicate"]) == (200, first["id"], True)


def test_same_photo_again_makes_a_new_product_where_that_is_allowed(upload):
    upload()
    assert upload(allow_duplicate="true")[0] == 201


def test_product_without_photos_is_refused(api, catalog):
    status, answer = api.post(f"/catalogs/{catalog.slug}/products", title="Mug")
    assert status == 422
    assert "image" in answer["error"]["fields"]


def test_nine_photos_at_once_are_refused(upload):
    status, answer = upload(*[picture(mark=n) for n in range(9)])
    assert status == 422
    assert "1 to 8" in answer["error"]["message"]


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"price": "cheap"}, "price"),
        ({"price": "-1"}, "price"),
        ({"price": "NaN"}, "price"),
        ({"price": "1e99"}, "price"),
        ({"cost": "1.23456"}, "cost"),
        ({"currency": "EURO"}, "currency"),
        ({"sku": "x" * 81}, "sku"),
        ({"title": "x" * 301}, "title"),
        ({"title": "a\x00b"}, "title"),
    ],
)
def test_unfit_field_refuses_the_upload_and_keeps_nothing(upload, data_dir, form, field):
    status, answer = upload(**form)
    assert status == 422
    assert list(answer["error"]["fields"]) == [field]
    assert not Photo.objects.exists()
    Jobber(owner="test/1")._remove_files()
    assert [path for path in (data_dir / "media").rglob("*") if path.is_file()] == []


def test_taken_sku_refuses_the_upload(upload):
    upload(sku="M-1")
    status, answer = upload(picture("blue"), sku="M-1")
    assert status == 422
    assert answer["error"]["fields"] == {"sku": ["Another product of this catalogue has this SKU."]}


@pytest.mark.parametrize("name", BAD)
def test_bad_photo_is_refused_with_its_code(upload, name):
    status, answer = upload(bad_photo(name))
    code = BAD[name]
    assert answer["error"]["code"] == code
    assert answer["error"]["message"]
    assert status == (413 if code in TOO_LARGE else 415 if code in UNSUPPORTED else 422)
    assert not Product.objects.exists()


def test_photo_over_the_size_limit_is_refused(upload, settings):
    settings.MAX_PHOTO_BYTES = 100
    status, answer = upload()
    assert (status, answer["error"]["code"]) == (413, "too_many_bytes")


def test_one_bad_photo_refuses_them_all_and_names_itself(api, catalog, data_dir):
    files = [photo_file(picture()), photo_file(b"no photo", "notes.txt")]
    status, answer = api.post(f"/catalogs/{catalog.slug}/products", image=files)
    assert status == 415
    assert "notes.txt" in answer["error"]["message"]
    assert not Photo.objects.exists()
    assert not (data_dir / "media").exists()


def test_pages_of_products_follow_each_other_by_cursor(api, catalog, make_product):
    for _ in range(5):
        make_product(color=None)
    seen, cursor = [], ""
    while cursor is not None:
        _, page = api.get(f"/catalogs/{catalog.slug}/products", cursor=cursor, limit=2)
        seen += [product["id"] for product in page["products"]]
        cursor = page["next_cursor"]
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 5


def test_product_that_comes_between_two_pages_moves_nothing(api, catalog, make_product):
    for _ in range(4):
        make_product(color=None)
    path = f"/catalogs/{catalog.slug}/products"
    _, first = api.get(path, limit=2)
    make_product(color=None)
    _, second = api.get(path, limit=2, cursor=first["next_cursor"])
    ids = [product["id"] for page in (first, second) for product in page["products"]]
    assert len(set(ids)) == 4


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "9" * 5000, "\u0661"])
def test_unfit_cursor_is_refused(api, catalog, cursor):
    status, answer = api.get(f"/catalogs/{catalog.slug}/products", cursor=cursor)
    assert status == 422
    assert "cursor" in answer["error"]["fields"]


def test_deleted_products_are_not_listed(api, catalog, make_product, person):
    products_delete(products=[make_product(color=None)], actor=person)
    assert api.get(f"/catalogs/{catalog.slug}/products")[1]["products"] == []


def test_product_tells_where_its_values_come_from(api, make_product, vocabulary, person):
    product = make_product()
    attribute_set(product=product, field="color", value="red", actor=person)
    _, answer = api.get(f"/products/{product.pk}")
    assert answer["attributes"] == {
        "color": {"value": ["red"], "source": "person", "confidence": None, "locked": True}
    }


def test_patch_changes_plain_fields_and_attributes(api, make_product, vocabulary):
    product = make_product("Mug")
    status, answer = api.send(
        "PATCH",
        f"/products/{product.pk}",
        {
            "title": "Cup",
            "price": "9.99",
            "tags": ["new"],
            "status": "approved",
            "attributes": {"color": ["blue"], "category": "clothes"},
        },
    )
    assert status == 200
    assert (answer["title"], answer["price"], answer["tags"]) == ("Cup", "9.99", ["new"])
    assert (answer["status"], answer["category"]) == ("approved", "clothes")
    assert answer["attributes"]["color"]["value"] == ["blue"]


def test_patch_leaves_out_what_it_does_not_name(api, make_product):
    product = make_product("Mug", brand="ACME", price=5)
    _, answer = api.send("PATCH", f"/products/{product.pk}", {"title": "Cup"})
    assert (answer["brand"], answer["price"]) == ("ACME", "5.00")


def test_patch_with_null_empties(api, make_product, vocabulary, person):
    product = make_product("Mug", brand="ACME", price=5, tags=["a"], sku="M-1")
    attribute_set(product=product, field="color", value="red", actor=person)
    nothing = {"brand": None, "price": None, "tags": None, "sku": None}
    status, answer = api.send(
        "PATCH", f"/products/{product.pk}", {**nothing, "attributes": {"color": None}}
    )
    assert status == 200
    assert (answer["brand"], answer["price"], answer["tags"], answer["sku"]) == ("", None, [], "")
    assert answer["attributes"]["color"]["value"] is None
    assert answer["attributes"]["color"]["locked"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"status": "sold"}, "status"),
        ({"price": "cheap"}, "price"),
        ({"price": -1}, "price"),
        ({"price": 1e300}, "price"),
        ({"handle": "Not A Slug"}, "handle"),
        ({"handle": None}, "handle"),
        ({"product_url": "javascript:alert(1)"}, "product_url"),
        ({"availability": "maybe"}, "availability"),
        ({"weight_grams": -5}, "weight_grams"),
        ({"gtin": "1" * 15}, "gtin"),
        ({"gtin": "4006381333930"}, "gtin"),
        ({"attributes": {"color": "mauve"}}, "color"),
        ({"attributes": {"flavour": "sweet"}}, "flavour"),
        ({"attributes": {"title": "Cup"}}, "title"),
        ({"attributes": {"\ud800": "x"}}, "attributes"),
        ({"attributes": {"\x00": "x"}}, "attributes"),
        ({"attributes": {"\x00": None}}, "attributes"),
        ({"attributes": {"composition": "\ud800"}}, "composition"),
        ({"attributes": {"height": 10**400}}, "height"),
        ({"title": "a\x00b"}, "title"),
        ({"tags": ["a\x00b"]}, "tags"),
    ],
)
def test_unfit_patch_is_refused_on_its_field_and_changes_nothing(
    api, make_product, vocabulary, body, field
):
    product = make_product("Mug")
    status, answer = api.send("PATCH", f"/products/{product.pk}", {"brand": "ACME", **body})
    assert status == 422
    assert field in answer["error"]["fields"]
    assert Product.objects.get(pk=product.pk).brand == ""


def test_a_wrong_gtin_that_stands_there_keeps_nothing_else_from_being_changed(api, make_product):
    product = make_product("Mug")
    product.variants.update(gtin="4006381333930")
    body = {"price": 5, "gtin": "4006381333930"}
    status, answer = api.send("PATCH", f"/products/{product.pk}", body)
    assert (status, answer["price"]) == (200, "5.00")
    status, answer = api.send("PATCH", f"/products/{product.pk}", {"gtin": "4006381333932"})
    assert status == 422
    assert "check digit" in answer["error"]["fields"]["gtin"][0]


@pytest.mark.parametrize("body", ["{", "[]", "", "null", '{"title": "\\ud800"}', "[" * 100_000])
def test_body_that_is_no_object_is_refused(api, make_product, body):
    product = make_product("Mug")
    status, answer = api.send("PATCH", f"/products/{product.pk}", body)
    assert status in {400, 422}
    assert set(answer["error"]) == {"code", "message", "fields"}


def test_deleted_product_is_gone(api, make_product):
    product = make_product()
    assert api.send("DELETE", f"/products/{product.pk}") == (204, None)
    assert api.get(f"/products/{product.pk}")[0] == 404


def test_deleting_a_lock_lets_machines_in_again(api, make_product, vocabulary, person):
    product = make_product()
    attribute_set(product=product, field="color", value="red", actor=person)
    status, answer = api.send("DELETE", f"/products/{product.pk}/attributes/color/lock")
    assert status == 200
    assert "color" not in answer["attributes"]


def test_image_addresses_work_with_the_token(api, upload):
    _, product = upload()
    response = api.client.get(product["images"][0]["url"])
    assert response.status_code == 200
    assert response["Content-Type"] == "image/webp"


def test_products_of_a_deleted_catalogue_are_gone(api, make_product):
    product = make_product()
    Catalog.objects.update(deleted_at=product.created_at)
    assert api.get(f"/products/{product.pk}")[0] == 404
    assert api.get("/catalogs") == (200, [])


def test_listing_takes_few_queries(api, catalog, make_product, django_assert_max_num_queries):
    for _ in range(10):
        make_product()
    with django_assert_max_num_queries(16):
        api.get(f"/catalogs/{catalog.slug}/products")


@pytest.mark.parametrize("name", ["%00", "a%00b", "a%20b", "%ED%A0%80", "..%2F", "é"])
def test_name_in_an_address_that_nothing_can_have_is_not_found(api, make_product, name):
    product = make_product()
    assert api.client.get(f"/api/v1/catalogs/{name}/products").status_code == 404
    assert api.client.get(f"/api/v1/catalogs/{name}/search").status_code == 404
    lock = f"/api/v1/products/{product.pk}/attributes/{name}/lock"
    assert api.client.delete(lock).status_code == 404


def test_product_without_variants_is_shown_all_the_same(api, catalog, make_product):
    product = make_product("Mug")
    product.variants.all().delete()
    status, answer = api.get(f"/products/{product.pk}")
    assert status == 200
    assert (answer["sku"], answer["price"], answer["variants"]) == ("", None, [])
    assert answer["currency"] == catalog.currency


@pytest.mark.parametrize("value", [{"a": 1}, [{"a": 1}], [["a"]], True])
@pytest.mark.parametrize("field", ["composition", "style"])
def test_text_that_is_no_text_is_refused(api, make_product, vocabulary, field, value):
    product = make_product()
    body = {"attributes": {field: value}}
    status, answer = api.send("PATCH", f"/products/{product.pk}", body)
    assert status == 422
    assert list(answer["error"]["fields"]) == [field]


def test_number_is_taken_as_text(api, make_product, vocabulary):
    product = make_product()
    body = {"attributes": {"composition": 100}}
    _, answer = api.send("PATCH", f"/products/{product.pk}", body)
    assert answer["attributes"]["composition"]["value"] == ["100"]


@pytest.mark.parametrize(
    ("body", "field"),
    [({"tags": [1]}, "tags"), ({"title": 1}, "title"), ({"variants": [{"sku": 1}]}, "variants")],
)
def test_problem_inside_a_field_is_told_of_the_field(api, make_product, body, field):
    status, answer = api.send("PATCH", f"/products/{make_product().pk}", body)
    assert status == 422
    assert list(answer["error"]["fields"]) == [field]
    assert answer["error"]["message"].startswith(f"{field}: ")
