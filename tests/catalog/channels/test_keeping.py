"""What each product lacks is kept current, whatever changes it."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.channels import renewing
from catalog.channels.keeping import leftovers_remove, profiles_follow
from catalog.channels.profiles import profile
from catalog.channels.renewing import UNCHECKED, readiness_renew
from catalog.channels.targets import target_add, target_remove, targets_of
from catalog.models import (
    Batch,
    Category,
    ChannelTarget,
    Placement,
    Product,
    ReadinessCheck,
    ReadinessGap,
    Source,
    Variant,
)
from catalog.services.batches import batch_retract
from catalog.services.ledger import (
    MachineValue,
    attribute_set,
    attribute_undo,
    machine_values_record,
)
from catalog.services.products import product_update
from catalog.services.variants import variant_update
from catalog.services.vocabulary_loading import Loading, Mode
from catalog.services.written_many import Writes, products_write
from catalog.vocabulary.source import SourceCategory, SourceVocabulary

pytestmark = pytest.mark.django_db
GOOD, OTHER = "4006381333931", "036000291452"


def stale(product):
    return ReadinessCheck.objects.get(product=product).stale


@pytest.fixture
def mug(make_product):
    return make_product("Mug", sku="M", price="12.50")


def test_a_catalogue_gets_every_channel_in_its_likely_country(catalog, keep):
    keep()
    targets = targets_of(catalog).values_list("channel", "country")
    assert list(targets) == [("google", "DE"), ("meta", "DE"), ("shopify", "DE")]


def test_a_new_product_is_checked(mug, lacks):
    assert lacks(mug) >= {"description", "link", "brand"}
    assert "title" not in lacks(mug)


def test_a_product_that_is_checked_waits_no_longer(mug, keep):
    assert stale(mug)
    keep()
    assert not stale(mug)
    assert readiness_renew() == 0


def test_a_change_of_the_product_is_followed(mug, person, lacks):
    lacks(mug)
    product_update(product=mug, actor=person, fields={"description": "A mug."})
    assert stale(mug)
    assert "description" not in lacks(mug)


def test_a_change_of_status_is_no_reason_to_check(mug, keep):
    keep()
    mug.status = "archived"
    mug.save(update_fields=["status"])
    assert not stale(mug)


def test_a_change_of_a_variant_is_followed(mug, person, lacks):
    assert "gtin" in lacks(mug)
    variant_update(variant=mug.variants.get(), actor=person, gtin=GOOD)
    assert "gtin" not in lacks(mug)


def test_a_value_of_the_ledger_and_its_undo_are_followed(vocabulary, mug, person, lacks):
    assert "category" in lacks(mug, "shopify")
    attribute_set(product=mug, field="category", value="home/kitchen/mugs", actor=person)
    assert "category" not in lacks(mug, "shopify")
    attribute_undo(product=mug, field="category", actor=person)
    assert "category" in lacks(mug, "shopify")


def test_a_machines_values_and_the_undo_of_them_all_are_followed(
    vocabulary, catalog, mug, person, keep
):
    keep()
    batch = Batch.objects.create(catalog=catalog, label="Described")
    said = {mug: [MachineValue("color", ["red"], 0.9)]}
    machine_values_record(said=said, source=Source.VISION_LLM, model="m", batch=batch)
    assert stale(mug)
    keep()
    batch_retract(batch=batch, actor=person)
    assert stale(mug)


@pytest.mark.parametrize(
    "change",
    [
        lambda p: Product.objects.filter(pk=p.pk).update(description="New"),
        lambda p: Variant.objects.filter(product=p).update(price="1"),
        lambda p: Placement.objects.filter(product=p).update(role="detail"),
        lambda p: Variant.objects.bulk_update([_with(p.variants.get(), mpn="1")], fields=["mpn"]),
        lambda p: Variant.objects.bulk_create(
            [Variant(product=p, catalog=p.catalog, currency="EUR")]
        ),
        lambda p: p.placements.get().delete(),
    ],
    ids=["products", "variants", "photos", "bulk_update", "bulk_create", "deleted photo"],
)
def test_writes_of_many_rows_at_once_mark_their_products(mug, keep, change):
    keep()
    assert not stale(mug)
    change(mug)
    assert stale(mug)


def _with(row, **values):
    for name, value in values.items():
        setattr(row, name, value)
    return row


def test_products_that_are_created_many_at_once_are_checked(catalog, lacks):
    made = Product.objects.bulk_create(
        [Product(catalog=catalog, handle=f"h{n}", title="T") for n in range(3)]
    )
    assert all("description" in lacks(each) for each in made)


def test_a_category_with_a_number_of_googles_makes_its_products_ready(vocabulary, mug, lacks):
    mug.category = Category.objects.get(path="home/kitchen/mugs")
    mug.save()
    assert "category" in lacks(mug)
    kitchen = Category.objects.get(path="home/kitchen")
    kitchen.google_id = "638"
    kitchen.save()
    assert stale(mug)
    assert "category" not in lacks(mug)


def test_a_category_that_is_deleted_marks_its_products(vocabulary, mug, keep):
    mugs = Category.objects.get(path="home/kitchen/mugs")
    mug.category = mugs
    mug.save()
    keep()
    mugs.delete()
    assert stale(mug)


def test_a_change_that_is_rolled_back_marks_nothing(mug, keep):
    keep()
    with transaction.atomic():
        Variant.objects.filter(product=mug).update(price="1")
        transaction.set_rollback(True)
    assert not stale(mug)


def test_a_deleted_product_lacks_nothing_and_a_restored_one_what_it_did(mug, keep, lacks):
    before = lacks(mug)
    Product.objects.filter(pk=mug.pk).update(deleted_at=timezone.now())
    keep()
    assert not ReadinessGap.objects.filter(product=mug).exists()
    Product.objects.filter(pk=mug.pk).update(deleted_at=None)
    assert lacks(mug) == before


@pytest.fixture
def two(make_product):
    """Two products with the same GTIN, differently written."""
    return (
        make_product("One", gtin=OTHER),
        make_product("Two", gtin=f"0{OTHER}"),
    )


def test_a_gtin_on_two_products_is_said_of_both(two, lacks):
    assert all("gtin-unique" in lacks(each) for each in two)


def test_the_second_product_with_a_number_tells_the_first(make_product, lacks):
    first = make_product("One", gtin=OTHER)
    assert "gtin-unique" not in lacks(first)
    second = make_product("Two", gtin=OTHER)
    assert "gtin-unique" in lacks(second)
    assert "gtin-unique" in lacks(first)


def test_a_number_that_is_changed_on_one_is_free_for_the_other(two, person, lacks):
    one, other = two
    lacks(one)
    variant_update(variant=one.variants.get(), actor=person, gtin=GOOD)
    assert "gtin-unique" not in lacks(one)
    assert "gtin-unique" not in lacks(other)


def test_a_product_that_is_deleted_frees_its_number(two, lacks):
    one, other = two
    lacks(one)
    Product.objects.filter(pk=one.pk).update(deleted_at=timezone.now())
    assert "gtin-unique" not in lacks(other)


def test_a_number_in_another_catalogue_is_no_duplicate(make_product, make_catalog, person, lacks):
    one = make_product("One", gtin=OTHER)
    make_product("Two", gtin=OTHER, catalog=make_catalog("Other", owner=person))
    assert "gtin-unique" not in lacks(one)


def test_of_three_with_a_number_two_still_share_it(make_product, person, lacks):
    three = [make_product(f"P{n}", gtin=OTHER) for n in range(3)]
    lacks(three[0])
    variant_update(variant=three[0].variants.get(), actor=person, gtin="")
    assert ["gtin-unique" in lacks(each) for each in three] == [False, True, True]


def test_a_target_that_is_added_checks_all_products(mug, catalog, person, keep):
    keep()
    target = target_add(catalog=catalog, channel="google", country="ch", actor=person)
    assert target.marked_through == 0
    keep()
    assert ReadinessGap.objects.filter(product=mug, target=target).exists()
    target.refresh_from_db()
    assert target.marked_through is None


def test_a_target_is_there_once(catalog, person, keep):
    keep()
    again = target_add(catalog=catalog, channel="google", country="DE", actor=person)
    assert targets_of(catalog).filter(channel="google").get() == again


def test_targets_that_were_all_removed_do_not_come_back_by_themselves(catalog, person, keep):
    keep()
    for target in targets_of(catalog):
        target_remove(target=target, actor=person)
    keep()
    assert not targets_of(catalog)


def test_a_removed_target_comes_back_with_its_gaps(mug, catalog, person, lacks):
    lacking = lacks(mug)
    target = targets_of(catalog).get(channel="google")
    target_remove(target=target, actor=person)
    assert leftovers_remove()
    assert not ReadinessGap.objects.filter(target=target).exists()
    target_add(catalog=catalog, channel="google", country="DE", actor=person)
    assert lacks(mug) == lacking


def test_another_profile_has_its_catalogues_checked_again(mug, keep):
    keep()
    ChannelTarget.objects.filter(channel="meta").update(profile_stamp="older")
    assert profiles_follow() == 1
    target = ChannelTarget.objects.get(channel="meta")
    assert (target.marked_through, target.profile_stamp) == (0, profile("meta").stamp)


def test_products_from_before_the_targets_are_found(mug, lacks):
    ReadinessCheck.objects.all().delete()
    assert lacks(mug)


def test_a_product_that_cannot_be_checked_holds_nobody_up(make_product, monkeypatch, lacks):
    bad, good = make_product("Bad"), make_product("Good")
    real = renewing.check_all

    def check(record, *rest):
        if record.fields["title"] == "Bad":
            raise ZeroDivisionError
        return real(record, *rest)

    monkeypatch.setattr(renewing, "check_all", check)
    assert lacks(bad) == {UNCHECKED}
    assert "description" in lacks(good)


def test_products_of_a_deleted_catalogue_are_left_alone(mug, catalog, keep):
    catalog.deleted_at = timezone.now()
    catalog.save()
    keep()
    assert stale(mug)


def test_a_chunk_takes_as_many_queries_however_many_products(make_product, keep):
    def queries(count):
        for number in range(count):
            make_product(f"P{count}-{number}", sku=f"S{count}-{number}", gtin="")
        keep()
        ReadinessCheck.objects.update(stale=True)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert readiness_renew() >= count
        return len(captured)

    assert queries(2) == queries(12)


def test_what_a_product_lacks_still_is_not_written_again(mug, keep):
    keep()
    before = set(ReadinessGap.objects.values_list("pk", flat=True))
    ReadinessCheck.objects.update(stale=True)
    keep()
    assert set(ReadinessGap.objects.values_list("pk", flat=True)) == before


def test_numbers_of_googles_that_a_vocabulary_brings_make_products_ready(vocabulary, mug, lacks):
    mug.category = Category.objects.get(path="home")
    mug.save()
    assert "category" in lacks(mug)
    home = SourceCategory("home", parent="", slug="home", labels={"en": "Home"}, google_id="536")
    Loading(SourceVocabulary((home,)), mode=Mode.UPDATE).write()
    assert "category" not in lacks(mug)


def test_products_that_are_written_by_the_hundred_are_checked(catalog, mug, person, lacks):
    lacks(mug)
    new = Product(catalog=catalog, handle="new", title="New")
    variant = Variant(product=new, catalog=catalog, currency="EUR")
    mug.description = "A mug."
    writes = Writes(products=[new], variants=[variant], changed={mug: {"description"}})
    products_write(writes=writes, actor=person)
    assert "description" in lacks(new)
    assert "description" not in lacks(mug)
