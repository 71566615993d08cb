"""`manage.py import_photos`: a folder of photos becomes products."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from catalog.importing import folders
from catalog.importing.archives import open_archive
from catalog.importing.folders import FolderPhoto, folder_parts, folder_photos, folder_zip
from catalog.management.commands import import_photos as command
from catalog.models import Import, ImportState, Membership, Product, Role
from tests.catalog.colours import picture


@pytest.fixture
def folder(tmp_path) -> Path:
    root = tmp_path / "season"
    root.mkdir()
    return root


@pytest.fixture
def fill(folder):
    def write(*names: str) -> None:
        for number, name in enumerate(names):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(picture("red", mark=number))

    return write


@pytest.fixture
def run(catalog, folder, data_dir, monkeypatch):
    monkeypatch.setattr(command, "LOOK_SECONDS", 0.02)

    def call(**options) -> tuple[str, str]:
        out, err = io.StringIO(), io.StringIO()
        options = {"catalog": catalog.slug, "stdout": out, "stderr": err, **options}
        call_command("import_photos", str(folder), **options)
        return out.getvalue(), err.getvalue()

    return call


def products() -> dict[str, int]:
    return {product.title: product.placements.count() for product in Product.objects.all()}


@pytest.mark.django_db(transaction=True)
def test_folder_becomes_products_once(run, fill, person, catalog):
    fill("mug-red-1.jpg", "mug-red-2.jpg", "plate/front.jpg", "plate/back.jpg", "notes.txt")
    said, left_out = run(status="in_review")
    assert products() == {"Mug red": 2, "Plate": 2}
    assert set(Product.objects.values_list("status", flat=True)) == {"in_review"}
    assert "2 products created, 4 photos added, 0 there already, 0 failed" in said
    assert "notes.txt: It is no photo" in left_out
    source = Import.objects.get()
    assert (source.name, source.state, source.created_by) == (
        "Folder season",
        ImportState.DONE,
        person,
    )
    said, _ = run()
    assert "0 products created, 0 photos added, 4 there already, 0 failed" in said
    assert products() == {"Mug red": 2, "Plate": 2}


@pytest.mark.django_db(transaction=True)
def test_bad_photo_is_told_and_the_others_are_imported(run, fill, folder):
    fill("mug-1.jpg")
    (folder / "plate-1.jpg").write_bytes(b"%PDF-1.7")
    with pytest.raises(CommandError, match="1 photos could not be imported"):
        run()
    assert products()["Mug"] == 1


@pytest.mark.django_db(transaction=True)
def test_interrupted_import_goes_on_when_it_is_run_again(run, fill, monkeypatch):
    fill("mug-1.jpg", "plate-1.jpg")

    def interrupted(_self, _source) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr(command.Command, "_watch", interrupted)
        with pytest.raises(SystemExit) as ended:
            run()
    assert ended.value.code == 130
    said, _ = run()
    assert "going on with what was begun" in said
    assert products() == {"Mug": 1, "Plate": 1}
    assert Import.objects.count() == 1


@pytest.mark.django_db
def test_dry_run_says_what_would_be_done_and_writes_nothing(run, fill, make_product):
    make_product("Known", variants=[{"sku": "AB12"}])
    fill("ab12_1.jpg", "new thing 1.jpg", "new thing 2.jpg")
    said, _ = run(dry_run=True)
    assert "AB12: 1 photos, product known" in said
    assert "new thing: 2 photos, new product" in said
    assert "3 photos: 1 new products, 1 known ones. Nothing was written." in said
    assert not Import.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"catalog": "none"}, "no catalogue “none”"),
        ({"user": "nobody"}, "no active user"),
        ({"user": "viewer"}, "may not edit"),
    ],
)
def test_what_is_asked_in_vain_is_said(run, fill, catalog, make_user, options, words):
    fill("a-1.jpg")
    Membership.objects.create(catalog=catalog, user=make_user("viewer"), role=Role.VIEWER)
    with pytest.raises(CommandError, match=words):
        run(**options)


@pytest.mark.django_db
def test_folder_without_photos_is_said(run, folder):
    with pytest.raises(CommandError, match="no photos"):
        run()
    folder.rmdir()
    with pytest.raises(CommandError, match="no folder"):
        run()


def names(root: Path) -> list[str]:
    return [photo.name for photo in folder_photos(root).photos]


def test_links_are_not_followed(folder, fill, tmp_path):
    fill("a.jpg", "in/b.jpg")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.jpg").write_bytes(b"x")
    (folder / "link.jpg").symlink_to(outside / "secret.jpg")
    (folder / "all").symlink_to(outside)
    (folder / "round").symlink_to(folder)
    found = folder_photos(folder)
    assert [photo.name for photo in found.photos] == ["a.jpg", "in/b.jpg"]
    assert set(found.left_out) == {"all", "link.jpg", "round"}


def test_link_that_took_a_photos_place_is_not_followed(folder, fill, tmp_path):
    fill("a.jpg")
    (photo,) = folder_photos(folder).photos
    (tmp_path / "secret.jpg").write_bytes(b"x")
    (folder / "a.jpg").unlink()
    (folder / "a.jpg").symlink_to(tmp_path / "secret.jpg")
    with pytest.raises(OSError):
        b"".join(folder_zip([photo]))


def test_what_is_no_photo_is_left_out_with_the_reason(folder, fill, settings):
    fill("a.jpg", ".hidden.jpg", "__MACOSX/b.jpg", "Thumbs.db")
    (folder / "list.csv").write_bytes(b"sku")
    os.mkfifo(folder / "pipe.jpg")
    settings.MAX_PHOTO_BYTES = (folder / "a.jpg").stat().st_size
    (folder / "large.jpg").write_bytes(b"x" * (settings.MAX_PHOTO_BYTES + 1))
    found = folder_photos(folder)
    assert [photo.name for photo in found.photos] == ["a.jpg"]
    assert set(found.left_out) == {"list.csv", "pipe.jpg", "large.jpg"}


def test_name_that_is_no_text_is_taken_nevertheless(folder):
    (folder / os.fsdecode(b"m\xfcg.jpg")).write_bytes(b"x")
    assert names(folder) == ["m?g.jpg"]


def test_photos_are_packed_as_they_are(folder, fill, tmp_path, settings):
    settings.DATA_DIR = tmp_path
    fill("a/Müg-1.jpg", "b.jpg")
    photos = folder_photos(folder).photos
    path = tmp_path / "a.zip"
    path.write_bytes(b"".join(folder_zip(photos)))
    with open_archive(path) as archive:
        read = {member.name: archive.read(member) for member in archive.members}
    assert read == {photo.name: photo.path.read_bytes() for photo in photos}


def test_folder_that_is_too_large_for_one_upload_is_divided_between_products(settings):
    settings.MAX_UPLOAD_BYTES = 3 * folders.ENTRY_BYTES
    sized = [
        FolderPhoto(name, Path(name), 10)
        for name in ("a-1.jpg", "b-1.jpg", "a-2.jpg", "b-2.jpg", "c-1.jpg")
    ]
    parts = folder_parts(sized, {})
    assert [[photo.name for photo in part] for part in parts] == [
        ["a-1.jpg", "a-2.jpg"],
        ["b-1.jpg", "b-2.jpg"],
        ["c-1.jpg"],
    ]
