from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence

from django.db import transaction
from django.utils import timezone

from catalog.models import Decision, DescribeTask, LedgerEntry, Product
from catalog.services.ledger import MachineValue, machine_values_record, project


@transaction.atomic
def description_record(
    *,
    task: DescribeTask,
    token: uuid.UUID,
    product: Product,
    values: Sequence[MachineValue],
    considered: Collection[str],
    source: str,
    model: str,
    prompt_version: str = "",
) -> bool:
    """Write one description of a product and complete its task, or nothing of it.

    Of the fields `considered`, those without a value lose what the same source said before and
    nobody decided on. A value that a person rejected is not said again. Returns False, having
    written nothing, when `token` no longer holds the task: another worker has it.
    """
    # Completing first locks the task's row until the values are written with it.
    if not DescribeTask.objects.complete(token, [task.pk]):
        return False
    earlier = list(
        LedgerEntry.objects.filter(
            product=product, variant=None, field__in=considered, source=source, retracted_at=None
        )
    )
    rejected = [
        (row.field, row.locale, row.value) for row in earlier if row.decision == Decision.REJECTED
    ]
    said = [value for value in values if (value.field, value.locale, value.value) not in rejected]
    silent = set(considered) - {value.field for value in said}
    withdrawn = [row for row in earlier if row.field in silent and row.decision == Decision.NONE]
    if withdrawn:
        rows = LedgerEntry.objects.filter(pk__in=[row.pk for row in withdrawn])
        rows.update(retracted_at=timezone.now())
        project(product, sorted({row.field for row in withdrawn}))
    if said:
        machine_values_record(
            product=product,
            values=said,
            source=source,
            model=model,
            prompt_version=prompt_version,
        )
    return True
