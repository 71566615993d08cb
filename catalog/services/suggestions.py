"""What machines said, accepted or rejected by people."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from catalog.models import Decision, LedgerEntry, Placement
from catalog.services.attribute_values import COLUMN_FIELDS
from catalog.services.audit import audit
from catalog.services.errors import conflict
from catalog.services.photos import placement_update
from catalog.services.products import product_update
from catalog.services.projection import lock_products, project
from catalog.services.variants import VARIANT_FIELDS, variant_update


@transaction.atomic
def suggestion_decide(*, entry: LedgerEntry, accept: bool, actor: Any) -> None:
    """A person accepts or rejects what a machine said. Who wrote it stays on record.

    What is accepted of a field that is a column is written there, as what people write is. Raises
    ValidationError with messages by field when it does not fit there, or was withdrawn meanwhile;
    nothing is decided then.
    """
    (entry.product,) = lock_products([entry.product_id])
    entry.refresh_from_db(fields=["retracted_at", "decision"])
    if entry.retracted_at is not None:
        raise conflict(entry.field, "This suggestion was withdrawn meanwhile.")
    if accept and entry.field in COLUMN_FIELDS:
        _write_column(entry, actor)
    LedgerEntry.objects.filter(pk=entry.pk).update(
        decision=Decision.ACCEPTED if accept else Decision.REJECTED,
        decided_by=actor,
        decided_at=timezone.now(),
    )
    project([entry.product], [entry.field])
    audit(
        actor=actor,
        action="suggestion.accept" if accept else "suggestion.reject",
        target=entry.product,
        catalog=entry.product.catalog,
        summary=f"{entry.field} = {entry.value}",
        data={"entry": entry.pk},
    )


def _write_column(entry: LedgerEntry, actor: Any) -> None:
    text = entry.value[0] if entry.value else None
    if entry.field == "alt_text":
        _write_alt_text(entry, text or "", actor)
    elif entry.variant is not None and entry.field in VARIANT_FIELDS:
        variant_update(variant=entry.variant, actor=actor, **{entry.field: text})
    else:
        product_update(product=entry.product, actor=actor, fields={entry.field: text})


def _write_alt_text(entry: LedgerEntry, text: str, actor: Any) -> None:
    """A photo may stand on a product more than once, and looks the same everywhere."""
    shown = Placement.objects.alive().filter(product=entry.product, photo=entry.photo_id)
    placements = list(shown.select_related("product__catalog").order_by("pk"))
    if not placements:
        raise conflict(entry.field, "The photo that it describes is no longer on the product.")
    for placement in placements:
        placement_update(placement=placement, actor=actor, alt_text=text)
