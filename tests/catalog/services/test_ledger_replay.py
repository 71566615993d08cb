"""The projection is what replaying the whole ledger gives in the vocabulary as it is, after any
sequence of acts.
"""

from __future__ import annotations

from contextlib import suppress

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from catalog.ingest.jobs import REPROJECT, reproject
from catalog.models import (
    AttributeDefinition,
    Batch,
    Category,
    CurrentAttribute,
    Decision,
    Job,
    LedgerEntry,
    Product,
    Source,
    Term,
    TermState,
)
from catalog.models.sources import MACHINE_SOURCES, PRECEDENCE
from catalog.services.batches import batch_retract
from catalog.services.ledger import (
    MachineValue,
    attribute_set,
    attribute_undo,
    attribute_unlock,
    machine_values_record,
)
from catalog.services.suggestions import suggestion_decide
from catalog.services.vocabulary import (
    category_delete,
    category_save,
    definition_save,
    term_save,
    terms_decide,
)

pytestmark = pytest.mark.django_db

FIELDS = {
    "color": [["red"], ["blue", "green"]],
    "composition": [["wool"], ["silk"]],
    "category": [["clothes"], ["home/kitchen/mugs"]],
}
RED = ("set", ("color", ["red"]), "person")
GUESS = ("guess", ("color", ["blue", "green"]), "zero-shot")
CATEGORIES = ["clothes", "home/kitchen/mugs"]
colors = st.sampled_from(["red", "blue", "green"])
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
        st.tuples(
            st.just("machines may"), st.sampled_from(["color", "composition"]), st.booleans()
        ),
        st.tuples(st.just("merge"), colors, colors),
        st.tuples(
            st.just("judge"), colors, st.sampled_from([TermState.ACTIVE, TermState.REJECTED])
        ),
        st.tuples(st.just("drop category"), st.sampled_from(CATEGORIES)),
        st.tuples(st.just("make category"), st.sampled_from(CATEGORIES)),
    ),
    max_size=12,
)


def perform(product: Product, act: tuple, person, batch: Batch | None) -> None:
    """One act; an act that is refused changes nothing."""
    with suppress(ValidationError):
        if act[0] in {"set", "guess", "undo", "unlock", "decide", "retract batch"}:
            say(product, act, person, batch)
        else:
            change_vocabulary(act, person)


def change_vocabulary(act: tuple, person) -> None:
    match act:
        case ("machines may", key, allowed):
            definition = AttributeDefinition.objects.get(key=key)
            definition.machine_may_set = allowed
            definition_save(definition=definition, actor=person)
        case ("merge", key, into):
            term = Term.objects.get(key=key)
            term.state, term.merged_into = TermState.MERGED, Term.objects.get(key=into)
            term_save(term=term, actor=person)
        case ("judge", key, state):
            terms_decide(terms=[Term.objects.get(key=key)], state=state, actor=person)
        case ("drop category", path):
            for category in Category.objects.filter(path=path):
                category_delete(category=category, actor=person)
        case ("make category", path):
            make_category(path, person)


def make_category(path: str, person) -> None:
    above, _, slug = path.rpartition("/")
    parent = Category.objects.get(path=above) if above else None
    category_save(actor=person, slug=slug, labels={"en": slug}, parent=parent)


def say(product: Product, act: tuple, person, batch: Batch) -> None:
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
    """What the ledger's rows say, by the rules as the design states them: by field the value, its
    source, whether it is locked, and its terms.
    """
    definitions = {row.key: row for row in AttributeDefinition.objects.all()}
    categories = set(Category.objects.values_list("path", flat=True))
    winners: dict[str, tuple] = {}
    for row in LedgerEntry.objects.filter(product=product):
        accepted = row.decision == Decision.ACCEPTED
        if row.retracted_at or row.decision == Decision.REJECTED:
            continue
        machines_may = row.field == "category" or definitions[row.field].machine_may_set
        machines_may = machines_may and row.source != Source.TOOL
        if row.source in MACHINE_SOURCES and not (machines_may or accepted):
            continue
        if row.field == "category" and row.value and row.value[0] not in categories:
            continue
        rank = 0 if accepted else PRECEDENCE.index(Source(row.source))
        said_at = row.decided_at if accepted else row.created_at
        standing = (-rank, said_at, row.pk)
        if row.field not in winners or standing > winners[row.field][0]:
            locked = accepted or row.source == Source.PERSON
            winners[row.field] = (standing, *in_terms(row), row.source, locked)
    return {field: winner[1:] for field, winner in winners.items()}


def in_terms(row: LedgerEntry) -> tuple[list | None, set[str]]:
    """The value with merged colours as those they were merged into; what filters offer of it."""
    if row.field != "color" or not row.value:
        return row.value, set(row.value or [])
    ends = [end_of(Term.objects.get(key=value)) for value in row.value]
    keys = list(dict.fromkeys(term.key for term in ends))
    return keys, {term.key for term in ends if term.state == TermState.ACTIVE}


def end_of(term: Term) -> Term:
    return end_of(term.merged_into) if term.merged_into else term


@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example(sequence=[RED, ("merge", "red", "blue"), ("merge", "blue", "green")])
@example(sequence=[RED, ("judge", "red", TermState.REJECTED)])
@example(sequence=[GUESS, ("machines may", "color", False)])
@example(sequence=[GUESS, ("decide", 0, True), RED, ("undo", "color")])
@given(sequence=acts)
def test_projection_equals_the_replayed_ledger(product, person, catalog, sequence):
    LedgerEntry.objects.all().delete()
    CurrentAttribute.objects.all().delete()
    Job.objects.all().delete()
    Product.objects.update(category=None)
    product.refresh_from_db()
    Term.objects.update(state=TermState.ACTIVE, merged_into=None)
    AttributeDefinition.objects.update(machine_may_set=True)
    AttributeDefinition.objects.filter(key="composition").update(machine_may_set=False)
    for path in CATEGORIES:
        perform(product, ("make category", path), person, None)
    batch = Batch.objects.create(catalog=catalog, label="import")
    for act in sequence:
        perform(product, act, person, batch)
    for job in Job.objects.filter(kind=REPROJECT):
        reproject(job)

    expected = replayed(product)
    rows = CurrentAttribute.objects.filter(product=product).prefetch_related("terms")
    assert {
        row.field: (row.value, {term.value for term in row.terms.all()}, row.source, row.locked)
        for row in rows
    } == expected
    product.refresh_from_db()
    path = (expected.get("category", (None,))[0] or [None])[0]
    assert (product.category.path if product.category else None) == path
