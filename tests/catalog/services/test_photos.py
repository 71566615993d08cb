"""Photos on products: one main photo, an order, taken off and put back; file names; storage."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from catalog import storage
from catalog.ingest.jobs import Jobber
from catalog.models import Photo, Placement, VisionTask
from catalog.services.describe_requests import vision_requested
from catalog.services.photo_files import photo_files, photos_record
from catalog.services.photos import (
    MAX_PHOTOS_A_PRODUCT,
    photo_stage,
    photos_place,
    placement_delete,
    placement_restore,
    placement_update,
    placements_reorder,
    safe_name,
    title_from_name,
)
from catalog.services.products import product_add_photos
from catalog.vision.limits import PhotoRejected
from tests.catalog.colours import picture, staged
from tests.catalog.vision.bad_photos import odd_photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def product(make_product):
    return make_product("Mug", photos=[staged(color) for color in ("red", "green", "blue")])


def roles(product) -> list[str]:
    return [p.role for p in product.placements.filter(deleted_at=None)]


def test_first_photo_is_the_main_one(product):
    assert roles(product) == ["main", "detail", "detail"]


def test_same_photo_is_put_on_a_product_once(product, person):
    assert product_add_photos(product=product, photos=[staged("red")], actor=person) == []
    assert product.placements.count() == 3


def test_same_bytes_twice_in_one_upload_make_one_photo(make_product, data_dir):
    product = make_product(photos=[staged("red"), staged("red")])
    assert product.placements.count() == 1


def test_too_many_photos_are_refused_and_none_is_kept(product, person, data_dir):
    before = Photo.objects.count()
    many = [staged("red", mark=n + 1) for n in range(MAX_PHOTOS_A_PRODUCT)]
    with pytest.raises(ValidationError, match="at most 40 photos"):
        product_add_photos(product=product, photos=many, actor=person)
    assert Photo.objects.count() == before
    Jobber(owner="test/1")._remove_files()
    assert len(list(data_dir.rglob("*.png"))) == before


def test_new_main_photo_demotes_the_one_before(product, person):
    placement_update(placement=product.placements.all()[2], actor=person, role="main")
    assert roles(product) == ["detail", "detail", "main"]


def test_main_role_is_not_taken_without_an_heir_being_named(product, person):
    with pytest.raises(ValidationError, match="Make another photo the main one"):
        placement_update(placement=product.placements.first(), actor=person, role="detail")


def test_unknown_role_is_refused(product, person):
    with pytest.raises(ValidationError, match="Choose one of"):
        placement_update(placement=product.placements.last(), actor=person, role="cover")


def test_photo_may_show_a_variant_of_its_own_product_only(product, make_product, person):
    stranger = make_product("Cup").variants.get()
    with pytest.raises(ValidationError, match="another product"):
        placement_update(placement=product.placements.first(), actor=person, variant=stranger)


def test_alternative_text_is_kept(product, person):
    placement_update(placement=product.placements.first(), actor=person, alt_text="A red mug")
    assert product.placements.first().alt_text == "A red mug"


def test_photos_take_the_order_they_are_given(product, person):
    first, second, third = product.placements.all()
    placements_reorder(product=product, order=[third.pk, first.pk, second.pk], actor=person)
    assert list(product.placements.all()) == [third, first, second]


def test_order_ignores_photos_of_others_and_keeps_those_left_out(product, make_product, person):
    first, second, third = product.placements.all()
    stranger = make_product("Cup").placements.get()
    placements_reorder(product=product, order=[stranger.pk, third.pk], actor=person)
    assert list(product.placements.all()) == [third, first, second]


def test_main_photo_that_is_taken_off_is_followed_by_the_next(product, person):
    placement_delete(placement=product.placements.first(), actor=person)
    assert roles(product) == ["main", "detail"]


def test_size_chart_becomes_the_main_photo_only_when_there_is_nothing_else(product, person):
    first, second, third = product.placements.all()
    placement_update(placement=second, actor=person, role="chart")
    placement_delete(placement=first, actor=person)
    assert roles(product) == ["chart", "main"]
    assert third.pk == product.placements.get(role="main", deleted_at=None).pk


def test_photo_comes_back_where_it_was_as_a_detail(product, person):
    main = product.placements.first()
    placement_delete(placement=main, actor=person)
    placement_restore(placement=main, actor=person)
    assert roles(product) == ["detail", "main", "detail"]


def test_only_photo_comes_back_as_the_main_one(make_product, person):
    product = make_product("Cup")
    only = product.placements.get()
    placement_delete(placement=only, actor=person)
    placement_restore(placement=only, actor=person)
    assert roles(product) == ["main"]


def test_photo_that_was_added_again_is_not_restored_twice(product, person):
    last = product.placements.last()
    placement_delete(placement=last, actor=person)
    product_add_photos(product=product, photos=[staged("blue")], actor=person)
    placement_restore(placement=last, actor=person)
    assert product.placements.filter(deleted_at=None).count() == 3


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("red-mug_large.jpg", "Red mug large"),
        ("Étagère.en.bois.png", "Étagère en bois"),
        ("IMG_2034.JPG", ""),
        ("DSC00012.jpg", ""),
        ("Screenshot 2025.png", ""),
        ("20240501_101112.jpg", ""),
        ("3f2a9c4e-11aa-4bcd-9f00-1234567890ab.jpg", ""),
        ("", ""),
        ("pixel-art-print.png", "Pixel art print"),
        ("image-of-a-mug.png", "Image of a mug"),
    ],
)
def test_title_from_a_file_s_name(name, title):
    assert title_from_name(name) == title


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\photos\\mug.jpg", "mug.jpg"),
        ("mug\x00\n.jpg", "mug.jpg"),
        ("x" * 500 + ".jpg", "x" * 196 + ".jpg"),
        ("mug\u202egpj.exe", "muggpj.exe"),
    ],
)
def test_file_names_are_made_harmless(name, safe):
    assert safe_name(name) == safe


def test_colours_are_measured_when_a_photo_is_checked():
    assert staged("red").colors[0][0] == "red"


def test_bad_photo_is_refused_before_anything_is_written(data_dir):
    with pytest.raises(PhotoRejected):
        photo_stage(data=b"not a photo", name="x.jpg")
    assert not (data_dir / "media").exists()


def test_fragile_format_keeps_its_original_and_a_working_copy(make_product, data_dir):
    photo = photo_stage(data=odd_photo("tiff"), name="scan.tif")
    kept = make_product(photos=[photo]).placements.get().photo
    assert storage.read(kept.file.name) == odd_photo("tiff")
    assert storage.read(kept.working_copy.name) == photo.opened.working_copy


def test_storage_that_fails_half_way_leaves_no_file(catalog, data_dir, monkeypatch):
    photos = [
        staged("red"),
        photo_stage(data=odd_photo("tiff"), name="scan.tif"),
    ]
    save = storage.save

    def no_copies(name: str, data: bytes) -> str:
        if name.endswith(".working"):
            raise storage.StorageUnavailable("The disk is full.")
        return save(name, data)

    monkeypatch.setattr(storage, "save", no_copies)
    with pytest.raises(storage.StorageUnavailable), photo_files(catalog=catalog, photos=photos):
        pytest.fail("nothing may be recorded")
    Jobber(owner="test/1")._remove_files()
    assert [path for path in (data_dir / "media").rglob("*") if path.is_file()] == []


def test_photo_that_is_purged_while_it_is_uploaded_again_is_not_recorded_without_a_file(
    make_product, catalog, person
):
    product = make_product(photos=[staged("red")])
    with photo_files(catalog=catalog, photos=[staged("red")]) as stored:
        product.delete()
        Photo.objects.all().delete()
        with pytest.raises(ValidationError, match="Upload it again"):
            photos_record(catalog=catalog, stored=stored, actor=person)


def test_stored_file_is_whole_or_not_there(data_dir, monkeypatch):
    from pathlib import Path

    def no_space(self, target):
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "replace", no_space)
    with pytest.raises(storage.StorageUnavailable, match="No space left"):
        storage.save("photos/1/a.png", picture())
    assert [path for path in (data_dir / "media").rglob("*") if path.is_file()] == []


def test_stored_file_is_readable_by_its_owner_alone(data_dir):
    name = storage.save("photos/1/a.png", b"bytes")
    assert (data_dir / "media" / name).stat().st_mode & 0o077 == 0


def test_missing_file_is_told_from_a_storage_that_is_away(data_dir):
    with pytest.raises(storage.FileMissing):
        storage.read("photos/1/none.png")


def test_placing_without_photos_does_nothing(product, person):
    assert photos_place(product=product, photos=[], actor=person) == []
    assert Placement.objects.count() == 3


def test_photo_that_lost_the_main_role_meanwhile_is_taken_off_without_a_second_main(
    product, person
):
    first, second, third = product.placements.all()
    placement_update(placement=third, actor=person, role="main")
    placement_delete(placement=first, actor=person)  # as read before: still the main one
    assert roles(product) == ["detail", "main"]
    assert second.role == "detail"


def test_photo_that_became_the_main_one_meanwhile_is_not_demoted_without_an_heir(product, person):
    _, second, _ = product.placements.all()
    placement_update(placement=Placement.objects.get(pk=second.pk), actor=person, role="main")
    with pytest.raises(ValidationError):
        placement_update(placement=second, actor=person, role="detail")
    assert roles(product) == ["detail", "main", "detail"]


def test_photo_is_taken_off_once(product, person):
    first = product.placements.first()
    stale = Placement.objects.get(pk=first.pk)
    placement_delete(placement=first, actor=person)
    deleted_at = Placement.objects.get(pk=first.pk).deleted_at
    placement_delete(placement=stale, actor=person)
    assert Placement.objects.get(pk=first.pk).deleted_at == deleted_at
    assert roles(product) == ["main", "detail"]


def test_photo_that_was_removed_is_not_changed(product, person):
    removed = product.placements.last()
    placement_delete(placement=removed, actor=person)
    with pytest.raises(ValidationError, match="Put it back first"):
        placement_update(placement=removed, actor=person, role="main")
    assert roles(product) == ["main", "detail"]


def test_photo_that_comes_back_to_a_product_without_a_main_one_becomes_it(make_product, person):
    product = make_product(photos=[staged("red"), staged("green")])
    main, detail = product.placements.all()
    placement_delete(placement=detail, actor=person)
    placement_delete(placement=main, actor=person)
    placement_restore(placement=detail, actor=person)
    assert roles(product) == ["main"]


def test_describing_counts_against_who_brought_the_photos(make_product, person, make_user):
    product = make_product()
    assert VisionTask.objects.get().requested_by == person
    VisionTask.objects.update(state="done")
    other = make_user("bob")
    product_add_photos(product=product, photos=[staged("blue")], actor=other)
    assert VisionTask.objects.get().requested_by == other


def test_what_somebody_asked_for_goes_on_counting_against_them(make_product, person, make_user):
    product = make_product()
    vision_requested(products=[product], actor=person)
    product_add_photos(product=product, photos=[staged("blue")], actor=make_user("bob"))
    assert VisionTask.objects.get().requested_by == person
