"""The pages of imports, from a file to what it wrote and back."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from unittest.mock import Mock

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from catalog.importing import thumbnails
from catalog.ingest.jobs import IMPORT_KINDS, job_step
from catalog.models import (
    Import,
    ImportItem,
    ImportPhoto,
    ImportProblem,
    ImportState,
    ItemState,
    Placement,
    Product,
    Upload,
)
from catalog.uploads.services import upload_begin, upload_store
from catalog.views.imports import groups
from tests.catalog.colours import picture

pytestmark = pytest.mark.django_db

TABLE = b"""SKU,Title,Price,Material
M1,Red mug,12.50,steel
M2,Blue mug,about ten,wood
M3,Green mug,9,
"""
HOSTILE = "<script>alert(1)</script>"


def work():
    """Do what the worker's runner of imports would."""
    while job_step(IMPORT_KINDS, owner="test/1"):
        pass


def messages(answer):
    return [str(message) for message in answer.context["messages"]]


class Pages:
    """The pages as somebody uses them."""

    def __init__(self, client, catalog):
        self.client, self.catalog = client, catalog

    def at(self, name, *args):
        return reverse(f"catalog:{name}", args=[self.catalog.slug, *args])

    def bring(self, *files, **form):
        for field, name, data in files:
            form[field] = SimpleUploadedFile(name, data)
        return self.client.post(self.at("imports"), form, follow=True)

    def brought(self, data=TABLE, name="mugs.csv"):
        self.bring(("table", name, data))
        return Import.objects.latest("pk")

    def get(self, source, name="import", **options):
        return self.client.get(self.at(name, source.pk), **options)

    def post(self, source, name, form=None):
        return self.client.post(self.at(name, source.pk), form or {}, follow=True)

    def previewed(self, data=TABLE, **form):
        source = self.brought(data)
        self.post(source, "import_columns", form)
        work()
        source.refresh_from_db()
        return source

    def imported(self, data=TABLE, **form):
        source = self.previewed(data, **form)
        self.post(source, "import_start")
        work()
        source.refresh_from_db()
        return source


@pytest.fixture
def pages(catalog, person, data_dir, vocabulary):
    client = Client()
    client.force_login(person)
    return Pages(client, catalog)


def test_file_of_a_plain_form_leads_to_its_columns(pages):
    answer = pages.bring(("table", "mugs.csv", TABLE))
    assert answer.templates[0].name == "catalog/import_columns.html"
    shown = {column["header"]: column for column in answer.context["columns"]}
    assert shown["SKU"]["target"] == "variant.sku"
    assert shown["Title"]["values"] == ["Red mug", "Blue mug", "Green mug"]
    assert "variant.price" in answer.content.decode()
    assert not Product.objects.exists()


def test_files_that_came_in_parts_are_taken_by_their_ids(pages, catalog, person):
    upload = upload_store(catalog=catalog, actor=person, name="mugs.csv", chunks=[TABLE])
    pages.bring(table_upload=str(upload.pk))
    assert Import.objects.get().table == upload
    again = pages.bring(table_upload=str(upload.pk))
    assert "imported already" in messages(again)[0]
    assert Import.objects.count() == 1


def test_upload_of_somebody_else_is_not_taken(pages, catalog, make_user):
    other = upload_store(catalog=catalog, actor=make_user(), name="a.csv", chunks=[TABLE])
    assert "not there any more" in messages(pages.bring(table_upload=str(other.pk)))[0]
    assert not Import.objects.exists()


def test_upload_that_is_not_complete_says_so_and_stands_on_the_page(pages, catalog, person):
    upload = upload_begin(catalog=catalog, actor=person, name="mugs.csv", size=100)
    assert "has not arrived completely" in messages(pages.bring(table_upload=str(upload.pk)))[0]
    Upload.objects.filter(pk=upload.pk).update(offset=40)
    assert "40" in pages.client.get(pages.at("imports")).content.decode()


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([], "Choose a table"),
        ([("table", "a.csv", b"a\n1\n"), ("photos", "b.csv", b"a\n1\n")], "One table"),
        ([("table", "a.csv", b"")], "empty"),
    ],
)
def test_what_cannot_be_an_import_says_what_to_do(pages, files, words):
    assert words.lower() in " ".join(messages(pages.bring(*files))).lower()
    assert not Import.objects.exists()
    assert not Upload.objects.exists()


def test_preview_counts_and_names_problems_by_kind_and_writes_nothing(pages):
    source = pages.previewed()
    answer = pages.get(source)
    counted = {figure["label"]: figure["value"] for figure in answer.context["figures"]}
    assert counted["To create"] == "3"
    assert [kind.rows for kind in answer.context["problems"]["kinds"]] == [[3]]
    assert {item["title"] for item in answer.context["items"]} == {
        "Red mug",
        "Blue mug",
        "Green mug",
    }
    assert not Product.objects.exists()


def test_import_writes_and_its_page_links_what_it_wrote(pages, catalog):
    source = pages.imported()
    answer = pages.get(source)
    assert answer.context["written"] == 3
    listed = pages.client.get(answer.context["products_url"])
    assert {card["title"] for card in listed.context["cards"]} == {
        "Red mug",
        "Blue mug",
        "Green mug",
    }
    assert f"import {source.pk}" in listed.context["chips"][0]["label"]


def test_same_file_again_has_nothing_to_import(pages):
    pages.imported()
    again = pages.get(pages.previewed())
    assert again.context["writes"] == 0
    assert "import-start" not in again.content.decode()


def test_undo_takes_it_back(pages):
    source = pages.imported()
    assert pages.get(source).context["undoable"]
    pages.post(source, "import_undo")
    work()
    assert not Product.objects.alive().exists()
    source.refresh_from_db()
    assert source.state == ImportState.UNDONE
    assert not pages.get(source).context["undoable"]


def test_columns_that_a_person_corrected_are_remembered(pages):
    first = pages.brought(b"Nummer,Name\nM1,Red mug\n")
    pages.post(first, "import_columns", {"column-0": "variant.sku", "column-1": "product.title"})
    first.refresh_from_db()
    assert first.mapping == {"Nummer": "variant.sku", "Name": "product.title"}
    second = pages.brought(b"Nummer,Name\nM2,Blue mug\n")
    answer = pages.get(second, "import_columns")
    assert [column["target"] for column in answer.context["columns"]] == [
        "variant.sku",
        "product.title",
    ]
    assert "As last time" in answer.content.decode()


@pytest.mark.parametrize(
    "form", [{"column-0": "no.such"}, {"mode": "sometimes"}, {"status": "gone"}]
)
def test_what_the_form_cannot_mean_is_refused(pages, form):
    source = pages.brought()
    answer = pages.post(source, "import_columns", form)
    assert messages(answer)
    source.refresh_from_db()
    assert source.state == ImportState.MAPPING


def test_options_of_the_form_are_kept(pages):
    source = pages.previewed(
        mode="update", match_by="gtin", blanks="clear", over_people="1", status="in_review"
    )
    kept = {"mode": "update", "match_by": "gtin", "blanks": "clear", "over_people": True}
    assert kept.items() <= source.options.items()


def test_blanks_that_would_clear_are_warned_of(pages, make_product):
    pages.imported()
    answer = pages.get(pages.previewed(b"SKU,Title,Material\nM1,Red mug,\n", blanks="clear"))
    assert answer.context["clears"] == 1
    assert "would clear 1 value" in " ".join(answer.content.decode().split())


def test_preview_shows_what_changes_word_by_word(pages):
    pages.imported()
    answer = pages.get(pages.previewed(b"SKU,Title\nM1,Red enamel mug\n"))
    (item,) = answer.context["items"]
    assert ("new", "enamel ") in item["changes"][0]["diff"]


def test_preview_shows_what_a_new_product_would_have(pages):
    answer = pages.get(pages.previewed(b"SKU,Title,Status,Price\nM1,Red mug,approved,9\n"))
    (item,) = answer.context["items"]
    said = {each["label"]: "".join(text for _, text in each["diff"]) for each in item["changes"]}
    assert said == {"Title": "Red mug", "Status": "Draft", "SKU": "M1", "Price": "9.00"}


def test_preview_lists_new_variants_with_their_prices(pages):
    rows = b"Handle,SKU,Title,Option1 Value,Price\nmug,M1,Mug,Red,9\nmug,M2,,Blue,10\n"
    answer = pages.get(pages.previewed(rows))
    (item,) = answer.context["items"]
    said = {each["label"]: "".join(text for _, text in each["diff"]) for each in item["changes"]}
    assert said["Variants"] == "Red, M1, 9.00\nBlue, M2, 10.00"


def test_report_has_the_lines_to_mend_and_can_be_imported(pages):
    source = pages.imported()
    answer = pages.get(source, "import_report")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["SKU"] for row in rows] == ["M2"]
    assert "about ten" in rows[0]["Problems"]
    mended = pages.imported(text.replace(",about ten,", ",10.00,").encode())
    assert mended.counts["updated"] == 1
    assert str(Product.objects.get(title="Blue mug").variants.get().price) == "10.0000"


def test_words_of_files_are_never_markup(pages):
    table = f"SKU,Title,{HOSTILE}\nM1,{HOSTILE},{HOSTILE}\nM2,a,\n".encode()
    source = pages.brought(table, f"{HOSTILE}.csv")
    ImportProblem.objects.create(source=source, row=2, field=HOSTILE, message=f"No: {HOSTILE}")
    seen = [pages.get(source, "import_columns")]
    pages.post(source, "import_columns")
    work()
    seen.append(pages.get(source))
    pages.post(source, "import_start")
    work()
    seen += [pages.get(source), pages.client.get(pages.at("imports"))]
    for answer in seen:
        assert answer.status_code == 200
        assert HOSTILE not in answer.content.decode()


@pytest.mark.parametrize("state", ImportState.values)
def test_page_of_every_state_opens_for_members_of_every_role(pages, catalog, make_user, state):
    from catalog.models import Membership, Role

    source = pages.previewed()
    Import.objects.filter(pk=source.pk).update(state=state)
    for role in (Role.VIEWER, Role.REVIEWER, Role.EDITOR):
        user = make_user()
        Membership.objects.create(user=user, catalog=catalog, role=role)
        pages.client.force_login(user)
        assert pages.client.get(pages.at("import", source.pk), follow=True).status_code == 200


def test_page_asks_again_while_it_goes_on_and_is_loaded_anew_when_it_has_ended(pages):
    source = pages.brought()
    pages.post(source, "import_columns")
    assert 'hx-trigger="every 1s"' in pages.get(source).content.decode()
    live = pages.get(source, headers={"HX-Request": "true"})
    assert "HX-Refresh" not in live
    work()
    assert pages.get(source, headers={"HX-Request": "true"})["HX-Refresh"] == "true"


def test_stop_while_reading_leads_back_to_the_columns(pages):
    source = pages.brought()
    pages.post(source, "import_columns")
    answer = pages.post(source, "import_stop")
    assert answer.templates[0].name == "catalog/import_columns.html"


def test_file_that_is_removed_leaves_nothing(pages):
    source = pages.previewed()
    pages.post(source, "import_delete")
    assert not Import.objects.exists()
    assert not ImportItem.objects.exists()
    assert not Upload.objects.exists()


def test_what_was_imported_is_not_removed_from_the_list(pages):
    source = pages.imported()
    assert "Undo it first" in messages(pages.post(source, "import_delete"))[0]
    assert Import.objects.exists()


def zipped(**members):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return data.getvalue()


@pytest.fixture
def photos(pages):
    """An import of three photos of two products, previewed."""
    red, blue, green = (picture(color) for color in ("red", "blue", "green"))
    archive = zipped(**{"M1.png": red, "M1_2.png": blue, "Vase.png": green})
    pages.bring(("photos", "photos.zip", archive))
    source = Import.objects.get()
    pages.post(source, "import_columns")
    work()
    source.refresh_from_db()
    assert source.state == ImportState.READY
    return source


def group(source, photo):
    return ImportPhoto.objects.get(origin=source, source=photo).item


def test_photos_are_shown_by_the_product_they_go_to(pages, photos):
    answer = pages.get(photos, "import_groups")
    shown = {card["name"]: len(card["photos"]) for card in answer.context["groups"]}
    assert sorted(shown.values()) == [1, 2]
    row = ImportPhoto.objects.filter(origin=photos).first()
    thumbnail = pages.client.get(pages.at("import_photo", photos.pk, row.pk))
    assert thumbnail["Content-Type"] == "image/webp"
    assert thumbnail.content[8:12] == b"WEBP"


def test_of_many_photos_of_a_product_the_first_are_shown(pages, photos, monkeypatch):
    monkeypatch.setattr(groups, "PHOTOS", 1)
    answer = pages.get(photos, "import_groups")
    shown = {card["name"]: (len(card["photos"]), card["more"]) for card in answer.context["groups"]}
    assert sorted(shown.values()) == [(1, 0), (1, 1)]
    assert "And 1 more." in answer.content.decode()


def test_archive_is_listed_once_for_all_its_thumbnails(pages, photos, monkeypatch):
    listed = Mock(wraps=thumbnails.open_archive)
    monkeypatch.setattr(thumbnails, "open_archive", listed)
    for row in ImportPhoto.objects.filter(origin=photos):
        assert pages.client.get(pages.at("import_photo", photos.pk, row.pk)).status_code == 200
    assert listed.call_count == 1


def test_what_is_no_photo_has_no_thumbnail_and_is_opened_once(pages, monkeypatch):
    pages.bring(
        ("photos", "photos.zip", zipped(**{"M1.png": picture("red"), "M2.png": b"GIF89a<svg>"}))
    )
    source = Import.objects.get()
    pages.post(source, "import_columns")
    work()
    opened = Mock(wraps=thumbnails.inspect_with_preview)
    monkeypatch.setattr(thumbnails, "inspect_with_preview", opened)
    row = ImportPhoto.objects.get(source="M2.png")
    for _ in range(2):
        assert pages.client.get(pages.at("import_photo", source.pk, row.pk)).status_code == 404
    assert opened.call_count == 1


def test_photo_with_more_pixels_than_may_be_has_no_thumbnail(pages, photos, settings):
    settings.MAX_PHOTO_PIXELS = 10
    row = ImportPhoto.objects.filter(origin=photos).first()
    assert pages.client.get(pages.at("import_photo", photos.pk, row.pk)).status_code == 404


def test_photo_is_moved_and_what_has_none_left_goes(pages, photos):
    vase = ImportPhoto.objects.get(source="Vase.png")
    to = group(photos, "M1.png")
    pages.post(photos, "import_groups", {"act": "move", "photo": vase.pk, "to": to.pk})
    assert group(photos, "Vase.png") == to
    assert ImportItem.objects.filter(source=photos).count() == 1
    assert [p.source for p in to.photo_rows.order_by("position")][-1] == "Vase.png"


def test_moving_a_photo_leads_to_where_it_went(pages, photos):
    vase = ImportPhoto.objects.get(source="Vase.png")
    to = group(photos, "M1.png")
    answer = pages.post(photos, "import_groups", {"act": "move", "photo": vase.pk, "to": to.pk})
    assert answer.redirect_chain[-1][0].endswith(f"#group-{to.pk}")
    assert f'id="group-{to.pk}"' in answer.content.decode()


def test_photo_becomes_a_product_of_its_own(pages, photos):
    row = ImportPhoto.objects.get(source="M1_2.png")
    form = {"act": "split", "photo": row.pk, "title": "Blue mug"}
    pages.post(photos, "import_groups", form)
    pages.post(photos, "import_start")
    work()
    product = Product.objects.get(title="Blue mug")
    assert product.placements.count() == 1
    assert Product.objects.count() == 3


def test_groups_are_merged(pages, photos):
    item, into = group(photos, "Vase.png"), group(photos, "M1.png")
    pages.post(photos, "import_groups", {"act": "merge", "item": item.pk, "to": into.pk})
    assert list(ImportItem.objects.filter(source=photos)) == [into]
    assert into.photo_rows.count() == 3


def test_group_is_renamed(pages, photos):
    item = group(photos, "Vase.png")
    form = {"act": "rename", "item": item.pk, "title": "A tall vase"}
    pages.post(photos, "import_groups", form)
    pages.post(photos, "import_start")
    work()
    assert Product.objects.filter(title="A tall vase").exists()


def test_group_is_said_to_be_a_product_that_is_there(pages, photos, make_product):
    known = make_product("Jug", color=None, sku="J-1")
    item = group(photos, "Vase.png")
    form = {"act": "assign", "item": item.pk, "product": "J-1"}
    pages.post(photos, "import_groups", form)
    pages.post(photos, "import_start")
    work()
    assert Placement.objects.alive().filter(product=known).count() == 1


@pytest.mark.parametrize(
    "form",
    [
        {"act": "move"},
        {"act": "move", "photo": 1},
        {"act": "split", "title": "x"},
        {"act": "rename", "title": " "},
        {"act": "assign", "product": "nothing"},
        {"act": "fly"},
        {"act": "merge", "item": "9" * 40, "to": "x"},
    ],
)
def test_regrouping_that_makes_no_sense_says_so_and_changes_nothing(pages, photos, form):
    before = list(ImportPhoto.objects.values_list("pk", "item"))
    answer = pages.post(photos, "import_groups", {"item": group(photos, "Vase.png").pk, **form})
    assert messages(answer)
    assert list(ImportPhoto.objects.values_list("pk", "item")) == before


def test_photos_are_regrouped_only_before_the_import(pages, photos):
    pages.post(photos, "import_start")
    work()
    assert pages.get(photos, "import_groups").status_code == 302


def test_photos_of_another_import_stay_where_they_are(pages, photos):
    other = Import.objects.create(catalog=photos.catalog, name="b.zip", state=ImportState.READY)
    item = ImportItem.objects.create(source=other, number=1, key="x", record={})
    row = ImportPhoto.objects.create(origin=other, item=item, source="x.png")
    to = group(photos, "M1.png")
    pages.post(photos, "import_groups", {"act": "move", "photo": row.pk, "to": to.pk})
    row.refresh_from_db()
    assert row.item == item


def test_list_says_who_brought_what_and_what_came_of_it(pages, person):
    pages.imported()
    page = pages.client.get(pages.at("imports"))
    (row,) = page.context["imports"]
    assert (row["created"], row["updated"], row["refused"]) == (3, 0, 0)
    assert re.search(rf"by {person.get_username()}", page.content.decode())


def test_failed_photos_are_listed_and_tried_again(pages):
    source = pages.imported()
    item = source.items.first()
    row = ImportPhoto.objects.create(
        origin=source, item=item, source="https://shop.example/a.jpg", state="failed", error="404"
    )
    assert "https://shop.example/a.jpg" in pages.get(source).content.decode()
    pages.post(source, "import_retry_photos")
    row.refresh_from_db()
    assert row.state == "waiting"


def test_import_page_takes_a_fixed_number_of_queries(pages, django_assert_max_num_queries):
    rows = "".join(f"S{n},Thing {n},{n}\n" for n in range(60))
    source = pages.previewed(f"SKU,Title,Price\n{rows}".encode())
    assert ImportItem.objects.filter(source=source, state=ItemState.CREATE).count() == 60
    with django_assert_max_num_queries(25):
        pages.get(source)


def test_saving_the_columns_leaves_a_column_in_another_language_what_it_is(pages):
    source = pages.brought(b"SKU,Title,Material de\nM1,Mug,Holz\n")
    targets = ["variant.sku", "product.title", "attribute.material@de"]
    pages.post(source, "import_columns", {f"column-{n}": key for n, key in enumerate(targets)})
    work()

    answer = pages.get(source, "import_columns")

    options = re.findall(r'<option value="([^"]*)" selected>', answer.content.decode())
    assert targets[2] in options
