"""Products that are approved already have their present state as the approved one.

What a version holds is written out here as it was when versions came: later forms of it are
not for this migration to know.
"""

from collections import defaultdict
from itertools import islice
from typing import ClassVar

from django.db import migrations

CHUNK = 500
FIELDS = ("title", "description", "brand", "tags", "product_url")
MONEY = ("price", "compare_at_price", "cost")
VARIANT_FIELDS = (
    *("sku", "gtin", "mpn"),
    *(f"option{n}_{part}" for n in (1, 2, 3) for part in ("name", "value")),
    *MONEY,
    *("currency", "weight_grams", "availability", "condition"),
)


def money(value):
    if value is None:
        return None
    places = max(2, -int(value.normalize().as_tuple().exponent))
    return f"{value:.{places}f}"


def keep_versions(apps, schema_editor):
    product_model = apps.get_model("catalog", "Product")
    known = apps.get_model("catalog", "ProductVersion").objects.values("product")
    approved = product_model.objects.filter(status="approved").exclude(pk__in=known)
    ids = iter(list(approved.order_by("pk").values_list("pk", flat=True)))
    while chunk := list(islice(ids, CHUNK)):
        keep_chunk(apps, chunk)


def keep_chunk(apps, ids):
    version_model = apps.get_model("catalog", "ProductVersion")
    variants, attributes, photos = (read(apps, ids) for read in (variants_of, said_of, photos_of))
    approvals = approvals_of(apps, ids)
    products = apps.get_model("catalog", "Product").objects.filter(pk__in=ids)
    version_model.objects.bulk_create(
        version_model(
            product_id=row["pk"],
            number=1,
            content={
                **{name: row[name] for name in FIELDS},
                "category": row["category__path"],
                "variants": variants[row["pk"]],
                "attributes": attributes[row["pk"]],
                "photos": photos[row["pk"]],
            },
            approved_by_id=approvals.get(row["pk"], (None, None))[0],
            approved_at=approvals.get(row["pk"], (None, row["updated_at"]))[1],
        )
        for row in products.values("pk", "category__path", "updated_at", *FIELDS)
    )


def variants_of(apps, ids):
    found = defaultdict(list)
    rows = apps.get_model("catalog", "Variant").objects.filter(product__in=ids, deleted_at=None)
    for row in rows.order_by("position", "pk").values("pk", "product_id", *VARIANT_FIELDS):
        prices = {name: money(row[name]) for name in MONEY}
        found[row.pop("product_id")].append({"id": row.pop("pk"), **row, **prices})
    return found


def said_of(apps, ids):
    found = defaultdict(list)
    rows = apps.get_model("catalog", "CurrentAttribute").objects.filter(
        product__in=ids, variant__deleted_at=None
    )
    rows = rows.select_related("entry__created_by", "entry__decided_by")
    for row in rows.order_by("field", "locale", "variant_id"):
        entry = row.entry
        accepted = entry.decision == "accepted" and entry.decided_by
        found[row.product_id].append(
            {
                "variant": row.variant_id,
                "field": row.field,
                "locale": row.locale,
                "value": row.value,
                "source": row.source,
                "model": entry.model,
                "written_by": entry.created_by.username if entry.created_by else None,
                "confirmed_by": entry.decided_by.username if accepted else None,
            }
        )
    return found


def photos_of(apps, ids):
    found = defaultdict(list)
    rows = apps.get_model("catalog", "Placement").objects.filter(product__in=ids, deleted_at=None)
    rows = rows.select_related("photo", "variant")
    for row in rows.order_by("position", "pk"):
        there = row.variant is not None and row.variant.deleted_at is None
        found[row.product_id].append(
            {
                "photo": row.photo_id,
                "name": row.photo.original_name,
                "role": row.role,
                "alt_text": row.alt_text,
                "variant": row.variant_id if there else None,
            }
        )
    return found


def approvals_of(apps, ids):
    """Who approved each product last and when, where the audit trail says so."""
    found = {}
    events = apps.get_model("catalog", "AuditEvent").objects.filter(
        target_type="product",
        target_id__in=ids,
        action__in=["product.status", "product.update"],
    )
    for event in events.order_by("at", "pk").iterator():
        moved = event.action == "product.status" and event.summary.endswith("→ approved")
        status = event.data.get("status") if isinstance(event.data, dict) else None
        if moved or (status and status[-1] == "approved"):
            found[event.target_id] = (event.actor_id, event.at)
    return found


class Migration(migrations.Migration):
    dependencies: ClassVar = [("catalog", "0005_awaits_review")]
    operations: ClassVar = [migrations.RunPython(keep_versions, migrations.RunPython.noop)]
