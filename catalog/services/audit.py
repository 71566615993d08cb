from __future__ import annotations

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
