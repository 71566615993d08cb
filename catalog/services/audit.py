from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from django.db.models import Model

from catalog.models import AuditEvent, Catalog


def audit(
    *,
    actor: Any,
    action: str,
    target: Model,
    catalog: Catalog | None = None,
    summary: str = "",
    data: dict[str, Any] | None = None,
) -> AuditEvent:
    """Record who did what, in the caller's transaction. `actor` is a user or None for the system."""
    return AuditEvent.objects.create(
        actor=actor if getattr(actor, "pk", None) else None,
        action=action,
        target_type=target._meta.model_name or "",  # noqa: SLF001 -- Django's public model meta
        target_id=target.pk,
        catalog=catalog,
        summary=summary[:300],
        data=data or {},
    )


def audit_many(
    *,
    actor: Any,
    action: str,
    targets: Sequence[tuple[Any, str]],
    data: Sequence[dict[str, Any]] = (),
) -> None:
    """Record that one thing was done to many rows of catalogues, each with its summary.

    `data` holds details of each of them, in their order, if there are any.
    """
    AuditEvent.objects.bulk_create(
        AuditEvent(
            actor=actor if getattr(actor, "pk", None) else None,
            action=action,
            target_type=target._meta.model_name or "",  # noqa: SLF001 -- Django's public model meta
            target_id=target.pk,
            catalog_id=target.catalog_id,
            summary=summary[:300],
            data=details or {},
        )
        for (target, summary), details in zip_longest(targets, data)
    )
