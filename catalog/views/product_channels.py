"""A product's page: for which channels it is ready, and what leads to what it lacks."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.urls import reverse

from catalog.channels.facts import ATTRIBUTE, VARIANT
from catalog.channels.profiles import profile
from catalog.channels.requirements import REQUIRED
from catalog.channels.targets import target_label, targets_of
from catalog.models import Product, ProductStatus, ReadinessCheck, ReadinessGap
from catalog.services.attribute_values import CATEGORY

_FORM_FIELDS = frozenset({"title", "description", "brand", "tags", "product_url"})


def product_channels(product: Product, *, may_edit: bool) -> list[dict[str, Any]]:
    """For catalog/_product_channels.html, in three queries. Nothing of what is archived."""
    if product.status == ProductStatus.ARCHIVED:
        return []
    targets = list(targets_of(product.catalog))
    gaps: dict[int, list[ReadinessGap]] = defaultdict(list)
    for gap in ReadinessGap.objects.filter(product=product).order_by("pk"):
        gaps[gap.target_id].append(gap)
    is_checked = ReadinessCheck.objects.filter(product=product, stale=False).exists()
    return [
        {
            "label": target_label(target),
            "waiting": not is_checked
            or (target.marked_through is not None and product.pk > target.marked_through),
            "gaps": [
                _gap(gap, target.channel, product, may_edit=may_edit)
                for gap in sorted(gaps[target.pk], key=lambda gap: gap.severity != REQUIRED)
            ],
            "out": any(gap.severity == REQUIRED for gap in gaps[target.pk]),
        }
        for target in targets
    ]


def _gap(gap: ReadinessGap, channel: str, product: Product, *, may_edit: bool) -> dict[str, Any]:
    found = profile(channel)
    known = found.requirements.get(gap.requirement) if found else None
    return {
        "message": gap.message,
        "required": gap.severity == REQUIRED,
        "url": field_url(product, known.fields[0]) if known and may_edit else "",
    }


def field_url(product: Product, name: str) -> str:
    """Where a person changes this field of the product."""
    here = [product.catalog.slug, product.pk]
    if name in _FORM_FIELDS:
        return f"{reverse('catalog:product_edit', args=here)}#id_{name}"
    if name in {CATEGORY, "google_category"}:
        return reverse("catalog:attribute_edit", args=[*here, CATEGORY])
    if name.startswith(ATTRIBUTE):
        return reverse("catalog:attribute_edit", args=[*here, name.removeprefix(ATTRIBUTE)])
    page = reverse("catalog:product", args=here)
    if name == "photos":
        return f"{page}#more-photos"
    variants = list(product.variants.all())
    if name.startswith(VARIANT) and len(variants) == 1:
        address = reverse("catalog:variant_edit", args=[*here, variants[0].pk])
        return f"{address}#id_{name.removeprefix(VARIANT)}"
    return f"{page}#variants-title"
