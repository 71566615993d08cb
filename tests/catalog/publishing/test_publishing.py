"""Publishing: of a product, of many, of whatever is approved; undone and revoked."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from catalog.ingest.jobs import KINDS, job_step
from catalog.models import AuditEvent, Job, PhotoPublishing, ProductStatus, PublishedPhoto
from catalog.publishing.many import products_publish, products_publish_undo
from catalog.publishing.reading import photo_counts
from catalog.publishing.services import (
    catalog_photos_revoke,
    photos_publish,
    publishing_end,
    publishing_keep,
)
from catalog.services import bulk
from catalog.services.bulk_acts import bulk_undo
from catalog.services.photos import placement_delete
from catalog.services.products import product_add_photos, products_delete, products_restore
from catalog.services.statuses import products_move, products_move_back
from tests.catalog.colours import staged

pytestmark = pytest.mark.django_db


def standing() -> set[int]:
    """The products whose photos have an address."""
    rows = PublishedPhoto.objects.filter(revoked_at=None)
    return set(rows.values_list("placement__product", flat=True))


def test_photos_of_approved_products_alone_are_published(mug, make_product, catalog, person):
    draft = make_product("Bowl")
    result = products_publish(catalog=catalog, ids=[mug.pk, draft.pk], actor=person).result
    assert (result["photos"], result["changed"], result["left"]) == (1, 1, 1)
    assert standing() == {mug.pk}


def test_photo_keeps_the_address_that_it_has(mug, token, catalog, person):
    result = products_publish(catalog=catalog, ids=[mug.pk], actor=person).result
    assert (result["photos"], result["event"]) == (0, None)
    assert PublishedPhoto.objects.get().token == token


def test_products_of_other_catalogues_stay_private(mug, make_catalog, person):
    other = make_catalog("Other", owner=person)
    assert products_publish(catalog=other, ids=[mug.pk], actor=person).result["photos"] == 0


def test_publishing_is_undone_by_revoking_what_it_made(mug, token, make_product, move, person):
    bowl = move(make_product("Bowl"))
    started = products_publish(catalog=mug.catalog, ids=[mug.pk, bowl.pk], actor=person)
    event = AuditEvent.objects.get(pk=started.result["event"])
    assert products_publish_undo(event=event, actor=person).result["changed"] == 1
    assert standing() == {mug.pk}
    with pytest.raises(ValidationError):
        products_publish_undo(event=event, actor=person)


def test_many_are_published_by_a_job_and_that_is_undone_by_another(
    mug, make_product, move, catalog, person, monkeypatch
):
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    monkeypatch.setattr(bulk, "STEP", 1)
    bowl = move(make_product("Bowl"))
    started = products_publish(catalog=catalog, ids=[mug.pk, bowl.pk], actor=person)
    job_step(KINDS, owner="test/1")
    assert standing() == {mug.pk, bowl.pk}
    job = Job.objects.get(pk=started.job.pk)
    bulk_undo(job=job, actor=person)
    job_step(KINDS, owner="test/1")
    assert standing() == set()


def test_audit_trail_says_who_published_and_revoked(mug, token, catalog, person):
    catalog_photos_revoke(catalog=catalog, actor=person)
    said = AuditEvent.objects.filter(action__startswith="photo", actor=person)
    assert {row.action for row in said} >= {"photo.publish", "photos.revoke"}


@pytest.fixture
def kept(catalog, person):
    return publishing_keep(catalog=catalog, actor=person)


def test_photos_are_published_as_products_are_approved(kept, make_product, move):
    bowl = move(make_product("Bowl"))
    assert standing() == {bowl.pk}


def test_nothing_is_published_by_itself_unless_asked(make_product, move):
    move(make_product("Bowl"))
    assert standing() == set()


def test_products_approved_by_the_thousand_are_published(kept, make_product, catalog, person):
    ids = [make_product().pk for _ in range(3)]
    products_move(catalog=catalog, ids=ids, status="approved", allowed=["draft"], actor=person)
    assert standing() == set(ids)


def test_product_made_as_approved_is_published(kept, make_product):
    bowl = make_product("Bowl", status="approved")
    assert standing() == {bowl.pk}


def test_new_photo_is_published_with_the_next_approval(kept, make_product, move, person):
    bowl = move(make_product("Bowl"))
    product_add_photos(product=bowl, photos=[staged("blue", mark=9)], actor=person)
    assert PublishedPhoto.objects.count() == 1
    move(bowl)
    assert PublishedPhoto.objects.count() == 2


def test_photo_in_place_of_another_has_an_address_of_its_own(kept, make_product, move, person):
    bowl = move(make_product("Bowl"))
    first = PublishedPhoto.objects.get()
    placement_delete(placement=bowl.placements.get(), actor=person)
    product_add_photos(product=bowl, photos=[staged("blue", mark=9)], actor=person)
    move(bowl)
    second = PublishedPhoto.objects.exclude(pk=first.pk).get()
    assert second.token != first.token


def test_restored_product_is_published(make_product, move, catalog, person):
    bowl = move(make_product("Bowl"))
    products_delete(products=[bowl], actor=person)
    publishing_keep(catalog=catalog, actor=person)
    products_restore(products=[bowl], actor=person)
    assert standing() == {bowl.pk}


def test_product_put_back_to_approved_is_published(make_product, move, catalog, person):
    bowl = move(make_product("Bowl"))
    started = products_move(
        catalog=catalog, ids=[bowl.pk], status="draft", allowed=["approved"], actor=person
    )
    publishing_keep(catalog=catalog, actor=person)
    event = AuditEvent.objects.get(pk=started.result["event"])
    products_move_back(event=event, actor=person)
    assert standing() == {bowl.pk}


def test_publishing_by_itself_ends_and_leaves_addresses_good(
    kept, make_product, move, catalog, person
):
    bowl = move(make_product("Bowl"))
    publishing_end(catalog=catalog, actor=person)
    move(make_product("Cup"))
    assert standing() == {bowl.pk}


def test_revoking_all_ends_publishing_by_itself(kept, make_product, move, catalog, person):
    move(make_product("Bowl"))
    assert catalog_photos_revoke(catalog=catalog, actor=person) == 1
    assert not PhotoPublishing.objects.exists()
    assert standing() == set()


def test_counts_are_of_photos_of_approved_products(mug, token, make_product, move, catalog, person):
    move(make_product("Bowl"))
    make_product("Draft")
    assert photo_counts(catalog) == {"approved": 2, "published": 1}
    catalog_photos_revoke(catalog=catalog, actor=person)
    photos_publish(placements=mug.placements.all(), actor=person)
    assert photo_counts(catalog) == {"approved": 2, "published": 1}
    move(mug, ProductStatus.DRAFT)
    assert photo_counts(catalog) == {"approved": 1, "published": 0}


def test_the_list_shows_no_picture_of_a_photo_that_was_taken_off(
    mug, token, client, catalog, person
):
    placement_delete(placement=mug.placements.get(), actor=person)
    client.force_login(person)
    page = client.get(reverse("catalog:published", args=[catalog.slug])).text
    assert ("Hidden for now" in page, "published-photo__thumb" in page) == (True, False)
