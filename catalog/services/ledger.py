"""The one way in which values of fields are written: rows of the ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from catalog.models import (
    Batch,
    CurrentAttribute,
    Decision,
    LedgerEntry,
    Product,
    Source,
    Variant,
)
from catalog.models.sources import MACHINE_SOURCES
from catalog.services.attribute_values import CATEGORY, COLUMN_FIELDS, Definitions, clean_value
from catalog.services.audit import audit, audit_many
from catalog.services.projection import lock_products, project

# What a row of the ledger says of decisions as long as nobody decided.
UNDECIDED: dict[str, Any] = {
    "decision": Decision.NONE,
    "decided_by": None,
    "decided_at": None,
    "decision_batch": None,
    "taken_back": Decision.NONE,
    "overwrote": {},
}
ALT_TEXT = "alt_text"


@dataclass(frozen=True)
class MachineValue:
    """What a machine says of one field. `confidence` is in [0, 1], None when it cannot tell;
    `said_confidence` the machine's own word where something else was weighed too (`evidence`).

    `proposed` are keys of proposed terms that stand in the value beside those of the list: they
    are kept for a person to decide on, and count nowhere before that.
    """

    field: str
    value: list | None
    confidence: float | None
    photo_id: int | None = None
    locale: str = ""
    said_confidence: float | None = None
    evidence: Mapping[str, Any] = dataclass_field(default_factory=dict)
    proposed: tuple[str, ...] = ()


@transaction.atomic
def attribute_set(
    *,
    product: Product,
    field: str,
    value: Any,
    actor: Any,
    variant: Variant | None = None,
    locale: str = "",
    source: str = Source.PERSON,
    batch: Batch | None = None,
    at: datetime | None = None,
) -> LedgerEntry:
    """A person (or an import) gives a field its value; None empties it deliberately.

    A person's value locks the field. What belongs to one act has the same `at`. Raises
    ValidationError keyed by the field when the value does not fit its definition, or for a field
    that is a column of the product itself.
    """
    if field in COLUMN_FIELDS:
        raise ValidationError({field: ["This is no attribute: change the product's own field."]})
    lock_products([product.pk])
    cleaned = clean_value(field, value)
    entry = LedgerEntry.objects.create(
        product=product,
        variant=variant,
        field=field,
        locale=locale,
        value=cleaned,
        source=source,
        batch=batch,
        created_by=actor,
        created_at=at or timezone.now(),
    )
    project([product], [field])
    audit(
        actor=actor,
        action="attribute.set",
        target=product,
        catalog=product.catalog,
        summary=f"{field} = {cleaned}",
        data={"field": field, "value": cleaned, "entry": entry.pk},
    )
    return entry


@transaction.atomic
def attributes_set(
    *,
    products: Iterable[Product],
    field: str,
    value: Any,
    actor: Any,
    batch: Batch | None = None,
) -> int:
    """A person gives a field of many products one value; None empties it deliberately.

    Takes as many queries as for one product. Products that are deleted meanwhile are left out;
    returns how many were written. Raises as `attribute_set`.
    """
    if field in COLUMN_FIELDS:
        raise ValidationError({field: ["This is no attribute: change the product's own field."]})
    held = lock_products({product.pk for product in products})
    alive = [product for product in held if product.deleted_at is None]
    cleaned = clean_value(field, value)
    now = timezone.now()
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            product=product,
            field=field,
            value=cleaned,
            source=Source.PERSON,
            batch=batch,
            created_by=actor,
            created_at=now,
        )
        for product in alive
    )
    project(alive, [field])
    data = {"field": field, "value": cleaned, "batch": batch.pk if batch else None}
    targets = [(product, f"{field} = {cleaned}") for product in alive]
    audit_many(actor=actor, action="attribute.set", targets=targets, data=[data] * len(targets))
    return len(alive)


@transaction.atomic
def attribute_unlock(
    *,
    product: Product,
    field: str,
    actor: Any,
    variant: Variant | None = None,
    locale: str = "",
) -> int:
    """Take back people's values and acceptances of a field, so that machines may fill it again."""
    lock_products([product.pk])
    rows = LedgerEntry.objects.filter(
        product=product, variant=variant, field=field, locale=locale, retracted_at=None
    )
    count = rows.filter(source=Source.PERSON).update(
        retracted_at=timezone.now(), retracted_by=actor
    )
    count += rows.filter(decision=Decision.ACCEPTED).update(**UNDECIDED)
    project([product], [field])
    audit(
        actor=actor,
        action="attribute.unlock",
        target=product,
        catalog=product.catalog,
        summary=field,
    )
    return count


@transaction.atomic
def attribute_undo(
    *,
    product: Product,
    field: str,
    actor: Any,
    variant: Variant | None = None,
    locale: str = "",
) -> bool:
    """Take back what counts in a field, if a person or an import said it or accepted it.

    Returns False when nothing counts but what a machine says by itself. The value before it,
    whoever gave it, becomes current.
    """
    lock_products([product.pk])
    current = (
        CurrentAttribute.objects.filter(
            product=product, variant=variant, field=field, locale=locale
        )
        .select_related("entry")
        .first()
    )
    if current is None:
        return False
    entry = LedgerEntry.objects.filter(pk=current.entry_id)
    if current.entry.decision == Decision.ACCEPTED:
        entry.update(**UNDECIDED)
    elif current.source in MACHINE_SOURCES:
        return False
    else:
        entry.update(retracted_at=timezone.now(), retracted_by=actor)
    project([product], [field])
    audit(
        actor=actor,
        action="attribute.undo",
        target=product,
        catalog=product.catalog,
        summary=field,
        data={"field": field, "entry": current.entry_id},
    )
    return True


@transaction.atomic
def machine_values_record(
    *,
    said: Mapping[Product, Sequence[MachineValue]],
    source: str,
    model: str,
    prompt_version: str = "",
    considered: Collection[str] | Mapping[Product, Collection[str]] = (),
    told: bool = False,
    batch: Batch | None = None,
) -> dict[Product, ValidationError]:
    """Write what a machine says of some products, in as many queries as for one.

    The same source's earlier undecided word on a field is retracted, also on those it `considered`
    (all, or by product) and is silent about now; the same value again adds nothing, and what a
    person rejected is not said again. `told` as for `project`. What is written belongs to the
    `batch`, which can be undone; it remembers what it retracted. Nothing is written of products
    with a value that does not fit; they are returned with what is wrong.
    """
    products = {product.pk: product for product in said}
    asked = considered if isinstance(considered, Mapping) else dict.fromkeys(said, considered)
    fields = {value.field for values in said.values() for value in values}.union(*asked.values())
    lock_products(products.keys())
    definitions = Definitions(fields, _paths(said))
    cleaned, refused = _cleaned(said, definitions)
    earlier = _earlier(cleaned, fields, source)
    # One moment for what is said and for what it replaces, so that undoing brings that back.
    now = timezone.now()
    word = _Word(source, model, prompt_version, batch, now)
    outdated: list[LedgerEntry] = []
    new: list[LedgerEntry] = []
    for product, values in cleaned.items():
        kept, gone = _compare(earlier[product.pk], values, asked[product], model)
        outdated += gone
        new += [word.entry(product, value) for value in kept]
    LedgerEntry.objects.filter(pk__in=[row.pk for row in outdated]).update(
        retracted_at=now, retraction_batch=batch
    )
    LedgerEntry.objects.bulk_create(new)
    changed = [*outdated, *new]
    project(
        [products[pk] for pk in {row.product_id for row in changed}],
        {row.field for row in changed},
        told=told,
        definitions=definitions,
    )
    return refused


@dataclass(frozen=True)
class _Word:
    """Whose word on some products is written down, and when."""

    source: str
    model: str
    prompt_version: str
    batch: Batch | None
    at: datetime

    def entry(self, product: Product, value: MachineValue) -> LedgerEntry:
        return LedgerEntry(
            product=product,
            field=value.field,
            locale=value.locale,
            value=value.value,
            source=self.source,
            photo_id=value.photo_id,
            model=self.model,
            prompt_version=self.prompt_version,
            confidence=value.confidence,
            said_confidence=value.said_confidence,
            evidence=dict(value.evidence),
            batch=self.batch,
            created_at=self.at,
        )


def _paths(said: Mapping[Product, Sequence[MachineValue]]) -> set[str]:
    """The paths of categories that are named."""
    return {
        str(value.value[0])
        for values in said.values()
        for value in values
        if value.field == CATEGORY and value.value
    }


def _cleaned(
    said: Mapping[Product, Sequence[MachineValue]], definitions: Definitions
) -> tuple[dict[Product, list[MachineValue]], dict[Product, ValidationError]]:
    """The values as the ledger keeps them, and the products with one that does not fit."""
    cleaned: dict[Product, list[MachineValue]] = {}
    refused: dict[Product, ValidationError] = {}
    for product, values in said.items():
        try:
            cleaned[product] = [_clean(value, definitions) for value in values]
        except ValidationError as error:
            refused[product] = error
    return cleaned, refused


def _clean(value: MachineValue, definitions: Definitions) -> MachineValue:
    cleaned = clean_value(value.field, value.value, definitions)
    if value.proposed:
        cleaned = list(dict.fromkeys([*(cleaned or []), *value.proposed]))
    return replace(value, value=cleaned)


def _earlier(
    products: Collection[Product], fields: Collection[str], source: str
) -> dict[int, list[LedgerEntry]]:
    """What the source said of these fields and did not take back, by product, oldest first."""
    found: dict[int, list[LedgerEntry]] = {product.pk: [] for product in products}
    rows = LedgerEntry.objects.filter(
        product__in=found, variant=None, field__in=fields, source=source, retracted_at=None
    )
    for row in rows.order_by("created_at", "pk"):
        found[row.product_id].append(row)
    return found


def _compare(
    earlier: Sequence[LedgerEntry],
    values: Sequence[MachineValue],
    considered: Collection[str],
    model: str,
) -> tuple[list[MachineValue], list[LedgerEntry]]:
    """What of the values is new, and the earlier rows that are not said any more."""
    standing = [row for row in earlier if row.decision != Decision.REJECTED]
    rejected = [row for row in earlier if row.decision == Decision.REJECTED]
    no_more = [(_place(row), row.value) for row in rejected]
    said = [value for value in values if (_place(value), value.value) not in no_more]
    latest = {_place(row): (row.value, row.model) for row in standing}
    new = [value for value in said if latest.get(_place(value)) != (value.value, model)]
    replaced = {_place(value) for value in new}
    spoken = {_place(value) for value in said}
    outdated = [
        row
        for row in standing
        if row.decision == Decision.NONE
        and (_place(row) in replaced or (row.field in considered and _place(row) not in spoken))
    ]
    return new, outdated


def _place(said: MachineValue | LedgerEntry) -> tuple[str, str, int | None]:
    """Of what something is said: a field in a language, and of each photo what it shows."""
    photo = said.photo_id if said.field == ALT_TEXT else None
    return said.field, said.locale, photo
