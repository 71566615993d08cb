"""What awaits a person's review is what the definition says, after any sequence of acts."""

from __future__ import annotations

import importlib
from contextlib import suppress
from decimal import Decimal

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from catalog.ingest.jobs import reproject
from catalog.models import (
    AttributeDefinition,
    Batch,
    Category,
    CurrentAttribute,
    Decision,
    Job,
    LedgerEntry,
    Placement,
    Product,
    Source,
    Term,
    TermState,
)
from catalog.models.job import REPROJECT
from catalog.models.sources import MACHINE_SOURCES, PRECEDENCE
from catalog.services.ledger import MachineValue, machine_values_record
from catalog.services.photos import placement_delete, placement_restore, placement_update
from catalog.services.products import product_update
from catalog.services.projection import project
from catalog.services.suggestions import suggestion_decide, suggestion_replace
from catalog.services.variants import variant_create
from tests.catalog.colours import staged
from tests.catalog.services.test_ledger_replay import CATEGORIES, acts, end_of, perform

pytestmark = pytest.mark.django_db

migration = importlib.import_module("catalog.migrations.0005_awaits_review")
TEXTS = ["A mug", "A cup"]
column_acts = st.one_of(
    st.tuples(st.just("write"), st.sampled_from(["title", "description"]), st.sampled_from(TEXTS)),
    st.tuples(st.just("charge"), st.sampled_from(["5.00", "6.00"])),
    st.tuples(st.just("call"), st.sampled_from(TEXTS)),
    st.tuples(st.just("photo"), st.booleans()),
    st.tuples(st.just("replace"), st.integers(0, 5), st.sampled_from(["red", "wool", "5.00"])),
    st.tuples(
        st.just("suggest"),
        st.sampled_from(["title", "description", "alt_text"]),
        st.sampled_from(TEXTS),
        st.sampled_from(sorted(MACHINE_SOURCES)),
    ),
    st.tuples(
        st.just("suggest"),
        st.just("price"),
        st.sampled_from(["5", "6.00"]),
        st.sampled_from(sorted(MACHINE_SOURCES)),
    ),
)
sequences = st.tuples(acts, st.lists(column_acts, max_size=8)).flatmap(
    lambda lists: st.permutations([*lists[0], *lists[1]])
)


def do(product: Product, act: tuple, person, batch) -> None:
    """One act; an act that is refused changes nothing."""
    placement = Placement.objects.get(product=product)
    with suppress(ValidationError):
        match act:
            case ("write", field, text):
                product_update(product=product, actor=person, fields={field: text})
            case ("charge", price):
                product_update(product=product, actor=person, fields={"price": Decimal(price)})
            case ("call", text):
                placement_update(placement=placement, actor=person, alt_text=text)
            case ("photo", stands):
                change = placement_restore if stands else placement_delete
                change(placement=placement, actor=person)
            case ("suggest", field, text, source):
                photo = placement.photo_id if field == "alt_text" else None
                said = MachineValue(field, [text], 0.5, photo_id=photo)
                machine_values_record(said={product: [said]}, source=source, model="m")
            case ("replace", number, value):
                waiting = product.ledger.filter(awaits_review=True).order_by("pk")
                if entries := list(waiting):
                    entry = entries[number % len(entries)]
                    suggestion_replace(entry=entry, value=value, actor=person)
            case _:
                perform(product, act, person, batch)


def defined(product: Product) -> set[int]:
    """The rows that await review, by the definition."""
    rows = list(LedgerEntry.objects.filter(product=product, retracted_at=None))
    rows = [row for row in rows if row.decision != Decision.REJECTED and is_possible(row)]
    undecided = [r for r in rows if r.source in MACHINE_SOURCES and not r.decision]
    undecided = [r for r in undecided if not any(r.created_at <= at for at in decided_at(r))]
    return {
        row.pk
        for row in undecided
        if row == max((r for r in undecided if place(r) == place(row)), key=rank)
        and not is_said(row, [r for r in rows if r not in undecided and place(r) == place(row)])
    }


def place(row: LedgerEntry) -> tuple:
    return (row.field, row.photo_id if row.field == "alt_text" else None)


def decided_at(row: LedgerEntry) -> list:
    """When a person accepted another word at the row's place, or wrote one in place of another."""
    there = [
        r
        for r in LedgerEntry.objects.filter(product=row.product_id, retracted_at=None)
        if place(r) == place(row)
    ]
    written = {r.created_at for r in there if r.source == Source.PERSON}
    return [
        r.decided_at
        for r in there
        if (r.decision == Decision.ACCEPTED and is_possible(r))
        or (r.decision == Decision.REJECTED and (r.decided_at in written or r.overwrote))
    ]


def rank(row: LedgerEntry) -> tuple:
    if row.decision:
        return (0, row.decided_at, row.pk)
    if row.source == Source.TOOL:
        return (1, row.created_at, row.pk)
    return (-PRECEDENCE.index(Source(row.source)), row.created_at, row.pk)


def is_possible(row: LedgerEntry) -> bool:
    if row.field == "category" and row.value:
        return Category.objects.filter(path=row.value[0]).exists()
    if row.field == "alt_text":
        return Placement.objects.alive().filter(photo=row.photo_id).exists()
    return True


def is_said(row: LedgerEntry, settled: list[LedgerEntry]) -> bool:
    product = Product.objects.get(pk=row.product_id)
    match row.field:
        case "title" | "description":
            return getattr(product, row.field) == row.value[0]
        case "alt_text":
            return Placement.objects.get(photo=row.photo_id).alt_text == row.value[0]
        case "price":
            return product.variants.get().price == Decimal(row.value[0])
    return bool(settled) and today(row) == today(max(settled, key=rank))


def today(row: LedgerEntry) -> set:
    if row.field != "color":
        return set(row.value or [])
    return {end_of(Term.objects.get(key=value)).key for value in row.value or []}


def awaiting(**of) -> set[int]:
    return set(LedgerEntry.objects.filter(awaits_review=True, **of).values_list("pk", flat=True))


@pytest.fixture
def pictured(make_product, vocabulary) -> Product:
    return make_product("Mug")


@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example(sequence=[("suggest", "title", "A mug", "zero-shot"), ("write", "title", "A mug")])
@example(sequence=[("suggest", "alt_text", "A mug", "zero-shot"), ("photo", False)])
@example(sequence=[("suggest", "price", "5", "zero-shot"), ("charge", "5.00")])
@given(sequence=sequences)
def test_what_awaits_review_is_what_the_definition_says(pictured, person, catalog, sequence):
    start_again(pictured, person)
    batch = Batch.objects.create(catalog=catalog, label="import")
    for act in sequence:
        do(pictured, act, person, batch)
    for job in Job.objects.filter(kind=REPROJECT):
        reproject(job)
    assert awaiting() == defined(pictured)


def start_again(product: Product, person) -> None:
    LedgerEntry.objects.all().delete()
    CurrentAttribute.objects.all().delete()
    Job.objects.all().delete()
    Product.objects.update(category=None, title="Mug", description="")
    product.refresh_from_db()
    product.variants.update(price=None)
    Placement.objects.update(deleted_at=None, alt_text="")
    Term.objects.update(state=TermState.ACTIVE, merged_into=None)
    AttributeDefinition.objects.update(machine_may_set=True)
    for path in CATEGORIES:
        perform(product, ("make category", path), person, None)


def test_word_of_a_better_source_takes_the_place_of_a_worse_one(product, guess):
    guess("color", ["red"], Source.VISION_LLM)
    guess("color", ["blue"], Source.ZERO_SHOT)
    (pk,) = awaiting()
    assert LedgerEntry.objects.get(pk=pk).value == ["red"]


def test_next_word_awaits_when_the_better_one_was_rejected(product, guess, person):
    better = guess("color", ["red"], Source.VISION_LLM)
    worse = guess("color", ["blue"], Source.ZERO_SHOT)
    suggestion_decide(entry=better, accept=False, actor=person)
    assert awaiting() == {worse.pk}


@pytest.mark.parametrize("edited", [False, True])
def test_what_was_said_before_a_decision_is_decided_on_with_it(product, guess, person, edited):
    guess("color", ["green"], Source.ZERO_SHOT)
    entry = guess("color", ["blue"], Source.VISION_LLM)
    if edited:
        suggestion_replace(entry=entry, value=["red"], actor=person)
    else:
        suggestion_decide(entry=entry, accept=True, actor=person)
    assert awaiting() == set()
    later = guess("color", ["red", "green"], Source.ZERO_SHOT)
    assert awaiting() == {later.pk}


def test_same_colours_in_another_order_are_the_same(product, says, guess):
    says("color", ["red", "blue"])
    guess("color", ["blue", "red"])
    assert awaiting() == set()


def test_machine_that_disagrees_with_a_person_awaits(product, says, guess):
    says("color", "red")
    entry = guess("color", ["blue"])
    assert awaiting() == {entry.pk}


def test_each_photo_s_text_awaits_by_itself(make_product, vocabulary, person):
    product = make_product("Mug", photos=[staged("red", mark=1), staged("blue", mark=2)])
    photos = Placement.objects.filter(product=product).values_list("photo_id", flat=True)
    said = [MachineValue("alt_text", ["A mug"], 0.5, photo_id=photo) for photo in photos]
    for each in said:
        LedgerEntry.objects.create(
            product=product,
            field=each.field,
            value=each.value,
            source=Source.VISION_LLM,
            photo_id=each.photo_id,
        )
    project([product], ["alt_text"])
    assert len(awaiting(field="alt_text")) == 2


def test_price_of_another_variant_does_not_answer_a_suggestion(product, guess, person):
    variant_create(product=product, actor=person, sku="B", price=Decimal(5))
    entry = guess("price", ["5"])
    assert awaiting() == {entry.pk}


def test_marking_many_products_takes_as_many_queries_as_few(make_product, vocabulary):
    products = [make_product(f"Mug {n}", color=None) for n in range(6)]
    fields = ["color", "title", "price", "material"]

    def queries(some: list[Product]) -> int:
        LedgerEntry.objects.all().delete()
        LedgerEntry.objects.bulk_create(
            LedgerEntry(product=product, field=field, value=["blue"], source=Source.ZERO_SHOT)
            for product in some
            for field in fields
        )
        with CaptureQueriesContext(connection) as captured:
            project(some, fields)
        return len(captured)

    assert queries(products[:2]) == queries(products)


def test_migration_leaves_each_field_that_machines_speak_of_to_a_job(product, guess, says):
    entry = guess("color", ["blue"])
    guess("title", ["A fine mug"])
    says("material", "wood")
    LedgerEntry.objects.update(awaits_review=False)
    Job.objects.all().delete()
    migration.renew(apps, None)
    jobs = list(Job.objects.order_by("pk"))
    assert [(job.kind, job.arguments["field"]) for job in jobs] == [
        (REPROJECT, "color"),
        (REPROJECT, "title"),
    ]
    for job in jobs:
        reproject(job)
    assert awaiting(field="color") == {entry.pk}
    assert len(awaiting()) == 2
