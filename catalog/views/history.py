"""What was done to a product, in words: acts on its values, and the audit trail of all else."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.urls import reverse

from catalog import selectors
from catalog.models import AuditEvent, Batch, Product, ProductStatus
from catalog.provenance import acts_of
from catalog.services.attribute_values import CATEGORY
from catalog.services.going_back import GO_BACK
from catalog.views.present import Labels
from catalog.views.provenance import act_event, read_values

SHOWN = 30
WORDS = {
    "product.create": "Product created",
    "product.update": "Changed",
    "product.delete": "Product deleted",
    "product.restore": "Product restored",
    "product.status": "Status",
    "product.approve": "Approved as",
    "product.withdraw": "Approval taken back of",
    "product.go_back": "Taken back to",
    "variant.create": "Variant added",
    "variant.update": "Variant changed",
    "variant.delete": "Variant deleted",
    "variant.restore": "Variant restored",
    "photo.update": "Photo changed",
    "photo.reorder": "Photos put in another order",
    "photo.remove": "Photo removed",
    "photo.restore": "Photo restored",
    "suggestion.undecide": "Decision taken back",
    "product.undo": "Taken back",
}
# What these did stands in the ledger, and is told by its acts.
IN_THE_LEDGER = frozenset(
    {"attribute.set", "suggestion.accept", "suggestion.reject", "suggestion.replace"}
)
# What these are about are versions.
VERSIONS = frozenset({"product.approve", "product.withdraw", "product.go_back"})
# What these summaries repeat stands on the page already.
WITHOUT_DETAIL = frozenset({"product.create", "product.delete", "product.restore", "photo.update"})


def history(product: Product, labels: Labels, role: str | None) -> list[dict[str, Any]]:
    """The newest events for catalog/_history.html: `text`, `detail` or `details`, `by` whom, `at`
    what time, and `undo_url` where that role may take it back.
    """
    events = AuditEvent.objects.filter(target_type="product", target_id=product.pk)
    others = events.exclude(action__in=IN_THE_LEDGER).select_related("actor")
    shown = list(others[:SHOWN])
    back = [event.data.get("batch") for event in shown if event.action == GO_BACK]
    standing = set(
        Batch.objects.filter(pk__in=back, retracted_at=None).values_list("pk", flat=True)
    )
    told: list[dict[str, Any]] = [
        {
            **_words(event, labels),
            "url": _version_url(product, event),
            "by": event.actor.get_username() if event.actor else "The system",
            "at": event.at,
            **(_went_back(product, event, standing, role) if event.action == GO_BACK else {}),
        }
        for event in shown
    ]
    acts = acts_of(product)[:SHOWN]
    read_values(labels, [row for act in acts for row in (*act.wrote, *act.decided)])
    told += [act_event(act, product, labels, role) for act in acts]
    return sorted(told, key=lambda event: event["at"], reverse=True)[:SHOWN]


def _went_back(
    product: Product, event: AuditEvent, standing: Collection[int], role: str | None
) -> dict[str, Any]:
    """Whether a product's going back stands, and how to take it back as a whole."""
    undone = event.data.get("batch") not in standing
    where = [product.catalog.slug, product.pk, event.pk]
    undo_url = reverse("catalog:product_back_undo", args=where)
    return {"undone": undone, "undo_url": "" if undone or role not in selectors.EDIT else undo_url}


def _version_url(product: Product, event: AuditEvent) -> str:
    """The page of the version that an event is about; empty for other events."""
    if event.action not in VERSIONS or not isinstance(event.data.get("version"), int):
        return ""
    here = reverse("catalog:product_versions", args=[product.catalog.slug, product.pk])
    return f"{here}?to={event.data['version']}"


def _words(event: AuditEvent, labels: Labels) -> dict[str, str]:
    if event.action.startswith("attribute."):
        return _attribute_words(event, labels)
    if event.action == "photo.add":
        count = len(event.data.get("placements", ()))
        return {"text": "1 photo added" if count == 1 else f"{count} photos added", "detail": ""}
    text = WORDS.get(event.action, event.action.replace(".", " ").capitalize())
    detail = "" if event.action in WITHOUT_DETAIL else event.summary.replace("_", " ")
    if event.action == "product.status":
        names = dict(ProductStatus.choices)
        sides = event.summary.split(" → ")
        detail = " → ".join(str(names.get(side, side)) for side in sides)
    return {"text": text, "detail": detail}


def _attribute_words(event: AuditEvent, labels: Labels) -> dict[str, str]:
    field = event.data.get("field") or event.summary
    name = "Category" if field == CATEGORY else labels.field(field)
    if event.action == "attribute.unlock":
        return {"text": f"{name} unlocked", "detail": ""}
    return {"text": f"{name}: last value taken back", "detail": ""}
