"""What a tool says of a field because a person wants it said: a suggestion, and never more.

Like other machines' words these are rows of the ledger that wait for a person. Unlike theirs none
counts before it is accepted, whatever the field, and a describing model has no say over them: each
source takes back only words of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from catalog.models import (
    AttributeDefinition,
    AttributeKind,
    Batch,
    Decision,
    LedgerEntry,
    Placement,
    Product,
    Source,
    TermState,
    Variant,
)
from catalog.services.attribute_values import (
    ATTRIBUTES,
    CHOICES,
    COLUMN_FIELDS,
    MAX_VALUES,
    check_text,
    clean_value,
)
from catalog.services.audit import audit
from catalog.services.errors import conflict
from catalog.services.ledger import ALT_TEXT
from catalog.services.projection import lock_products, project
from catalog.services.reviewing import MONEY_COLUMNS, PRODUCT_COLUMNS, place_of
from catalog.services.term_proposals import term_proposed
from catalog.services.undoing import bring_back

MAX_LOCALE = 20
ALREADY = "The product says this already: there is nothing to review."


@dataclass(frozen=True)
class ToolValue:
    """What a tool suggests for one field: of a product, of a variant, or of a photo's text.

    `value` is one value or a list. `evidence` says where it comes from: {"run": id, "tool": key,
    "title": the tool's name, "block": ..., "key": ...}. `model` is "" where rules wrote it.
    """

    field: str
    value: Any
    locale: str = ""
    photo_id: int | None = None
    variant_id: int | None = None
    model: str = ""
    prompt_version: str = ""
    evidence: Mapping[str, Any] = dataclass_field(default_factory=dict)


@dataclass(frozen=True)
class Suggested:
    """The row of the ledger, and whether it was written just now."""

    entry: LedgerEntry
    is_new: bool


@transaction.atomic
def tool_value_suggest(
    *, product: Product, said: ToolValue, actor: Any, batch: Batch | None = None
) -> Suggested:
    """Have a tool's value wait for review, in place of what tools had suggested there before.

    The same again is the same suggestion. A value that a closed list lacks becomes a proposed term.
    Raises ValidationError keyed by the field for what does not fit, was rejected before, or is what
    the product says already; nothing is written then.
    """
    lock_products([product.pk])
    row = _row(product, said, batch)
    row.value = _checked(row, said.value)
    earlier = _earlier(row)
    same = next((each for each in earlier if each.value == row.value), None)
    if same is not None and same.decision == Decision.NONE and same.awaits_review:
        return Suggested(same, is_new=False)
    if same is not None and same.decision == Decision.REJECTED:
        who = same.decided_by or "Somebody"
        message = f"{who} has rejected this suggestion here. Change it before you suggest it again."
        raise conflict(row.field, message)
    if _wait(row, earlier):
        _audit(row, actor, "suggestion.make")
        return Suggested(row, is_new=True)
    if same is not None and same.decision == Decision.ACCEPTED:
        return Suggested(same, is_new=False)
    raise conflict(row.field, ALREADY)


@transaction.atomic
def tool_value_withdraw(*, entry: LedgerEntry, actor: Any) -> None:
    """Take back a tool's suggestion; what it had taken the place of waits again.

    Raises ValidationError when somebody has decided on it, or it was taken back meanwhile.
    """
    lock_products([entry.product_id])
    row = LedgerEntry.objects.select_related("product__catalog").get(pk=entry.pk)
    if row.source != Source.TOOL or row.retracted_at is not None:
        raise conflict(row.field, "This is no suggestion of a tool, or was taken back.")
    if row.decision != Decision.NONE:
        raise conflict(row.field, f"This suggestion was {row.decision}: undo that first.")
    now = timezone.now()
    LedgerEntry.objects.filter(pk=row.pk).update(retracted_at=now, retracted_by=actor)
    replaced = Q(retracted_at=row.created_at, retraction_batch=row.batch, field=row.field)
    bring_back([row.product_id], replaced & Q(source=Source.TOOL))
    project([row.product], [row.field])
    _audit(row, actor, "suggestion.withdraw")


def _row(product: Product, said: ToolValue, batch: Batch | None) -> LedgerEntry:
    """The row without its value. Raises ValidationError when it is about nothing that there is."""
    check_text(ATTRIBUTES, said.field)
    check_text(said.field, said.locale)
    if len(said.locale) > MAX_LOCALE:
        raise conflict(said.field, f"“{said.locale[:MAX_LOCALE]}…” is no language.")
    column = said.field in COLUMN_FIELDS
    return LedgerEntry(
        product=product,
        variant=_variant(product, said),
        field=said.field,
        locale=_language(product, said) if column else said.locale,
        source=Source.TOOL,
        photo_id=_photo(product, said),
        model=said.model[:160],
        prompt_version=said.prompt_version[:40],
        evidence=dict(said.evidence),
        batch=batch,
        created_at=timezone.now(),
    )


def _variant(product: Product, said: ToolValue) -> Variant | None:
    """The variant that is meant; of money the product's only one."""
    if said.field in COLUMN_FIELDS and said.field not in MONEY_COLUMNS:
        return None
    sold = list(Variant.objects.alive().filter(product=product.pk).order_by("position", "pk"))
    if said.variant_id is not None:
        meant = next((each for each in sold if each.pk == said.variant_id), None)
        if meant is None:
            raise conflict(said.field, "This variant is no longer sold: it was deleted.")
        return meant
    if said.field not in MONEY_COLUMNS:
        return None
    if len(sold) != 1:
        raise conflict(said.field, "Say for which variant: the product has several.")
    return sold[0]


def _language(product: Product, said: ToolValue) -> str:
    """The language of a column: texts are kept in the catalogue's only."""
    if said.field in MONEY_COLUMNS:
        return ""
    known = product.catalog.language
    if said.locale and said.locale.partition("-")[0].casefold() != known.partition("-")[0]:
        message = (
            f"The texts of this catalogue are in “{known}”, and this one is in “{said.locale}”."
        )
        raise conflict(said.field, message)
    return known


def _photo(product: Product, said: ToolValue) -> int | None:
    if said.photo_id is None:
        if said.field == ALT_TEXT:
            raise conflict(said.field, "Say which photo this describes.")
        return None
    shown = Placement.objects.alive().filter(product=product.pk)
    # Compared here: what a model names may be no id that a database can look for.
    if said.photo_id not in set(shown.values_list("photo", flat=True)):
        raise conflict(said.field, "This photo is no longer on the product.")
    return said.photo_id


def _checked(row: LedgerEntry, value: Any) -> list:
    """The value as the ledger keeps it, if what the row is about can hold it."""
    if row.field in COLUMN_FIELDS:
        return [_column_text(row, value)]
    definition = AttributeDefinition.objects.filter(key=row.field).first()
    if definition is not None and definition.closed and definition.kind in CHOICES:
        cleaned = _of_closed_list(row, definition, value)
    else:
        cleaned = clean_value(row.field, value)
    if not cleaned:
        raise conflict(row.field, "There is nothing to suggest: the value is empty.")
    return cleaned


def _column_text(row: LedgerEntry, value: Any) -> str:
    between = "\n\n" if row.field == "description" else " "
    parts = value if isinstance(value, list) else [value]
    text = between.join(str(part) for part in parts if part is not None).strip()
    check_text(row.field, text)
    if not text:
        raise conflict(row.field, "There is nothing to suggest: the text is empty.")
    if row.field in PRODUCT_COLUMNS:
        holder: Any = row.product
    else:
        holder = Placement() if row.field == ALT_TEXT else row.variant
    try:
        holder._meta.get_field(row.field).clean(text, holder)  # noqa: SLF001 -- Django's public model meta
    except ValidationError as error:
        raise ValidationError({row.field: error.messages}) from error
    return text


def _of_closed_list(row: LedgerEntry, definition: AttributeDefinition, value: Any) -> list | None:
    """Values of the list, with what it lacks as proposed terms. Raises ValidationError for a term
    that somebody decided against.
    """
    words = value if isinstance(value, list) else [value]
    if len(words) > MAX_VALUES:
        raise conflict(row.field, f"Give at most {MAX_VALUES} values.")
    keys: list[str] = []
    for word in words:
        try:
            keys += clean_value(row.field, word) or []
        except ValidationError:
            check_text(row.field, word)
            language = row.product.catalog.language
            term = term_proposed(attribute=definition, value=str(word), language=language)
            if term.state == TermState.REJECTED:
                message = f"“{word}” was decided against: it is no value of the vocabulary."
                raise conflict(row.field, message) from None
            keys.append(term.key)
    chosen = list(dict.fromkeys(keys))
    if definition.kind == AttributeKind.CHOICE and len(chosen) > 1:
        raise conflict(row.field, "Choose one value.")
    return chosen or None


def _earlier(row: LedgerEntry) -> list[LedgerEntry]:
    """What tools said of the same and was not taken back, the newest first."""
    rows = LedgerEntry.objects.filter(
        product=row.product,
        variant=row.variant,
        field=row.field,
        locale=row.locale,
        source=Source.TOOL,
        retracted_at=None,
    )
    found = rows.select_related("decided_by").order_by("-created_at", "-pk")
    return [each for each in found if place_of(each) == place_of(row)]


@transaction.atomic
def _wait(row: LedgerEntry, earlier: Sequence[LedgerEntry]) -> bool:
    """Write the row in place of earlier ones, if there is anything to review; False if not."""
    replaced = [each.pk for each in earlier if each.decision == Decision.NONE]
    LedgerEntry.objects.filter(pk__in=replaced).update(
        # One moment for what is said and for what it replaces, so that undoing brings that back.
        retracted_at=row.created_at,
        retraction_batch=row.batch,
    )
    row.save()
    project([row.product], [row.field])
    row.refresh_from_db(fields=["awaits_review"])
    if row.awaits_review:
        return True
    transaction.set_rollback(True)
    return False


def _audit(row: LedgerEntry, actor: Any, action: str) -> None:
    audit(
        actor=actor,
        action=action,
        target=row.product,
        catalog=row.product.catalog,
        summary=f"{row.field} = {row.value}",
        data={"entry": row.pk, "field": row.field, **row.evidence},
    )
