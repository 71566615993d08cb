"""Products and variants: created whole or not at all, changed, deleted, brought back, purged."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog import storage
from catalog.ingest.jobs import KINDS, PURGE, Jobber
from catalog.models import (
    AuditEvent,
    DescribeTask,
    FileRemoval,
    IndexChange,
    Job,
    LedgerEntry,
    Photo,
    Placement,
    Product,
    Variant,
)
from catalog.services.ledger import attribute_set
from catalog.services.photos import placement_update
from catalog.services.products import (
    product_add_photos,
    product_create,
    product_update,
    products_delete,
    products_restore,
    products_set_category,
)
from catalog.services.statuses import products_set_status
from catalog.services.variants import (
    variant_create,
    variant_delete,
    variant_restore,
    variant_update,
)
from tests.catalog.colours import staged

pytestmark = pytest.mark.django_db


def files_in(folder) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def messages(caught) -> dict[str, list[str]]:
    return caught.value.message_dict


def test_new_product_has_one_variant_in_the_catalogue_s_currency(make_product, make_catalog):
    product = make_product(catalog=make_catalog(currency="USD"), color=None)
    assert [variant.currency for variant in product.variants.all()] == ["USD"]


def test_simple_product_s_fields_go_to_its_variant(make_product):
    product = make_product(sku="M-1", price=Decimal("12.50"))
    variant = product.variants.get()
    assert (variant.sku, variant.price) == ("M-1", Decimal("12.50"))


def test_several_variants_keep_their_order_and_share_fields(make_product):
    sizes = [{"sku": f"T-{size}", "option1_value": size} for size in "SML"]
    product = make_product(variants=sizes, option1_name="Size", price=Decimal(9))
    assert [v.options for v in product.variants.all()] == [{"Size": size} for size in "SML"]
    assert {v.price for v in product.variants.all()} == {Decimal(9)}


def test_unknown_field_is_refused(catalog, person):
    with pytest.raises(ValidationError) as caught:
        product_create(catalog=catalog, actor=person, colour="red")
    assert "colour" in messages(caught)


def test_title_comes_from_the_file_s_name(catalog, person, data_dir):
    photo = staged(name="red-mug_large.jpg")
    assert product_create(catalog=catalog, actor=person, photos=[photo]).product.title == (
        "Red mug large"
    )


def test_given_title_wins_over_the_file_s_name(catalog, person, data_dir):
    created = product_create(
        catalog=catalog, actor=person, photos=[staged(name="x-y.jpg")], title=" A mug "
    )
    assert created.product.title == "A mug"


def test_creation_is_on_the_audit_trail(make_product, person):
    product = make_product("Mug")
    event = AuditEvent.objects.get(action="product.create")
    assert (event.actor, event.target_id, event.summary) == (person, product.pk, "Mug")


def test_product_with_photos_waits_to_be_described(make_product):
    product = make_product()
    assert DescribeTask.objects.get().product == product


def test_handle_is_made_of_the_title(make_product):
    assert make_product("Blue Mug, 300 ml").handle == "blue-mug-300-ml"


def test_second_product_of_a_title_gets_a_handle_of_its_own(make_product):
    handles = {make_product("Mug").handle, make_product("Mug").handle}
    assert len(handles) == 2


def test_title_without_letters_makes_a_usable_handle(make_product):
    assert make_product("杯子 ☕").handle.startswith("product-")


def test_taken_handle_is_refused_on_its_field(make_product):
    make_product(handle="mug")
    with pytest.raises(ValidationError) as caught:
        make_product(handle="mug")
    assert messages(caught) == {"handle": ["Another product of this catalogue has this handle."]}


def test_taken_sku_is_refused_on_its_field(make_product):
    make_product(sku="M-1")
    with pytest.raises(ValidationError) as caught:
        make_product(sku="M-1")
    assert messages(caught) == {"sku": ["Another product of this catalogue has this SKU."]}


def test_handle_that_holds_the_word_sku_is_not_taken_for_a_sku(make_product):
    make_product(handle="sku-1")
    with pytest.raises(ValidationError) as caught:
        make_product(handle="sku-1")
    assert list(messages(caught)) == ["handle"]


def test_sku_may_come_again_in_another_catalogue(make_product, make_catalog):
    make_product(sku="M-1", color=None)
    make_product(sku="M-1", color=None, catalog=make_catalog())
    assert Variant.objects.filter(sku="M-1").count() == 2


def test_products_without_sku_do_not_collide(make_product):
    make_product(sku="", color=None)
    make_product(sku="  ", color=None)
    assert Product.objects.count() == 2


def test_sku_of_a_deleted_product_may_be_given_again(make_product, person):
    products_delete(products=[make_product(sku="M-1")], actor=person)
    assert make_product(sku="M-1").pk


def test_restoring_is_refused_while_another_product_has_the_sku(make_product, person):
    old = make_product("Old", sku="M-1")
    products_delete(products=[old], actor=person)
    make_product("New", sku="M-1")
    with pytest.raises(ValidationError) as caught:
        products_restore(products=[old], actor=person)
    assert "sku" in messages(caught)
    assert Product.objects.get(pk=old.pk).deleted_at is not None


@pytest.mark.parametrize("price", [Decimal(-1), Decimal("1.23456"), Decimal("12345678901.00")])
def test_impossible_price_is_refused(make_product, price):
    with pytest.raises(ValidationError) as caught:
        make_product(price=price)
    assert list(messages(caught)) == ["price"]


@pytest.mark.parametrize("currency", ["EURO", "12", "€"])
def test_impossible_currency_is_refused(make_product, currency):
    with pytest.raises(ValidationError) as caught:
        make_product(currency=currency)
    assert list(messages(caught)) == ["currency"]


def test_currency_is_written_in_capitals(make_product):
    assert make_product(currency="usd").variants.get().currency == "USD"


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
def test_text_that_cannot_be_stored_is_refused(make_product, text):
    with pytest.raises(ValidationError) as caught:
        make_product("Mug", description=text)
    assert list(messages(caught)) == ["description"]


def test_failed_creation_leaves_no_rows_and_no_files(make_product, data_dir):
    make_product(sku="M-1", color=None)
    with pytest.raises(ValidationError):
        make_product(sku="M-1", color="blue")
    assert not Photo.objects.exists()
    assert Product.objects.count() == 1
    Jobber(owner="test")._remove_files()
    assert files_in(data_dir / "media") == []


def test_same_photo_again_gives_the_product_that_is_there(catalog, person, data_dir):
    first = product_create(catalog=catalog, actor=person, photos=[staged()])
    again = product_create(catalog=catalog, actor=person, photos=[staged()])
    assert again.duplicate
    assert again.product == first.product
    assert Product.objects.count() == 1


def test_photo_that_is_no_longer_the_main_one_gives_the_product_that_it_shows(make_product, person):
    product = make_product(photos=[staged("red"), staged("blue")])
    placement_update(placement=product.placements.last(), actor=person, role="main")
    for color in ("red", "blue"):
        again = product_create(catalog=product.catalog, actor=person, photos=[staged(color)])
        assert (again.duplicate, again.product) == (True, product)


def test_photo_of_two_products_gives_the_one_whose_main_photo_it_is(make_product, person):
    first = make_product(photos=[staged("red"), staged("blue")])
    second = make_product(photos=[staged("blue")], allow_duplicate=True)
    assert make_product(photos=[staged("blue")]) == second
    assert make_product(photos=[staged("red")]) == first


def test_size_chart_of_one_product_may_begin_another(make_product, person):
    product = make_product(photos=[staged("red"), staged("blue")])
    placement_update(placement=product.placements.last(), actor=person, role="chart")
    assert make_product(photos=[staged("blue")]) != product


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_same_photos_in_other_orders_uploaded_at_once_all_arrive(catalog, person, data_dir):
    photos = [staged("red"), staged("blue")]
    made: list = []
    start = threading.Barrier(4)

    def upload(order) -> None:
        try:
            start.wait()
            for mark in range(5):
                some = [staged(color, mark=mark) for color in order]
                made.append(
                    product_create(catalog=catalog, actor=person, photos=some, allow_duplicate=True)
                )
        finally:
            connection.close()

    threads = [
        threading.Thread(target=upload, args=(order,))
        for order in (("red", "blue"), ("blue", "red")) * 2
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 20
    assert {len(each.product.placements.all()) for each in made} == {len(photos)}


def test_same_photo_again_makes_a_second_product_where_that_is_allowed(catalog, person, data_dir):
    for _ in range(2):
        product_create(catalog=catalog, actor=person, photos=[staged()], allow_duplicate=True)
    assert Product.objects.count() == 2
    assert Photo.objects.count() == 1
    assert len(files_in(data_dir / "media")) == 1


def test_photo_of_a_deleted_product_makes_a_new_one(catalog, person, data_dir):
    first = product_create(catalog=catalog, actor=person, photos=[staged()]).product
    products_delete(products=[first], actor=person)
    assert not product_create(catalog=catalog, actor=person, photos=[staged()]).duplicate


@pytest.mark.django_db(transaction=True)
def test_same_photo_uploaded_by_many_at_once_makes_one_product(catalog, person, data_dir):
    photo = staged()
    made: list = []
    start = threading.Barrier(4)

    def upload() -> None:
        try:
            start.wait()
            made.append(product_create(catalog=catalog, actor=person, photos=[photo]))
        finally:
            connection.close()

    threads = [threading.Thread(target=upload) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.duplicate for each in made) == [False, True, True, True]
    assert Product.objects.count() == 1
    Jobber(owner="test")._remove_files()
    assert len(files_in(data_dir / "media")) == 1


@pytest.mark.django_db(transaction=True)
def test_products_of_one_title_made_at_once_all_get_handles(catalog, person):
    made: list = []
    start = threading.Barrier(4)

    def create() -> None:
        try:
            start.wait()
            made.append(product_create(catalog=catalog, actor=person, title="Mug").product.handle)
        finally:
            connection.close()

    threads = [threading.Thread(target=create) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 4


def test_update_changes_plain_and_variant_fields(make_product, person):
    product = make_product("Mug")
    product_update(product=product, actor=person, fields={"title": "Cup", "price": Decimal(5)})
    product.refresh_from_db()
    assert (product.title, product.variants.get().price) == ("Cup", Decimal(5))


def test_update_with_null_empties_a_field(make_product, person):
    product = make_product("Mug", brand="ACME", tags=["a"], price=Decimal(5))
    fields = {"brand": None, "tags": None, "price": None}
    product_update(product=product, actor=person, fields=fields)
    product.refresh_from_db()
    assert (product.brand, product.tags, product.variants.get().price) == ("", [], None)


def test_update_that_fails_changes_nothing(make_product, person, vocabulary):
    product = make_product("Mug")
    with pytest.raises(ValidationError):
        product_update(
            product=product, actor=person, fields={"title": "Cup"}, attributes={"color": "mauve"}
        )
    assert Product.objects.get(pk=product.pk).title == "Mug"
    assert not LedgerEntry.objects.exists()


def test_update_of_a_sku_that_is_taken_changes_nothing(make_product, person):
    make_product(sku="M-1")
    other = make_product("Cup", sku="M-2")
    with pytest.raises(ValidationError):
        product_update(product=other, actor=person, fields={"title": "X", "sku": "M-1"})
    assert Product.objects.get(pk=other.pk).title == "Cup"


def test_update_without_a_change_is_not_on_the_audit_trail(make_product, person):
    product = make_product("Mug")
    product_update(product=product, actor=person, fields={"title": "Mug"})
    assert not AuditEvent.objects.filter(action="product.update").exists()


def test_audit_trail_tells_what_a_field_was_before(make_product, person):
    product = make_product("Mug")
    product_update(product=product, actor=person, fields={"title": "Cup"})
    assert AuditEvent.objects.get(action="product.update").data == {"title": ["Mug", "Cup"]}


def test_price_of_a_product_with_variants_must_name_one(make_product, person):
    product = make_product(variants=[{"sku": "A"}, {"sku": "B"}])
    with pytest.raises(ValidationError, match="change the variant itself"):
        product_update(product=product, actor=person, fields={"price": Decimal(5)})


def test_new_variant_follows_the_others(make_product, person):
    product = make_product(sku="A")
    variant = variant_create(product=product, actor=person, sku="B")
    assert [v.sku for v in product.variants.all()] == ["A", "B"]
    assert variant.currency == product.catalog.currency


def test_variant_cannot_take_another_s_sku(make_product, person):
    product = make_product(variants=[{"sku": "A"}, {"sku": "B"}])
    with pytest.raises(ValidationError) as caught:
        variant_update(variant=product.variants.get(sku="B"), actor=person, sku="A")
    assert "sku" in messages(caught)


def test_last_variant_cannot_be_deleted(make_product, person):
    product = make_product()
    with pytest.raises(ValidationError, match="at least one variant"):
        variant_delete(variant=product.variants.get(), actor=person)


def test_deleted_variant_comes_back(make_product, person):
    product = make_product(variants=[{"sku": "A"}, {"sku": "B"}])
    variant = product.variants.get(sku="B")
    variant_delete(variant=variant, actor=person)
    assert product.variants.filter(deleted_at=None).count() == 1
    variant_restore(variant=variant, actor=person)
    assert product.variants.filter(deleted_at=None).count() == 2


def test_variant_whose_sku_was_given_away_stays_deleted(make_product, person):
    product = make_product(variants=[{"sku": "A"}, {"sku": "B"}])
    variant = product.variants.get(sku="B")
    variant_delete(variant=variant, actor=person)
    make_product(sku="B")
    with pytest.raises(ValidationError):
        variant_restore(variant=variant, actor=person)
    assert Variant.objects.get(pk=variant.pk).deleted_at is not None


def test_restored_product_brings_back_only_the_variants_deleted_with_it(make_product, person):
    product = make_product(variants=[{"sku": "A"}, {"sku": "B"}])
    variant_delete(variant=product.variants.get(sku="B"), actor=person)
    products_delete(products=[product], actor=person)
    products_restore(products=[product], actor=person)
    assert [v.sku for v in product.variants.filter(deleted_at=None)] == ["A"]


def test_deleting_twice_is_one_deletion(make_product, person):
    product = make_product()
    assert products_delete(products=[product], actor=person) == [product.pk]
    assert products_delete(products=[product], actor=person) == []


@pytest.mark.parametrize(
    "act", [products_delete, products_restore, partial(products_set_status, status="archived")]
)
def test_many_products_take_as_many_queries_as_two(make_product, person, act):
    def queries(count: int) -> int:
        products = [make_product(sku=f"{count}-{n}") for n in range(count)]
        if act is products_restore:
            products_delete(products=products, actor=person)
        with CaptureQueriesContext(connection) as captured:
            act(products=products, actor=person)
        return len(captured)

    assert queries(9) == queries(2)


def test_products_are_locked_in_one_order_whatever_order_they_come_in(make_product, person):
    products = [make_product() for _ in range(3)]
    seen = products_delete(products=products[::-1], actor=person)
    assert seen == sorted(product.pk for product in products)


def test_each_of_many_deleted_products_is_in_the_audit_trail(make_product, person):
    products = [make_product("Red mug"), make_product("Blue mug")]
    products_delete(products=products, actor=person)
    events = AuditEvent.objects.filter(action="product.delete", actor=person)
    assert set(events.values_list("target_id", "summary")) == {
        (product.pk, product.title) for product in products
    }


def test_unknown_status_is_refused(make_product, person):
    with pytest.raises(ValidationError, match="Choose one of"):
        products_set_status(products=[make_product()], status="sold", actor=person)


@pytest.mark.parametrize(
    "move",
    [
        lambda product, person: products_set_status(
            products=[product], status="archived", actor=person
        ),
        lambda product, person: product_update(
            product=product, actor=person, fields={"status": "archived"}
        ),
    ],
    ids=["set_status", "update"],
)
def test_status_that_somebody_else_changed_meanwhile_stays(make_product, person, move):
    product = make_product(status="in_review")
    same = Product.objects.get(pk=product.pk)
    products_set_status(products=[same], status="approved", actor=person)
    with pytest.raises(ValidationError, match="meanwhile"):
        move(product, person)
    same.refresh_from_db()
    assert same.status == "approved"


def test_only_products_that_change_their_status_are_counted(make_product, person):
    products = [make_product(), make_product(status="approved")]
    assert products_set_status(products=products, status="approved", actor=person) == 1


def test_category_is_set_for_many_products(make_product, person, vocabulary):
    products = [make_product(), make_product()]
    products_set_category(products=products, path="home/kitchen/mugs", actor=person)
    assert {product.category.path for product in products} == {"home/kitchen/mugs"}


@pytest.fixture
def purge(person):
    def run(product) -> None:
        products_delete(products=[product], actor=person)
        long_ago = timezone.now() - timedelta(days=31)
        Product.objects.filter(pk=product.pk).update(deleted_at=long_ago)
        KINDS[PURGE](Job(kind=PURGE))

    return run


def test_purge_removes_a_product_and_its_rows(make_product, purge, person, vocabulary):
    product = make_product()
    attribute_set(product=product, field="color", value="red", actor=person)
    purge(product)
    left = (Product, Variant, Placement, Photo, LedgerEntry, DescribeTask)
    assert [model.__name__ for model in left if model.objects.exists()] == []


def test_purge_tells_the_index_to_forget_the_points(make_product, purge):
    product = make_product()
    point = product.placements.get().pk
    IndexChange.objects.all().delete()
    purge(product)
    assert IndexChange.objects.get().point == point


def test_purge_removes_the_files(make_product, purge, data_dir):
    product = make_product()
    assert files_in(data_dir / "media")
    purge(product)
    Jobber(owner="test").step()
    assert files_in(data_dir / "media") == []
    assert not FileRemoval.objects.exists()


def test_purge_spares_photos_that_stand_elsewhere(make_product, purge, catalog, person, data_dir):
    photo = staged()
    first = make_product(photos=[photo])
    second = make_product(photos=[photo], allow_duplicate=True)
    purge(first)
    assert Photo.objects.get().placements.get().product == second


def test_purge_leaves_what_was_deleted_lately(make_product, person):
    product = make_product()
    products_delete(products=[product], actor=person)
    KINDS[PURGE](Job(kind=PURGE))
    assert Product.objects.filter(pk=product.pk).exists()


def test_files_wait_while_the_storage_is_away(make_product, purge, data_dir, monkeypatch):
    product = make_product()
    purge(product)

    def away(name: str) -> None:
        raise storage.StorageUnavailable("The storage is away.")

    monkeypatch.setattr(storage, "delete", away)
    Jobber(owner="test").step()
    assert FileRemoval.objects.filter(state="pending", error="The storage is away.").exists()


def test_purging_is_scheduled_by_itself_and_not_twice(db):
    jobber = Jobber(owner="test")
    while jobber.step():
        pass
    assert [(job.kind, job.state) for job in Job.objects.all()] == [(PURGE, "done")]


def test_purge_that_failed_for_good_is_scheduled_again_later(db):
    long_ago = timezone.now() - timedelta(days=1)
    Job.objects.create(kind=PURGE, state="failed", finished_at=long_ago)
    Jobber(owner="test").step()
    assert Job.objects.get().state == "pending"


def test_photos_added_to_a_product_follow_its_own(make_product, person):
    product = make_product()
    product_add_photos(product=product, photos=[staged("blue", mark=99)], actor=person)
    assert [p.role for p in product.placements.all()] == ["main", "detail"]


@pytest.mark.django_db(transaction=True)
def test_two_variants_deleted_at_once_leave_one(make_product, person):
    product = make_product("Mug", variants=[{"sku": "A"}, {"sku": "B"}])
    start, refused = threading.Barrier(2), []

    def delete(variant) -> None:
        try:
            start.wait()
            variant_delete(variant=variant, actor=person)
        except ValidationError as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=delete, args=(variant,)) for variant in product.variants.all()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert product.variants.filter(deleted_at=None).count() == 1
