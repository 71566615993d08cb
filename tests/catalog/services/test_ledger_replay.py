"""The projection is what replaying the whole ledger gives, after any sequence of acts."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from catalog.models import (
    Batch,
    CurrentAttribute,
    CurrentTerm,
    Decision,
    LedgerEntry,
    Product,
    Source,
)
from catalog.models.ledger import MACHINE_SOURCES, PRECEDENCE
from catalog.services.ledger import (
    MachineValue,
    attribute_set,
    attribute_undo,
    attribute_unlock,
    batch_retract,
    machine_values_record,
)
from catalog.services.suggestions import suggestion_decide

pytestmark = pytest.mark.django_db

FIELDS = {
    "color": [["red"], ["blue", "green"]],
    "composition": [["wool"], ["silk"]],
    "category": [["clothes"], ["home/kitchen/mugs"]],
}
field_and_value = st.one_of(
    *(
        st.tuples(st.just(field), st.sampled_from([*values, None]))
        for field, values in FIELDS.items()
    )
)
machine_word = st.one_of(
    *(st.tuples(st.just(field), st.sampled_from(values)) for field, values in FIELDS.items())
)
acts = st.lists(
    st.one_of(
        st.tuples(st.just("set"), field_and_value, st.sampled_from(["person", "import"])),
        st.tuples(st.just("guess"), machine_word, st.sampled_from(sorted(MACHINE_SOURCES))),
        st.tuples(st.just("undo"), st.sampled_from(sorted(FIELDS))),
        st.tuples(st.just("unlock"), st.sampled_from(sorted(FIELDS))),
        st.tuples(st.just("decide"), st.integers(0, 20), st.booleans()),
        st.tuples(st.just("retract batch")),
    ),
    max_size=12,
)


def perform(product: Product, act: tuple, person, batch: Batch) -> None:
    match act:
        case ("set", (field, value), source):
            attribute_set(
                product=product,
                field=field,
                value=value,
                actor=person,
                source=source,
                batch=batch if source == Source.IMPORT else None,
            )
        case ("guess", (field, value), source):
            said = [MachineValue(field, value, 0.5)]
            machine_values_record(said={product: said}, source=source, model="m")
        case ("undo", field):
            attribute_undo(product=product, field=field, actor=person)
        case ("unlock", field):
            attribute_unlock(product=product, field=field, actor=person)
        case ("decide", number, accept):
            standing = product.ledger.filter(source__in=MACHINE_SOURCES, retracted_at=None)
            guesses = list(standing.order_by("pk"))
            if guesses:
                entry = guesses[number % len(guesses)]
                suggestion_decide(entry=entry, accept=accept, actor=person)
        case ("retract batch",):
            batch_retract(batch=batch, actor=person)


def replayed(product: Product) -> dict[str, tuple]:
    """What the ledger's rows say, by the rules as the design states them."""
    winners: dict[str, tuple] = {}
    for row in LedgerEntry.objects.filter(product=product):
        accepted = row.decision == Decision.ACCEPTED
        if row.retracted_at or row.decision == Decision.REJECTED:
            continue
        if row.source in MACHINE_SOURCES and row.field == "composition" and not accepted:
            continue
        rank = 0 if accepted else PRECEDENCE.index(Source(row.source))
        said_at = row.decided_at if accepted else row.created_at
        standing = (-rank, said_at, row.pk)
        if row.field not in winners or standing > winners[row.field][0]:
            locked = accepted or row.source == Source.PERSON
            winners[row.field] = (standing, row.value, row.source, locked)
    return {field: winner[1:] for field, winner in winners.items()}


@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(sequence=acts)
def test_projection_equals_the_replayed_ledger(product, person, catalog, sequence):
    LedgerEntry.objects.all().delete()
    CurrentAttribute.objects.all().delete()
    Product.objects.update(category=None)
    product.refresh_from_db()
    batch = Batch.objects.create(catalog=catalog, label="import")
    for act in sequence:
        perform(product, act, person, batch)

    expected = replayed(product)
    rows = CurrentAttribute.objects.filter(product=product)
    assert {row.field: (row.value, row.source, row.locked) for row in rows} == expected
    terms = CurrentTerm.objects.filter(product=product).values_list("field", "value")
    assert sorted(terms) == sorted(
        (field, value) for field, (values, *_) in expected.items() for value in values or []
    )
    product.refresh_from_db()
    path = (expected.get("category", (None,))[0] or [None])[0]
    assert (product.category.path if product.category else None) == path
