"""Adding photos by the form and by its script, and photos to search with."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from catalog import storage
from catalog.models import Photo, Product, SearchPhoto
from catalog.views.upload import LINKS_SHOWN
from tests.catalog.colours import picture
from tests.catalog.conftest import (  # noqa: F401 -- fixtures
    catalog,
    embedder,
    encoder,
    engine,
    make_product,
    no_engine,
    person,
    site_engine,
)

pytestmark = pytest.mark.django_db

JSON = {"Accept": "application/json"}
RED, BLUE, GREEN = (picture(color) for color in ("red", "blue", "green"))


@pytest.fixture
def member(client, person, data_dir):  # noqa: F811
    client.force_login(person)
    return client


@pytest.fixture
def away(monkeypatch):
    """The storage of photos does not answer."""

    def fail(*_arguments):
        raise storage.StorageUnavailable("away")

    monkeypatch.setattr(storage, "save", fail)


@pytest.fixture
def post(member, catalog):  # noqa: F811
    """Sends photos by the form; gives the page after it and the messages on it."""

    def send(*photos, grouping="each"):
        files = [SimpleUploadedFile(f"p{n}.png", data) for n, data in enumerate(photos)]
        address = reverse("catalog:upload", args=[catalog.slug])
        form = {"image": files, "grouping": grouping}
        page = member.post(address, form, follow=True)
        return page, [str(message) for message in page.context["messages"]]

    return send


@pytest.fixture
def script(member, catalog):  # noqa: F811
    """Sends a photo as the page's script does; gives the status and the answer."""

    def send(*photos, **form):
        files = [SimpleUploadedFile("p.png", data) for data in photos]
        address = reverse("catalog:upload", args=[catalog.slug])
        response = member.post(address, {"image": files, **form}, headers=JSON)
        is_json = response.get("Content-Type") == "application/json"
        return response.status_code, response.json() if is_json else None

    return send


def shown(product: Product) -> int:
    return product.placements.filter(deleted_at=None).count()


def test_each_photo_of_a_form_makes_a_product(post):
    page, said = post(RED, BLUE)
    assert said == ["2 products added."]
    assert page.request["PATH_INFO"].endswith("/products/")
    assert [shown(product) for product in Product.objects.all()] == [1, 1]


def test_photos_of_one_product_make_one(post):
    _, said = post(RED, BLUE, grouping="one")
    assert said == ["1 product added."]
    assert shown(Product.objects.get()) == 2


def test_known_photos_are_named_with_their_products_and_not_counted_as_added(post):
    post(RED)
    known = Product.objects.get()
    _, said = post(RED, BLUE)
    assert said == [
        f'Already here: <a href="{known.get_absolute_url()}">{known}</a>.',
        "1 product added.",
    ]


def test_nothing_is_said_to_be_added_where_all_photos_are_known(post):
    post(RED, BLUE, grouping="one")
    page, said = post(RED, BLUE, grouping="one")
    assert len(said) == 1
    assert said[0].startswith("Already here")
    assert page.request["PATH_INFO"].endswith("/upload/")


def test_link_to_a_known_product_is_one_on_the_page_and_its_title_is_text(post):
    post(RED)
    Product.objects.update(title="<b>Mug</b>")
    page, _ = post(RED)
    assert f'<a href="{Product.objects.get().get_absolute_url()}">&lt;b&gt;Mug' in page.text


def test_of_many_known_products_some_are_named(post):
    photos = [picture("red", mark=mark) for mark in range(LINKS_SHOWN + 2)]
    post(*photos)
    _, said = post(*photos)
    assert said[0].count("<a ") == LINKS_SHOWN
    assert "and 2 more" in said[0]


def test_new_photos_beside_a_known_one_make_a_product_of_all(post):
    post(RED)
    _, said = post(RED, BLUE, GREEN, grouping="one")
    assert said == ["1 product added."]
    assert sorted(shown(product) for product in Product.objects.all()) == [1, 3]


def test_bad_photo_of_a_form_is_named_and_the_others_are_taken(post):
    _, said = post(b"no photo", BLUE)
    assert said[0].startswith("p0.png: ")
    assert said[1] == "1 product added."


def test_form_without_photos_says_so(post):
    assert post()[1] == ["Choose at least one photo."]


@pytest.mark.usefixtures("away")
def test_form_says_that_nothing_was_saved_where_the_storage_is_away(post):
    _, said = post(RED, BLUE)
    assert len(said) == 1
    assert "Nothing was saved" in said[0]
    assert not Photo.objects.exists()


def test_script_is_told_of_the_product_it_made(script):
    status, answer = script(RED)
    product = Product.objects.get()
    assert status == 201
    assert answer == {
        "id": product.pk,
        "title": product.title,
        "url": product.get_absolute_url(),
        "duplicate": False,
    }


def test_script_is_told_of_the_product_that_was_there(script):
    _, first = script(RED)
    assert script(RED) == (200, {**first, "duplicate": True})


def test_photo_joins_the_product_that_the_script_names(script):
    _, first = script(RED)
    status, answer = script(BLUE, product=first["id"])
    assert (status, answer["id"]) == (201, first["id"])
    assert shown(Product.objects.get()) == 2


def test_photo_that_joins_twice_is_a_duplicate(script):
    _, first = script(RED)
    assert script(RED, product=first["id"])[0] == 200
    assert shown(Product.objects.get()) == 1


@pytest.mark.parametrize("product", ["abc", "0", "-1", "999999", "9" * 30])
def test_photo_for_a_product_that_is_none_makes_none(script, product):
    assert script(RED, product=product)[0] == 404
    assert not Product.objects.exists()


def test_photo_cannot_join_a_product_of_another_catalogue(script, make_catalog, person):  # noqa: F811
    other = make_catalog("Other", owner=person)
    product = Product.objects.create(catalog=other, handle="x")
    assert script(RED, product=product.pk)[0] == 404


@pytest.mark.parametrize(
    ("photos", "status", "code"),
    [((), 400, "no_photo"), ((RED, BLUE), 400, "no_photo"), ((b"no photo",), 422, "not_an_image")],
)
def test_script_is_told_what_is_wrong(script, photos, status, code):
    answered, answer = script(*photos)
    assert (answered, answer["error"]["code"]) == (status, code)


def test_script_is_told_of_a_product_that_is_full(script, monkeypatch):
    from catalog.services import photos

    _, first = script(RED)
    monkeypatch.setattr(photos, "MAX_PHOTOS_A_PRODUCT", 1)
    status, answer = script(BLUE, product=first["id"])
    assert (status, answer["error"]["code"]) == (422, "invalid")


@pytest.mark.usefixtures("away")
def test_script_is_told_of_a_storage_that_is_away(script):
    status, answer = script(RED)
    assert (status, answer["error"]["code"]) == (503, "storage")


@pytest.fixture
def add(member, catalog, make_product):  # noqa: F811
    """Adds photos on a product's page; gives the product and what was said."""
    product = make_product()

    def send(*photos):
        files = [SimpleUploadedFile("p.png", data) for data in photos]
        address = reverse("catalog:photos_add", args=[catalog.slug, product.pk])
        page = member.post(address, {"image": files}, follow=True)
        return product, [str(message) for message in page.context["messages"]]

    return send


def test_photos_are_added_on_the_product_s_page(add):
    product, said = add(BLUE, GREEN)
    assert (shown(product), said) == (3, ["2 photos added."])


def test_photos_that_the_product_has_are_not_added_again(add):
    add(BLUE)
    product, said = add(BLUE)
    assert (shown(product), said) == (2, ["These photos are on the product already."])


def test_bad_photo_adds_none_of_those_sent_with_it(add):
    product, said = add(BLUE, b"no photo")
    assert shown(product) == 1
    assert "not a photo" in said[0]


def test_product_s_page_says_that_the_storage_is_away(add, away):
    product, said = add(BLUE)
    assert shown(product) == 1
    assert "does not answer" in said[0]


@pytest.fixture
def look(member, catalog):  # noqa: F811
    """Sends a photo to search with."""

    def send(data, headers=JSON, **form):
        if data is not None:
            form["image"] = SimpleUploadedFile("p.png", data)
        address = reverse("catalog:search_photo_upload", args=[catalog.slug])
        return member.post(address, form, headers=headers)

    return send


@pytest.fixture
def ready(embedder):  # noqa: F811
    """An engine whose model has a live space."""
    embedder.step()


def test_photo_to_search_with_is_kept_under_a_token(look, ready):
    response = look(RED)
    assert response.status_code == 201
    assert str(SearchPhoto.objects.get().token) in str(response.json())


def test_photo_to_search_with_leads_to_its_hits_without_a_script(look, ready):
    response = look(RED, headers={}, q="mug")
    token = SearchPhoto.objects.get().token
    assert response.status_code == 302
    assert response.url.endswith(f"?q=mug&photo={token}")


@pytest.mark.parametrize(
    ("data", "status", "code"), [(None, 400, "no_photo"), (b"no photo", 422, "not_an_image")]
)
def test_photo_that_is_none_is_not_searched_with(look, ready, data, status, code):
    response = look(data)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)


@pytest.mark.usefixtures("no_engine")
def test_photo_cannot_be_searched_with_before_there_is_an_encoder(look):
    response = look(RED)
    assert (response.status_code, response.json()["error"]["code"]) == (503, "encoder")
