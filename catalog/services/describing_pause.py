"""Whether a catalogue's products are given to the vision model."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from catalog.ingest import wake
from catalog.models import Catalog
from catalog.services.audit import audit


@transaction.atomic
def describing_pause(*, catalog: Catalog, actor: Any) -> bool:
    """Ask the vision model nothing more of this catalogue until somebody resumes it.

    What waits goes on waiting, also over restarts. False when it was paused already.
    """
    rows = Catalog.objects.filter(pk=catalog.pk, describing_paused_at=None)
    changed = rows.update(describing_paused_at=timezone.now(), describing_paused_by=actor)
    if changed:
        audit(actor=actor, action="describing.pause", target=catalog, catalog=catalog)
    return bool(changed)


@transaction.atomic
def describing_resume(*, catalog: Catalog, actor: Any) -> bool:
    """Go on where describing was paused; False when it was not."""
    rows = Catalog.objects.filter(pk=catalog.pk, describing_paused_at__isnull=False)
    changed = rows.update(describing_paused_at=None, describing_paused_by=None)
    if changed:
        audit(actor=actor, action="describing.resume", target=catalog, catalog=catalog)
        wake.on_commit(wake.VISION)
    return bool(changed)
