"""From the outbox to the index, on a real shard: everything findable exactly once, nothing else."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from catalog.index import spaces, vector_index
from catalog.index.protocol import IndexProblem
from catalog.ingest.index import Indexer
from catalog.models import (
    Catalog,
    FileRemoval,
    IndexChange,
    Placement,
    Product,
)
from catalog.models.outbox import record_index_changes
from catalog.services.catalogs import catalog_delete, catalog_restore
from catalog.services.ledger import attribute_set
from catalog.services.photos import placement_delete, placement_update
from catalog.services.products import (
    product_add_photos,
    product_update,
    products_delete,
    products_restore,
)
from catalog.services.purging import product_purge
from catalog.services.work import failed_work_retry
from prodintel.lib.work import MAX_ATTEMPTS
from tests.catalog.colours import staged

pytestmark = pytest.mark.django_db


def points() -> list[int]:
    space = spaces.live_space()
    return list(vector_index().ids(space.collection))


def payload(product: Product) -> dict:
    space = spaces.live_space()
    ids = [placement.pk for placement in product.placements.all()]
    return vector_index().retrieve(space.collection, ids)[0].payload


def placed() -> list[int]:
    """The points that there ought to be."""
    return sorted(
        Placement.objects.filter(deleted_at=None, product__deleted_at=None).values_list(
            "pk", flat=True
        )
    )


def test_uploaded_photos_are_in_the_index_exactly_once(make_product, ingest):
    for _ in range(12):
        make_product()
    ingest()
    assert points() == placed()
    assert not IndexChange.objects.exists()


def test_vector_is_in_the_index_as_it_is_in_the_database(make_product, ingest, encoder):
    make_product(color="blue")
    ingest()
    space = spaces.live_space()
    (found,) = vector_index().search(space.collection, encoder.encode_texts(["blue"])[0], limit=5)
    assert found.score > 0.95


def test_deleted_product_leaves_the_index(make_product, ingest, person):
    keep, gone = make_product(), make_product()
    ingest()
    products_delete(products=[gone], actor=person)
    ingest()
    assert points() == [keep.placements.get().pk]


def test_product_that_is_deleted_before_it_is_indexed_never_comes_up(
    make_product, ingest, embedder, person
):
    gone = make_product()
    while embedder.step():
        pass
    products_delete(products=[gone], actor=person)
    ingest()
    assert points() == []


def test_restored_product_is_back_in_the_index(make_product, ingest, person):
    product = make_product()
    ingest()
    products_delete(products=[product], actor=person)
    ingest()
    products_restore(products=[product], actor=person)
    ingest()
    assert points() == placed() != []


def test_purged_product_leaves_no_ghost(make_product, ingest):
    product = make_product()
    ingest()
    product_purge(product=product)
    ingest()
    assert points() == []
    assert FileRemoval.objects.exists()


def test_deleted_catalogue_leaves_the_index_and_comes_back(make_product, ingest, catalog, person):
    make_product()
    ingest()
    catalog_delete(catalog=Catalog.objects.get(), actor=person)
    ingest()
    assert points() == []
    catalog_restore(catalog=Catalog.objects.get(), actor=person)
    ingest()
    assert points() == placed()


def test_attributes_change_the_payload_without_the_model(
    make_product, ingest, encoder, person, vocabulary
):
    product = make_product()
    ingest()
    seen = encoder.photos_seen
    attribute_set(product=product, field="color", value=["blue", "red"], actor=person)
    attribute_set(product=product, field="category", value="home/kitchen/mugs", actor=person)
    product_update(product=product, actor=person, fields={"price": 5, "brand": "ACME"})
    ingest()
    found = payload(product)
    assert found["attr"] == {"color": ["blue", "red"]}
    assert found["category"] == ["home", "home/kitchen", "home/kitchen/mugs"]
    assert (found["price"], found["brand"], found["status"]) == ([5.0], "ACME", "draft")
    assert encoder.photos_seen == seen


def test_price_in_another_currency_is_not_in_the_payload(make_product, ingest):
    product = make_product(price=5, currency="USD")
    ingest()
    assert payload(product)["price"] == []


def test_payload_change_of_a_point_that_the_index_lost_puts_it_in_again(
    make_product, ingest, person
):
    product = make_product()
    ingest()
    vector_index().delete(spaces.live_space().collection, points())
    product_update(product=product, actor=person, fields={"brand": "ACME"})
    ingest()
    assert points() == placed()


def test_size_charts_stay_out_of_the_index(make_product, ingest, person):
    product = make_product()
    (chart,) = product_add_photos(product=product, photos=[staged("blue", mark=99)], actor=person)
    ingest()
    placement_update(placement=chart, actor=person, role="chart")
    ingest()
    assert points() == [product.placements.get(role="main").pk]
    placement_update(placement=chart, actor=person, role="lifestyle")
    ingest()
    assert points() == placed()


def test_photo_taken_off_a_product_leaves_the_index(make_product, ingest, person):
    product = make_product()
    ingest()
    placement_delete(placement=product.placements.get(), actor=person)
    ingest()
    assert points() == []


def test_photo_on_two_products_is_two_points_and_one_vector(make_product, ingest, encoder):
    photo = staged()
    make_product(photos=[photo])
    make_product(photos=[photo], allow_duplicate=True)
    ingest()
    assert len(points()) == 2
    assert encoder.photos_seen == 1


def test_change_while_a_row_is_being_applied_is_applied_too(
    make_product, ingest, indexer, person, monkeypatch
):
    product = make_product()
    ingest()
    product_update(product=product, actor=person, fields={"brand": "First"})
    apply = Indexer._apply

    def then_change(self, rows, active):
        apply(self, rows, active)
        monkeypatch.setattr(Indexer, "_apply", apply)
        product_update(product=product, actor=person, fields={"brand": "Second"})

    monkeypatch.setattr(Indexer, "_apply", then_change)
    indexer.step()
    assert payload(product)["brand"] == "First"
    ingest()
    assert payload(product)["brand"] == "Second"


def test_index_that_is_away_leaves_the_changes_with_a_message(
    make_product, ingest, indexer, engine
):
    product = make_product()
    ingest()
    Product.objects.update(brand="ACME")
    engine.stop()
    assert indexer.step() == 0
    row = IndexChange.objects.get()
    assert (row.state, row.attempts) == ("pending", 0)
    assert row.error
    assert row.point == product.placements.get().pk


def test_point_that_the_index_refuses_holds_no_other_up(make_product, ingest, indexer, monkeypatch):
    refused, other = make_product(), make_product()
    ingest()
    Product.objects.update(brand="ACME")
    bad = refused.placements.get().pk
    set_payloads = type(vector_index()).set_payloads

    def refuse(self, collection, payloads):
        if bad in payloads:
            raise IndexProblem("This payload is too large.")
        return set_payloads(self, collection, payloads)

    monkeypatch.setattr(type(vector_index()), "set_payloads", refuse)
    indexer.step()
    row = IndexChange.objects.get()
    assert (row.point, row.state, row.error) == (bad, "failed", "This payload is too large.")
    assert payload(other)["brand"] == "ACME"


@pytest.fixture
def trouble(monkeypatch):
    """Has the index fail at points for as long as they are in here, in a way that may pass."""
    points: set[int] = set()
    upsert = type(vector_index()).upsert

    def fail(self, collection, some):
        if points & {point.id for point in some}:
            raise IndexProblem("The shard failed.", permanent=False)
        upsert(self, collection, some)

    monkeypatch.setattr(type(vector_index()), "upsert", fail)
    return points


def try_often(indexer: Indexer) -> None:
    for _ in range(MAX_ATTEMPTS + 2):
        indexer.step()
        IndexChange.objects.update(next_try_at=timezone.now() - timedelta(seconds=1))


@pytest.mark.parametrize("products", [1, 3])
def test_index_that_fails_for_a_while_takes_the_changes_afterwards(
    make_product, ingest, embedder, indexer, trouble, products
):
    ingest()
    for _ in range(products):
        make_product()
    while embedder.step():
        pass
    trouble.update(placed())
    try_often(indexer)
    assert set(IndexChange.objects.values_list("state", "attempts", "error")) == {
        ("pending", 0, "The shard failed.")
    }
    trouble.clear()
    ingest()
    assert points() == placed() != []


def test_change_that_fails_where_others_do_not_waits_for_a_person_in_the_end(
    make_product, ingest, embedder, indexer, trouble
):
    ingest()
    made = [make_product() for _ in range(3)]
    while embedder.step():
        pass
    bad = made[1].placements.get().pk
    trouble.add(bad)
    for _ in range(MAX_ATTEMPTS):
        record_index_changes([pk for pk in placed() if pk != bad], vector=True)
        try_often(indexer)
    (row,) = IndexChange.objects.all()
    assert (row.point, row.state, row.attempts) == (bad, "failed", MAX_ATTEMPTS)


def test_retry_applies_what_the_index_refused(make_product, ingest, catalog, person):
    product = make_product()
    ingest()
    record_index_changes([product.placements.get().pk], vector=True)
    IndexChange.objects.update(state="failed", attempts=5)
    failed_work_retry(catalog=catalog, actor=person)
    ingest()
    assert not IndexChange.objects.exists()


def test_change_that_was_left_behind_too_often_is_given_up_visibly(make_product, ingest, indexer):
    make_product()
    ingest()
    record_index_changes([7], vector=True)
    long_ago = timezone.now() - timedelta(hours=1)
    IndexChange.objects.update(state="running", attempts=5, owner="gone", leased_until=long_ago)
    indexer.step()
    assert IndexChange.objects.get().state == "failed"


def test_lost_index_is_filled_from_the_database(make_product, ingest, encoder, engine):
    for _ in range(3):
        make_product()
    ingest()
    seen = encoder.photos_seen
    vector_index().drop(spaces.live_space().collection)
    Indexer(vector_index(), owner="again").step()
    assert points() == placed()
    assert encoder.photos_seen == seen


def test_index_that_is_lost_while_running_is_filled_at_the_next_change(
    make_product, ingest, indexer
):
    for _ in range(3):
        make_product()
    ingest()
    vector_index().drop(spaces.live_space().collection)
    Product.objects.filter(pk=Product.objects.first().pk).update(brand="ACME")
    indexer.step()
    indexer.step()
    assert points() == placed()


def test_reindex_command_needs_no_model(make_product, ingest, site_engine, data_dir, engine):
    make_product()
    ingest()
    expected = placed()
    vector_index().drop(spaces.live_space().collection)
    out = io.StringIO()
    call_command("reindex", stdout=out)
    assert "1 points" in out.getvalue()
    assert points() == expected


def test_reindex_command_says_when_there_is_nothing_to_do(engine):
    out = io.StringIO()
    call_command("reindex", stdout=out)
    assert "nothing to rebuild" in out.getvalue()


def test_rebuilding_leaves_deleted_products_out(make_product, ingest, person):
    make_product()
    products_delete(products=[make_product()], actor=person)
    ingest()
    assert spaces.rebuild(vector_index(), spaces.live_space()) == 1
    assert points() == placed()


def test_product_deleted_in_the_middle_of_a_rebuild_is_not_put_back(
    make_product, ingest, person, monkeypatch
):
    product = make_product()
    ingest()
    upsert = type(vector_index()).upsert

    def delete_first(self, collection, some):
        monkeypatch.setattr(type(vector_index()), "upsert", upsert)
        products_delete(products=[product], actor=person)
        upsert(self, collection, some)

    monkeypatch.setattr(type(vector_index()), "upsert", delete_first)
    spaces.rebuild(vector_index(), spaces.live_space())
    assert points() == []
