"""The audit trail of a product, in words."""

from __future__ import annotations

from typing import Any

from catalog.models import AuditEvent, Product, ProductStatus
from catalog.services.attribute_values import CATEGORY
from catalog.views.present import Labels

SHOWN = 30
WORDS = {
    "product.create": "Product created",
    "product.update": "Changed",
    "product.delete": "Product deleted",
    "product.restore": "Product restored",
    "product.status": "Status",
    "variant.create": "Variant added",
    "variant.update": "Variant changed",
    "variant.delete": "Variant deleted",
    "variant.restore": "Variant restored",
    "photo.update": "Photo changed",
    "photo.reorder": "Photos put in another order",
    "photo.remove": "Photo removed",
    "photo.restore": "Photo restored",
    "suggestion.accept": "Suggestion accepted",
    "suggestion.reject": "Suggestion rejected",
}
# What these summaries repeat stands on the page already.
WITHOUT_DETAIL = frozenset({"product.create", "product.delete", "product.restore", "photo.update"})


def history(product: Product, labels: Labels) -> list[dict[str, Any]]:
    """The newest events: `text`, `detail`, `by` whom and `at` what time."""
    events = AuditEvent.objects.filter(target_type="product", target_id=product.pk)
    shown = list(events.select_related("actor")[:SHOWN])
    said = [event.data for event in shown if event.action == "attribute.set"]
    paths = [each.get("value") or [] for each in said if each.get("field") == CATEGORY]
    labels.read(
        (each.get("field", "") for each in said), (str(path) for each in paths for path in each)
    )
    return [
        {
            **_words(event, labels),
            "by": event.actor.get_username() if event.actor else "The system",
            "at": event.at,
        }
        for event in shown
    ]


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
    if event.action == "attribute.undo":
        return {"text": f"{name}: last value taken back", "detail": ""}
    values = event.data.get("value") or []
    shown = ", ".join(labels.value(field, value) for value in values)
    return {"text": f"{name} set to", "detail": shown or "empty"}
