from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction

from catalog.models import DescribeTask, Product
from catalog.services.ledger import MachineValue, machine_values_record
from catalog.services.projection import lock_products, tell_points
from catalog.webhooks.events import DESCRIBED
from catalog.webhooks.services import products_tell


@dataclass(frozen=True)
class Described:
    """What was found of one product."""

    task: DescribeTask
    product: Product
    values: Sequence[MachineValue]


@dataclass(frozen=True)
class Outcome:
    """Products whose description was dropped, as their claims were lost, and those whose values do
    not fit, with the reason.
    """

    lost: list[int]
    refused: dict[int, str]


@transaction.atomic
def descriptions_record(
    *,
    token: uuid.UUID,
    descriptions: Sequence[Described],
    considered: Collection[str],
    source: str,
    model: str,
    prompt_version: str = "",
) -> Outcome:
    """Write descriptions of some products and complete their tasks, each as a whole or not at all.

    Of the fields `considered`, those without a value lose what the same source said before and
    nobody decided on. A value that a person rejected is not said again. Nothing is written of
    products whose tasks `token` no longer holds: another worker has them. Values that do not fit
    are a failed try.
    """
    products = [each.product.pk for each in descriptions]
    # The order in which all others take them: products, points, tasks.
    lock_products(products)
    tell_points(products)
    tasks = DescribeTask.objects.held(token).filter(pk__in=[each.task.pk for each in descriptions])
    held = set(tasks.select_for_update().order_by("pk").values_list("pk", flat=True))
    ours = [each for each in descriptions if each.task.pk in held]
    problems = machine_values_record(
        said={each.product: each.values for each in ours},
        source=source,
        model=model,
        prompt_version=prompt_version,
        considered=considered,
        told=True,
    )
    refused = {product.pk: "; ".join(error.messages) for product, error in problems.items()}
    done = [each.task.pk for each in ours if each.product.pk not in refused]
    DescribeTask.objects.complete(token, done)
    told = [each.product for each in ours if each.product.pk not in refused]
    products_tell(event=DESCRIBED, products=told, model={row.pk: model for row in told})
    for each in ours:
        if each.product.pk in refused:
            DescribeTask.objects.fail(token, [each.task.pk], error=refused[each.product.pk])
    lost = [each.product.pk for each in descriptions if each.task.pk not in held]
    return Outcome(lost, refused)
