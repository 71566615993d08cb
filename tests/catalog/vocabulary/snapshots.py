"""All that the database says of the vocabulary, to compare two states of it."""

from __future__ import annotations

from typing import Any

from catalog.models import AttributeDefinition, Category, Term


def snapshot() -> dict[str, Any]:
    """Every row without its id: references as paths and keys, places in their order."""
    return {
        "categories": {
            row.path: (
                row.parent.path if row.parent else "",
                row.labels,
                row.prompts,
                row.google_id,
                row.shopify_id,
                row.position,
                row.offered,
            )
            for row in Category.objects.select_related("parent")
        },
        "attributes": {
            row.key: (
                row.labels,
                row.kind,
                row.unit,
                row.closed,
                row.filterable,
                row.machine_may_set,
                row.precedence,
                row.position,
                _places(row),
            )
            for row in AttributeDefinition.objects.all()
        },
        "terms": {
            (row.attribute.key, row.key): (
                row.labels,
                row.prompts,
                row.state,
                row.merged_into.key if row.merged_into else "",
                row.position,
                _places(row),
            )
            for row in Term.objects.select_related("attribute", "merged_into")
        },
    }


def _places(row: AttributeDefinition | Term) -> list[str]:
    link: Any = type(row).categories.through
    owner = f"{type(row)._meta.model_name}_id"
    links = link.objects.filter(**{owner: row.pk}).order_by("pk").select_related("category")
    return [each.category.path for each in links]


def clear() -> None:
    """Leave nothing of the vocabulary."""
    Term.objects.all().delete()
    AttributeDefinition.objects.all().delete()
    for category in Category.objects.order_by("-path"):
        category.delete()
