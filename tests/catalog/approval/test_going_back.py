"""A product taken back to how it was approved, and that undone."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from catalog.approval.content import contents, seen
from catalog.models import (
    AuditEvent,
    Batch,
    Membership,
    Placement,
    Product,
    ProductVersion,
    Role,
    Term,
    Variant,
)
from catalog.selectors import undoable
from catalog.services.batches import batch_restore
from catalog.services.going_back import product_go_back, product_go_back_undo
from catalog.services.ledger import attribute_set
from catalog.services.photos import (
    photos_place,
    placement_delete,
    placement_update,
    placements_reorder,
)
from catalog.services.products import product_create, product_update, products_delete
from catalog.services.statuses import products_set_status
from catalog.services.variants import variant_create, variant_delete, variant_update
from tests.catalog.colours import staged

pytestmark = pytest.mark.django_db


@pytest.fixture
def mug(make_product, vocabulary) -> Product:
    """An approved product with two variants and two photos."""
    return make_product(
        "Mug",
        status="approved",
        description="Holds tea.",
        tags=["tea"],
        attributes={"color": ["red"], "category": "clothes"},
        variants=[
            {"sku": "S", "price": "10", "option1_name": "Size", "option1_value": "S"},
            {"sku": "M", "price": "12", "option1_name": "Size", "option1_value": "M"},
        ],
        photos=[staged("red", mark=1), staged("blue", mark=2)],
    )


@pytest.fixture
def changed(mug, person) -> Product:
    """The mug with everything changed that can be."""
    product_update(product=mug, actor=person, fields={"title": "Cup", "tags": [], "brand": "X"})
    attribute_set(product=mug, field="color", value=["blue"], actor=person)
    attribute_set(product=mug, field="material", value="wood", actor=person)
    attribute_set(product=mug, field="category", value="home/kitchen/mugs", actor=person)
    first, second = mug.variants.order_by("position")
    attribute_set(product=mug, field="color", value=["green"], actor=person, variant=first)
    variant_update(variant=first, actor=person, price="99", option1_value="XS")
    variant_create(product=mug, actor=person, sku="NEW", option1_name="Size", option1_value="L")
    variant_delete(variant=second, actor=person)
    front, back = mug.placements.order_by("position")
    placement_update(placement=back, actor=person, role="main", alt_text="Behind")
    placements_reorder(product=mug, order=[back.pk, front.pk], actor=person)
    placement_delete(placement=Placement.objects.get(pk=front.pk), actor=person)
    return Product.objects.get(pk=mug.pk)


def look(product: Product) -> dict:
    return seen(contents([product.pk])[product.pk])


@pytest.fixture
def go_back(person):
    def act(product: Product):
        version = ProductVersion.objects.get(product=product)
        return product_go_back(product=product, version=version, actor=person)

    return act


def test_everything_is_as_it_was_approved(changed, go_back):
    version = ProductVersion.objects.get()
    assert look(changed) != seen(version.content)
    assert go_back(changed).kept == []
    assert look(changed) == seen(version.content)
    changed.refresh_from_db()
    assert not changed.changed_since_approval


def test_going_back_is_undone(changed, go_back, person):
    before = look(changed)
    event = go_back(changed).event
    assert product_go_back_undo(product=changed, event=event, actor=person) == []
    assert look(changed) == before
    changed.refresh_from_db()
    assert changed.changed_since_approval


def test_going_back_is_one_act_in_the_audit_trail(changed, go_back, person):
    event = go_back(changed).event
    assert (event.actor, event.action, event.summary) == (person, "product.go_back", "version 1")
    assert Batch.objects.get().label == "Back to version 1 of Cup"


def test_undo_works_once(changed, go_back, person):
    event = go_back(changed).event
    product_go_back_undo(product=changed, event=event, actor=person)
    with pytest.raises(ValidationError, match="undone already"):
        product_go_back_undo(product=changed, event=event, actor=person)


def test_undo_leaves_what_somebody_changed_since(mug, go_back, person):
    product_update(product=mug, actor=person, fields={"title": "Cup", "brand": "X"})
    event = go_back(mug).event
    product_update(product=Product.objects.get(pk=mug.pk), actor=person, fields={"title": "Beaker"})
    kept = product_go_back_undo(product=mug, event=event, actor=person)
    mug.refresh_from_db()
    assert (mug.title, mug.brand) == ("Beaker", "X")
    assert kept == ["Title: somebody changed it since."]


def test_value_that_left_the_vocabulary_is_named(mug, go_back, person):
    attribute_set(product=mug, field="color", value=["blue"], actor=person)
    Term.objects.filter(key="red").update(state="rejected")
    (kept,) = go_back(mug).kept
    assert kept.startswith("Color: “red” is not one of its values")


def test_variant_and_photo_that_were_removed_for_good_are_named(mug, go_back):
    Variant.objects.filter(sku="M").delete()
    last = mug.placements.last().photo
    last.placements.all().delete()
    last.delete()
    product_update(product=mug, actor=None, fields={"title": "Cup"})
    variant, photo = go_back(mug).kept
    assert variant == "Variant M: it was removed for good."
    assert photo.startswith("Photo ")
    assert photo.endswith("it was removed for good.")
    mug.refresh_from_db()
    assert (mug.title, mug.changed_since_approval) == ("Mug", True)


def test_wrong_gtin_that_was_approved_comes_back(mug, go_back, person):
    small = mug.variants.order_by("position").first()
    mug.variants.filter(pk=small.pk).update(gtin="4006381333930")
    ProductVersion.objects.all().delete()
    products_set_status(products=[mug], status="approved", actor=person)
    variant_update(variant=small, actor=person, gtin="4006381333931")
    assert go_back(mug).kept == []
    assert mug.variants.get(pk=small.pk).gtin == "4006381333930"


def test_sku_that_another_product_has_now_is_named(mug, go_back, catalog, person):
    first = mug.variants.get(sku="S")
    variant_update(variant=first, actor=person, sku="OTHER")
    product_create(catalog=catalog, actor=person, title="Thief", sku="S")
    assert go_back(mug).kept == ["Variant S: Another product of this catalogue has this SKU."]


def test_photo_that_was_added_goes_again(mug, go_back, person, make_product):
    other = make_product(color="green").placements.get().photo
    photos_place(product=mug, photos=[other], actor=person)
    go_back(mug)
    assert look(mug) == seen(ProductVersion.objects.get().content)


def test_deleted_product_does_not_go_back(changed, go_back, person):
    products_delete(products=[changed], actor=person)
    with pytest.raises(ValidationError, match="Bring it back first"):
        go_back(changed)
    assert not AuditEvent.objects.filter(action="product.go_back").exists()


def test_undoing_it_among_acts_puts_all_back_that_it_changed(client, changed, go_back, person):
    before = look(changed)
    batch = Batch.objects.get(pk=go_back(changed).event.data["batch"])
    client.force_login(person)
    client.post(reverse("catalog:batch_undo", args=[changed.catalog.slug, batch.pk]))
    assert look(changed) == before
    page = client.get(reverse("catalog:batch", args=[changed.catalog.slug, batch.pk]))
    restore = reverse("catalog:batch_restore", args=[changed.catalog.slug, batch.pk])
    assert restore not in page.content.decode()
    with pytest.raises(ValidationError, match="Go back to the version again"):
        batch_restore(batch=Batch.objects.get(), actor=person)


def test_undoing_it_from_the_review_puts_all_back_as_well(client, changed, go_back, person):
    before = look(changed)
    batch = go_back(changed).event.data["batch"]
    client.force_login(person)
    client.post(reverse("catalog:review_batch_undo", args=[changed.catalog.slug, batch]))
    assert look(changed) == before


def test_history_of_the_product_offers_to_undo_it_as_a_whole_alone(
    client, changed, go_back, person
):
    before = look(changed)
    event = go_back(changed).event
    client.force_login(person)
    page = client.get(changed.get_absolute_url())
    told = {each["text"]: each for each in page.context["history"] if each["at"] >= event.at}
    assert [each["text"] for each in told.values() if each.get("undo_url")] == ["Taken back to"]
    client.post(told["Taken back to"]["undo_url"])
    assert look(changed) == before
    page = client.get(changed.get_absolute_url())
    told = {each["text"]: each for each in page.context["history"]}
    assert told["Taken back to"]["undone"]
    assert not told["Taken back to"]["undo_url"]


def test_it_is_an_editor_s_to_undo(changed, go_back, make_user):
    batch = Batch.objects.get(pk=go_back(changed).event.data["batch"])
    batch.entries.all().delete()
    reviewer = make_user()
    Membership.objects.create(user=reviewer, catalog=changed.catalog, role=Role.REVIEWER)
    assert not undoable(reviewer, changed.catalog, [batch])
