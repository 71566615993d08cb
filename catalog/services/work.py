from __future__ import annotations

from typing import Any

from django.db import transaction

from catalog.ingest import wake
from catalog.models import Catalog, DescribeTask, EmbedTask, IndexChange, Placement
from catalog.services.audit import audit


@transaction.atomic
def failed_work_retry(*, catalog: Catalog, actor: Any) -> int:
    """Give everything of a catalogue that failed all its tries anew; returns how many rows."""
    count = EmbedTask.objects.filter(photo__catalog=catalog).retry()
    count += DescribeTask.objects.filter(product__catalog=catalog).retry()
    points = Placement.objects.filter(product__catalog=catalog).values("pk")
    count += IndexChange.objects.filter(point__in=points).retry()
    audit(actor=actor, action="work.retry", target=catalog, catalog=catalog, summary=str(count))
    wake.on_commit(wake.EMBED, wake.DESCRIBE, wake.INDEX)
    return count
