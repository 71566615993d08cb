"""Saved exports, and what is noted of those that are made."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from catalog.exporting import FORMATS, Export
from catalog.exporting.profiles import (
    IN_USE,
    export_note,
    export_profile_delete,
    export_profile_restore,
    export_profile_save,
    profile_export,
    profile_products,
    profile_stream,
)
from catalog.models import AuditEvent, ExportProfile, Feed

pytestmark = pytest.mark.django_db


@pytest.fixture
def google(catalog):
    return Export.of(
        catalog, FORMATS["google"], columns=["id", "title"], options={"approved_only": False}
    )


@pytest.fixture
def saved(google, person):
    return export_profile_save(
        export=google, name=" Google ", chosen=[("status", "draft")], actor=person
    )


def test_saved_export_is_made_again(saved, google, make_product):
    made, other = make_product("Mug"), make_product("Bowl")
    other.status = "archived"
    other.save()
    export = profile_export(ExportProfile.objects.get())
    assert saved.name == "Google"
    assert (export.form, export.columns, export.said) == (google.form, google.columns, google.said)
    assert list(profile_products(saved)) == [made]
    assert b"".join(profile_stream(saved)).decode().splitlines() == [
        "id\ttitle",
        f"p{made.pk}\tMug",
    ]


def test_name_is_that_of_one(saved, google, person):
    with pytest.raises(ValidationError, match="Another saved export"):
        export_profile_save(export=google, name="Google", chosen=[], actor=person)
    with pytest.raises(ValidationError, match="blank"):
        export_profile_save(export=google, name=" ", chosen=[], actor=person)


def test_saved_export_is_changed_in_its_place(saved, catalog, person):
    other = Export.of(catalog, FORMATS["csv"])
    export_profile_save(export=other, name="All", chosen=[], actor=person, profile=saved)
    row = ExportProfile.objects.get()
    assert (row.pk, row.name, row.format, row.columns) == (saved.pk, "All", "csv", [])


def test_deleted_export_is_brought_back(saved, person):
    event = export_profile_delete(profile=saved, actor=person)
    assert not ExportProfile.objects.exists()
    export_profile_restore(event=event, actor=person)
    row = ExportProfile.objects.get()
    assert (row.name, row.format, row.columns) == ("Google", "google", ["id", "title"])
    with pytest.raises(ValidationError, match="back already"):
        export_profile_restore(event=event, actor=person)


def test_export_that_a_feed_gives_out_is_not_deleted(saved, catalog, person):
    Feed.objects.create(catalog=catalog, profile=saved, digest="d", prefix="p")
    with pytest.raises(ValidationError, match=IN_USE):
        export_profile_delete(profile=saved, actor=person)
    assert ExportProfile.objects.exists()


def test_what_an_export_cannot_be_is_as_usual(catalog):
    export = Export.of(
        catalog, FORMATS["shopify"], options={"headers": "none such", "addresses": "x"}
    )
    assert export.said == {
        "approved_only": True,
        "addresses": "public",
        "headers": "new",
        "attributes": "metafields",
    }


def test_who_took_what_is_noted(google, person):
    export_note(export=google, count=3, words="all products", actor=person)
    event = AuditEvent.objects.get(action="export.make")
    assert event.actor == person
    assert event.summary == "Google Merchant (table): 3 of all products"
    assert event.data["products"] == 3
