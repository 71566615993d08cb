"""What the vision model said, written down: to the ledger, or to the results of a trial."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from catalog.models import (
    AttributeDefinition,
    Batch,
    DescribeRun,
    Photo,
    Product,
    Source,
    TermState,
    TrialResult,
    VisionTask,
)
from catalog.models.describing import BY_TURN, NOBODY_ASKED
from catalog.services.audit import audit
from catalog.services.describing import Outcome
from catalog.services.errors import conflict
from catalog.services.ledger import ALT_TEXT, MachineValue, machine_values_record
from catalog.services.projection import lock_products, tell_points
from catalog.services.term_proposals import term_proposed
from catalog.webhooks.events import DESCRIBED
from catalog.webhooks.services import products_tell
from prodintel.lib.work import again

GROUP = 16


@dataclass(frozen=True)
class VisionAnswer:
    """What was said of one product, whose task `token` held when it was asked. `proposed` of the
    values are words; `input_key` as of `VisionTask`, "" where only some fields were asked about.
    """

    task: VisionTask
    token: uuid.UUID
    product: Product
    values: Sequence[MachineValue]
    considered: Collection[str]
    model: str
    prompt_version: str
    input_key: str
    cannot_tell: Sequence[str] = ()


@transaction.atomic
def vision_answers_record(*, answers: Sequence[VisionAnswer]) -> Outcome:
    """Write answers and complete their tasks, each as a whole or not at all.

    Nothing is written of products whose tasks are not held any more. Answers of a trial wait in its
    results; those of a run go into its batch, and nowhere when that was undone meanwhile. Values
    that do not fit are a failed try.
    """
    ids = [each.product.pk for each in answers]
    # The order in which all others take them: products, points, tasks.
    lock_products(ids)
    tell_points([each.product.pk for each in answers if not each.task.trial])
    tasks = VisionTask.objects.filter(pk__in=[each.task.pk for each in answers])
    rows = tasks.select_related("run__batch").defer("run__product_ids", "run__estimate")
    held = {row.pk: row for row in rows.select_for_update(of=("self",)).order_by("pk")}
    ours = [
        each for each in answers if each.task.pk in held and held[each.task.pk].token == each.token
    ]
    problems: dict[Product, ValidationError] = {}
    for each in ours:
        if held[each.task.pk].trial:
            _keep_for_trial(each, held[each.task.pk].run)
    for batch, group in _by_batch(ours, held):
        problems |= _write(group, batch)
    for each in ours:
        _finish(each, problems.get(each.product), kept=_is_kept(held[each.task.pk]))
    kept = {each.product.pk for each in ours}
    refused = {product.pk: "; ".join(error.messages) for product, error in problems.items()}
    return Outcome([pk for pk in ids if pk not in kept], refused)


def _by_batch(
    answers: Iterable[VisionAnswer], held: Mapping[int, VisionTask]
) -> Iterable[tuple[Batch | None, list[VisionAnswer]]]:
    """Answers that go to the ledger, by the batch that they belong to."""
    groups: dict[Batch | None, list[VisionAnswer]] = {}
    for each in answers:
        task = held[each.task.pk]
        if _is_kept(task):
            groups.setdefault(task.run.batch if task.run is not None else None, []).append(each)
    return groups.items()


def _is_kept(task: VisionTask) -> bool:
    """Whether what is said goes to the ledger: not in a trial, nor after the run was undone."""
    batch = task.run.batch if task.run is not None else None
    return not task.trial and (batch is None or batch.retracted_at is None)


def _write(answers: Sequence[VisionAnswer], batch: Batch | None) -> dict[Product, ValidationError]:
    problems: dict[Product, ValidationError] = {}
    for model, version in {(each.model, each.prompt_version) for each in answers}:
        some = [each for each in answers if (each.model, each.prompt_version) == (model, version)]
        problems |= machine_values_record(
            said={each.product: _with_terms(each.values, each.product) for each in some},
            source=Source.VISION_LLM,
            model=model,
            prompt_version=version,
            considered={each.product: each.considered for each in some},
            told=True,
            batch=batch,
        )
    products_tell(
        event=DESCRIBED,
        products=[each.product for each in answers if each.product not in problems],
        model={each.product.pk: each.model for each in answers},
    )
    return problems


def _finish(answer: VisionAnswer, problem: ValidationError | None, *, kept: bool) -> None:
    if problem is not None:
        message = "; ".join(problem.messages)
        VisionTask.objects.fail(answer.token, [answer.task.pk], error=message)
        return
    VisionTask.objects.complete(answer.token, [answer.task.pk])
    whole: dict[str, Any] = {}
    if answer.input_key:
        whole["cannot_tell"] = list(answer.cannot_tell)
        whole |= {"input_key": answer.input_key} if kept else {}
    VisionTask.objects.filter(pk=answer.task.pk).update(**whole, forced=False, nonce="")


def _with_terms(values: Sequence[MachineValue], product: Product) -> list[MachineValue]:
    """The values with proposed words as the keys of terms: those that the list has after all as
    values, others as proposals, without what somebody decided against.
    """
    keys = {value.field for value in values if value.proposed}
    if not keys:
        return list(values)
    definitions = {row.key: row for row in AttributeDefinition.objects.filter(key__in=keys)}
    found = []
    for value in values:
        definition = definitions.get(value.field)
        if not value.proposed or definition is None:
            found.append(replace(value, proposed=()))
            continue
        language = product.catalog.language
        terms = [
            term_proposed(attribute=definition, value=word, language=language)
            for word in value.proposed
        ]
        known = [term.key for term in terms if term.state == TermState.ACTIVE]
        fresh = tuple(term.key for term in terms if term.state == TermState.PROPOSED)
        if value.value or known or fresh:
            chosen = list(dict.fromkeys([*(value.value or []), *known]))
            found.append(replace(value, value=chosen or None, proposed=fresh))
    return found


def _keep_for_trial(answer: VisionAnswer, run: DescribeRun | None) -> None:
    if run is None:
        return
    TrialResult.objects.update_or_create(
        run=run,
        product=answer.product,
        defaults={
            "values": [_as_json(value) for value in answer.values],
            "considered": sorted(answer.considered),
            "model": answer.model,
            "prompt_version": answer.prompt_version,
            "input_key": answer.input_key,
        },
    )


def _as_json(value: MachineValue) -> dict[str, Any]:
    return asdict(value) | {"evidence": dict(value.evidence), "proposed": list(value.proposed)}


def trial_values(result: TrialResult) -> list[MachineValue]:
    """What a trial's result holds. `proposed` are words that the attribute's list does not have."""
    return [
        MachineValue(**{**value, "proposed": tuple(value["proposed"])}) for value in result.values
    ]


def _of_photos_that_are_there(
    results: Sequence[TrialResult],
) -> dict[TrialResult, list[MachineValue]]:
    """The values of results, which may have waited longer than a removed photo is kept."""
    said = {result: trial_values(result) for result in results}
    ids = {value.photo_id for values in said.values() for value in values if value.photo_id}
    there = set(Photo.objects.filter(pk__in=ids).values_list("pk", flat=True))
    return {
        result: [
            value if value.photo_id in there else replace(value, photo_id=None)
            for value in values
            if value.field != ALT_TEXT or value.photo_id in there
        ]
        for result, values in said.items()
    }


@transaction.atomic
def trial_apply(*, run: DescribeRun, actor: Any) -> int:
    """Write what a trial found to the ledger, into the batch of its run; returns of how many products.

    A value of a person stays. Results are gone when they are written, so that nothing is written
    twice; those of products that were deleted or asked about anew meanwhile, or with values that do
    not fit any more, are dropped, and such products wait to be described like new ones. Raises ValidationError when
    the batch was undone already.
    """
    runs = DescribeRun.objects.select_for_update(no_key=True, of=("self",))
    row = runs.select_related("batch").get(pk=run.pk)
    batch = row.batch
    if batch is not None and batch.retracted_at is not None:
        raise conflict("", "This run was undone. Start another one.")
    results = list(row.results.select_related("product__catalog").order_by("product_id"))
    # Of others the model was, or will be, asked anew since: their photos changed, or another run.
    latest = set(VisionTask.objects.filter(run=row).values_list("product_id", flat=True))
    alive = [
        result
        for result in results
        if result.product.deleted_at is None and result.product_id in latest
    ]
    lock_products([result.product_id for result in alive])
    tell_points([result.product_id for result in alive])
    problems: dict[Product, ValidationError] = {}
    for start in range(0, len(alive), GROUP):
        problems |= _apply(alive[start : start + GROUP], batch)
    TrialResult.objects.filter(run=row).delete()
    _redo_undescribed(row)
    count = len(alive) - len(problems)
    audit(
        actor=actor,
        action="describe.trial.apply",
        target=row,
        catalog=row.catalog,
        summary=f"{count} products",
    )
    return count


def _apply(results: Sequence[TrialResult], batch: Batch | None) -> dict[Product, ValidationError]:
    said = _of_photos_that_are_there(results)
    answers = [
        VisionAnswer(
            task=VisionTask(),
            token=uuid.uuid4(),
            product=result.product,
            values=said[result],
            considered=result.considered,
            model=result.model,
            prompt_version=result.prompt_version,
            input_key=result.input_key,
        )
        for result in results
    ]
    problems = _write(answers, batch)
    for each in answers:
        if each.product not in problems and each.input_key:
            VisionTask.objects.filter(product=each.product).update(input_key=each.input_key)
    return problems


def _redo_undescribed(run: DescribeRun) -> None:
    """Products of a trial that the ledger says nothing of are described as if nobody had asked, but
    those of which somebody wanted some fields only.
    """
    tasks = VisionTask.objects.filter(run=run, trial=True)
    if not run.fields:
        tasks.filter(input_key="").update(**again(), **NOBODY_ASKED, priority=BY_TURN)
    tasks.update(**NOBODY_ASKED)
