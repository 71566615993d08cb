"""Photos of a file: fetched, placed, tried again, known again."""

from __future__ import annotations

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog import storage
from catalog.importing import photos as fetching
from catalog.importing.files import GONE
from catalog.importing.regrouping import group_assign, photos_split
from catalog.importing.services import import_retry_photos
from catalog.models import Catalog, ImportPhoto, Membership, Photo, Placement, Product
from catalog.publishing.addresses import absolute
from catalog.services.photos import placement_update, placements_reorder
from prodintel.lib.remote_fetch import Fetched, FetchFailed
from tests.catalog.colours import staged
from tests.catalog.importing.engine.conftest import work

HOST = "https://photos.example/"


def jpeg(color="red", mark=0):
    return staged(color, mark=mark).data


def mug(*names, **more):
    return [
        {"Handle": "mug", "Title": "Mug", "SKU": "M1", "Photo": HOST + name, **more}
        if not n
        else {"Handle": "mug", "Photo": HOST + name}
        for n, name in enumerate(names)
    ]


def here(photo):
    return absolute(reverse("catalog:photo", args=[photo.pk, 1600]))


class Web:
    """What addresses answer, and which were asked."""

    def __init__(self):
        self.files = {}
        self.asked = []
        self._lock = threading.Lock()

    def fetch(self, address, **_):
        with self._lock:
            self.asked.append(address)
        answer = self.files.get(address.removeprefix(HOST))
        if answer is None:
            raise FetchFailed("There is no such photo (404).", permanent=True)
        if isinstance(answer, Exception):
            raise answer
        return Fetched(answer, address.rsplit("/", 1)[-1], "image/jpeg", address)


@pytest.fixture
def web(monkeypatch):
    site = Web()
    monkeypatch.setattr(fetching, "fetch", site.fetch)
    return site


def states(source):
    return list(source.photo_rows.order_by("pk").values_list("state", flat=True))


def shown():
    placed = Placement.objects.alive().order_by("position").select_related("photo")
    return [f"{place.photo.original_name} {place.role}" for place in placed]


def test_photos_are_fetched_and_placed_in_their_order(shop, web):
    web.files = {"a.jpg": jpeg("red"), "b.jpg": jpeg("blue")}

    source = shop.run(mug("a.jpg", "b.jpg", Alt="A red mug"))

    placed = Placement.objects.order_by("position")
    assert [(p.photo.original_name, p.role) for p in placed] == [
        ("a.jpg", "main"),
        ("b.jpg", "detail"),
    ]
    assert placed[0].alt_text == "A red mug"
    assert (source.state, states(source)) == ("done", ["done", "done"])


def test_archive_whose_stored_file_is_gone_stops_the_import_and_says_so(shop):
    rows = [{"Title": "Mug", "SKU": "M1", "Photo": "a.jpg"}]
    source = shop.preview(rows, photos={"a.jpg": jpeg()})
    storage.delete(source.photos.parts.get().file)

    stopped = shop.go_on(source)

    assert (stopped.state, stopped.error) == ("stopped", GONE)
    assert stopped.counts["created"] == 1


def test_the_same_file_again_asks_no_address(shop, web):
    web.files = {"a.jpg": jpeg()}
    shop.run(mug("a.jpg"))
    web.asked.clear()

    again = shop.run(mug("a.jpg"))

    assert (states(again), web.asked) == (["there"], [])
    assert Placement.objects.count() == 1
    shop.run(mug("a.jpg"), refetch=True)
    assert web.asked == [HOST + "a.jpg"]
    assert Placement.objects.count() == 1


def test_a_photo_of_several_products_is_fetched_once_it_stands(shop, web):
    web.files = {"a.jpg": jpeg()}
    shop.run(mug("a.jpg"))

    shop.run([{"Handle": "cup", "Title": "Cup", "SKU": "C1", "Photo": HOST + "a.jpg"}])

    assert web.asked == [HOST + "a.jpg"]
    assert (Photo.objects.count(), Placement.objects.count()) == (1, 2)


def test_a_photo_of_this_site_is_not_fetched_but_found(shop, web, make_product):
    there = make_product("Cup").placements.get().photo

    source = shop.run([{"Title": "Mug", "SKU": "M1", "Photo": here(there)}])

    assert (states(source), web.asked, Photo.objects.count()) == (["done"], [], 1)


@pytest.mark.parametrize(("role", "state"), [("viewer", "done"), (None, "failed")])
def test_a_photo_of_another_catalogue_is_copied_for_whom_it_may_see(
    shop, web, make_product, person, role, state
):
    theirs = Catalog.objects.create(slug="theirs", name="Theirs")
    there = make_product("Cup", catalog=theirs).placements.get().photo
    if role:
        Membership.objects.create(catalog=theirs, user=person, role=role)

    source = shop.run([{"Title": "Mug", "SKU": "M1", "Photo": here(there)}])

    assert (states(source), web.asked) == ([state], [])
    copied = Photo.objects.filter(catalog=shop.catalog, sha256=there.sha256)
    assert copied.exists() == (state == "done")


def test_a_photo_that_fails_holds_no_other_up_and_can_be_tried_again(shop, web, person):
    web.files = {"b.jpg": jpeg("blue"), "c.jpg": b"no picture"}

    source = shop.run(mug("a.jpg", "b.jpg", "c.jpg"))

    assert (source.state, states(source)) == ("done", ["failed", "done", "failed"])
    errors = list(source.photo_rows.order_by("pk").values_list("error", flat=True))
    assert errors[0] == "There is no such photo (404)."
    assert errors[2]
    web.files["a.jpg"] = jpeg("red")
    assert import_retry_photos(source=source, actor=person) == 2
    work()
    assert states(source) == ["done", "done", "failed"]


def test_a_photo_that_comes_later_stands_where_the_file_has_it(shop, web, person):
    web.files = {"b.jpg": jpeg("blue"), "d.jpg": jpeg("green")}
    rows = mug("a.jpg", "b.jpg", "c.jpg", "d.jpg")
    rows[1]["Role"] = "lifestyle"
    source = shop.run(rows, mapping={"Role": "photo.role"})
    web.files |= {"a.jpg": jpeg("red"), "c.jpg": jpeg("black")}

    import_retry_photos(source=source, actor=person)
    work()

    assert shown() == ["a.jpg main", "b.jpg lifestyle", "c.jpg detail", "d.jpg detail"]


def test_a_photo_that_comes_later_changes_no_order_that_a_person_made(shop, web, person):
    web.files = {"b.jpg": jpeg("blue"), "c.jpg": jpeg("green")}
    source = shop.run(mug("a.jpg", "b.jpg", "c.jpg"))
    first, second = Placement.objects.order_by("position")
    placements_reorder(product=first.product, order=[second.pk, first.pk], actor=person)
    placement_update(placement=second, role="main", actor=person)
    web.files["a.jpg"] = jpeg("red")

    import_retry_photos(source=source, actor=person)
    work()

    assert shown() == ["c.jpg main", "b.jpg detail", "a.jpg detail"]


def test_the_main_photo_is_the_one_that_the_file_names(shop, web):
    web.files = {"a.jpg": jpeg("red"), "b.jpg": jpeg("blue")}
    rows = mug("a.jpg", "b.jpg")
    rows[0]["Role"], rows[1]["Role"] = "lifestyle", "main"

    shop.run(rows, mapping={"Role": "photo.role"})

    assert shown() == ["a.jpg lifestyle", "b.jpg main"]


def test_an_address_that_does_not_answer_just_now_is_tried_again_later(shop, web):
    web.files = {"a.jpg": FetchFailed("It hangs.", permanent=False)}
    source = shop.run(mug("a.jpg"))

    row = source.photo_rows.get()
    assert (row.state, row.attempts, row.error) == ("waiting", 1, "It hangs.")
    assert source.state == "running"
    assert "tried again" in source.job.error
    web.files["a.jpg"] = jpeg()
    source.photo_rows.update(next_try_at=row.origin.created_at)
    source.job.__class__.objects.update(next_try_at=row.origin.created_at)
    work()
    assert states(source) == ["done"]


def test_bytes_that_the_catalogue_has_are_stored_once(shop, make_product):
    product = make_product("Mug", sku="M1", handle="mug")
    with product.placements.get().photo.file.open() as file:
        data = file.read()

    source = shop.run(
        [{"Handle": "mug", "Title": "Mug", "SKU": "M1", "Photo": "other-name.jpg"}],
        photos={"folder/other-name.jpg": data},
    )

    assert states(source) == ["there"]
    assert Photo.objects.count() == 1


def test_photos_of_an_archive_go_to_the_products_that_their_names_say(shop, make_product):
    make_product("Known", color=None, sku="K-1", handle="known")

    source = shop.run(
        photos={
            "K-1_1.jpg": jpeg("red", 1),
            "K-1_2.jpg": jpeg("red", 2),
            "green vase.jpg": jpeg("green", 3),
        }
    )

    assert source.state == "done"
    shown = {p.title: p.placements.count() for p in Product.objects.all()}
    assert shown == {"Known": 2, "Green vase": 1}


def test_photos_beside_a_table_that_no_row_names_go_by_sku_or_are_named(shop, messages):
    source = shop.run(
        [{"Handle": "mug", "Title": "Mug", "SKU": "M1"}],
        photos={"M1-1.jpg": jpeg("red"), "stranger.jpg": jpeg("blue")},
    )

    assert Placement.objects.get().product.title == "Mug"
    assert any("“stranger.jpg” belongs to no product" in text for text in messages(source))


def test_a_table_inside_an_archive_is_the_table(shop):
    source = shop.run(photos={"list.csv": b"Title,SKU\nMug,M1\n", "M1.jpg": jpeg()})

    assert Product.objects.get().title == "Mug"
    assert states(source) == ["done"]


def test_notes_beside_photos_are_no_table(shop):
    notes = {"readme.txt": b"Photos of spring\n", "licence.txt": b"", "M1.jpg": jpeg()}
    source = shop.run(photos=notes)

    assert (source.mapping, states(source)) == ({}, ["done"])


def test_notes_are_left_out_where_there_is_a_table(shop):
    table = {"list.csv": b"Title,SKU\nMug,M1\n", "missing-photos.txt": b"M2,gone\n"}
    shop.run(photos={**table, "M1.jpg": jpeg()})

    assert Product.objects.get().title == "Mug"


def test_text_with_columns_is_the_table_of_an_archive(shop):
    shop.run(photos={"list.txt": b"Title\tSKU\nMug\tM1\n", "M1.jpg": jpeg()})

    assert Product.objects.get().title == "Mug"


def test_undoing_takes_photos_off_again(shop, web, make_product):
    product = make_product("Mug", sku="M1", handle="mug")
    web.files = {"a.jpg": jpeg("blue")}
    source = shop.run(mug("a.jpg"))
    assert product.placements.alive().count() == 2

    shop.undo(source)

    assert product.placements.alive().count() == 1
    assert ImportPhoto.objects.get().state == "skipped"


def test_photos_of_refused_products_are_not_fetched(shop, web):
    source = shop.run([{"Handle": "x", "Title": "", "SKU": "X", "Photo": HOST + "a.jpg"}])

    assert (states(source), web.asked) == (["skipped"], [])


def test_a_photo_of_a_variant_stands_for_it(shop, web):
    web.files = {"s.jpg": jpeg("red"), "l.jpg": jpeg("blue")}
    rows = [
        {"Handle": "shirt", "Title": "Shirt", "SKU": name, "Size name": "Size", "Size": name}
        for name in "SL"
    ]
    for row, photo in zip(rows, ("s.jpg", "l.jpg"), strict=True):
        row |= {"Photo": HOST + photo, "Of": row["SKU"]}

    shop.run(rows, mapping={"Of": "photo.variant"})

    assert [p.variant.sku for p in Placement.objects.order_by("position")] == ["S", "L"]


def test_words_that_no_database_takes_are_refused_for_groups(shop):
    source = shop.preview(photos={"a.jpg": jpeg()})
    (row,) = source.photo_rows.all()
    with pytest.raises(ValidationError):
        photos_split(source=source, photos=[row.pk], title="a\x00")
    with pytest.raises(ValidationError):
        group_assign(source=source, item=row.item, name="a\x00")


def test_a_file_says_anew_what_is_seen_on_a_photo_unless_a_person_has(shop, web, person):
    web.files["a.jpg"] = jpeg()
    shop.run(mug("a.jpg", Alt="A mug"))
    place = Placement.objects.get()

    shop.run(mug("a.jpg", Alt="A red mug"))
    place.refresh_from_db()
    said = place.alt_text
    placement_update(placement=place, actor=person, alt_text="Mine")
    shop.run(mug("a.jpg", Alt="A blue mug"))

    place.refresh_from_db()
    assert (said, place.alt_text) == ("A red mug", "Mine")
    assert web.asked == [HOST + "a.jpg"]


def test_what_a_file_said_anew_of_a_photo_is_undone(shop, web):
    web.files["a.jpg"] = jpeg()
    shop.run(mug("a.jpg", Alt="A mug"))
    source = shop.run(mug("a.jpg", Alt="A red mug"))

    shop.undo(source)

    assert Placement.objects.get().alt_text == "A mug"


def test_many_photos_are_brought_in_as_few_queries_as_few(shop):
    def queries(name, count):
        rows = [
            {"Title": f"Piece {n}", "SKU": f"{name}-{n}", "Photo": f"{n}.jpg"} for n in range(count)
        ]
        photos = {f"{n}.jpg": jpeg(mark=n + 100 * count) for n in range(count)}
        source = shop.preview(rows, photos=photos)
        with CaptureQueriesContext(connection) as captured:
            source = shop.go_on(source)
        assert source.counts["photo_states"]["done"] == count
        return len(captured)

    queries("warm", 1)
    assert queries("few", 2) == queries("many", 12)
