"""Acts on many products: at once while they are few, else by a job, in steps that can be stopped.

A step is one transaction: what it did to its products is written down with it, so that whoever goes
on after a crash does nothing twice and leaves out nothing. When the act ends, finished or stopped,
its last transaction makes one result and one event in the audit trail of what all steps did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from catalog.ingest import wake
from catalog.models import Catalog, Job, JobStep
from catalog.models.outbox import CHUNK
from catalog.services.audit import audit
from catalog.services.errors import conflict
from prodintel.lib.work import WorkState

# So many products are done while the person waits.
AT_ONCE = 500
# So many in one transaction of a job: on SQLite everybody else waits for it.
STEP = 100
LABEL = "label"
LOST = "{} may not do this here any more."
DELETED = "The catalogue was deleted meanwhile."


@dataclass(frozen=True)
class Asked:
    """Who asked for what, and when: the act's own `arguments`. `job_id` is None where no job does it."""

    catalog: Catalog
    actor: Any
    arguments: Mapping[str, Any]
    at: datetime = field(default_factory=timezone.now)
    job_id: int | None = None

    @classmethod
    def by(cls, job: Job) -> Asked:
        assert job.catalog is not None
        return cls(job.catalog, job.created_by, job.arguments, job.created_at, job.pk)


@dataclass(frozen=True)
class Act:
    """What is done to many products.

    `step` does it to some, in its caller's transaction, and returns what it did as JSON. `end` is
    given that of all steps and the products that were left out by a stop, writes the event, and
    returns the result. `may` says whether the person still has the right: views have asked before.
    """

    kind: str
    may: Callable[[Asked], bool]
    step: Callable[[Asked, list[int]], dict[str, Any]]
    end: Callable[[Asked, list[dict[str, Any]], list[int]], dict[str, Any]]


@dataclass(frozen=True)
class Started:
    """The job that does an act of this kind, or the result of what is done already."""

    kind: str
    job: Job | None = None
    result: dict[str, Any] = field(default_factory=dict)


@transaction.atomic
def bulk_start(
    *,
    act: Act,
    catalog: Catalog,
    product_ids: Iterable[int],
    actor: Any,
    label: str,
    arguments: Mapping[str, Any],
) -> Started:
    """Do something to products: up to 500 at once, all or none; more by a job named `label`."""
    ids = sorted(set(product_ids))
    if len(ids) <= AT_ONCE:
        asked = Asked(catalog, actor, arguments)
        return Started(act.kind, result=act.end(asked, [act.step(asked, ids)], []))
    job = bulk_queue(
        act=act, catalog=catalog, product_ids=ids, actor=actor, label=label, arguments=arguments
    )
    return Started(act.kind, job)


@transaction.atomic
def bulk_queue(
    *,
    act: Act,
    catalog: Catalog,
    product_ids: Sequence[int],
    actor: Any,
    label: str,
    arguments: Mapping[str, Any],
    step: int = 0,
) -> Job:
    """Have a job named `label` do something to products, so many (100) in each `step`, in this order."""
    ids, size = list(product_ids), step or STEP
    job = Job.objects.create(
        kind=act.kind,
        catalog=catalog,
        created_by=actor,
        arguments={**arguments, LABEL: label},
        progress_total=len(ids),
    )
    JobStep.objects.bulk_create(
        (
            JobStep(job=job, number=number, product_ids=ids[start : start + size])
            for number, start in enumerate(range(0, len(ids), size))
        ),
        batch_size=CHUNK,
    )
    wake.on_commit(wake.JOBS, wake.LONG_JOBS)
    return job


@transaction.atomic
def bulk_step(*, act: Act, job: Job, number: int | None = None) -> bool:
    """Do the next step, or that of a number, as the person who asked; False when the act has ended.

    `job` is as it was claimed. A step that is done already is not done again. Who has lost the right
    to it, or is gone, ends it as a stop does.
    """
    assert job.token is not None
    held = _hold(Job.objects.held(job.token).filter(pk=job.pk))
    if held is None:
        return False
    asked = Asked.by(held)
    steps = held.steps.filter(did__isnull=True).order_by("number")
    if not steps.exists() or asked.catalog.deleted_at is not None:
        _end(act, held, why=DELETED)
        return False
    if not act.may(asked):
        _end(act, held, why=LOST.format(asked.actor or "Who asked for it"))
        return False
    step = steps.first() if number is None else steps.filter(number=number).first()
    if step is None:
        return True
    step.did = act.step(asked, step.product_ids)
    step.save(update_fields=["did"])
    Job.objects.filter(pk=held.pk).update(progress_done=F("progress_done") + len(step.product_ids))
    Job.objects.came_on(job.token)
    return True


@transaction.atomic
def bulk_stop(*, act: Act, job: Job, actor: Any) -> Job:
    """End an act where it is, after the step it is in; what it did stays, and can be undone.

    Raises ValidationError when it has ended already.
    """
    held = _hold(Job.objects.filter(pk=job.pk).exclude(state=WorkState.DONE))
    if held is None:
        raise conflict("", "This has ended already.")
    audit(
        actor=actor,
        action="job.stop",
        target=held,
        catalog=held.catalog,
        summary=held.arguments[LABEL],
    )
    _end(act, held, why=f"Stopped by {actor}.")
    held.refresh_from_db(fields=["state"])
    return held


def _hold(jobs: Any) -> Job | None:
    """The job, held until the transaction ends: it neither goes on nor ends meanwhile."""
    held = jobs.select_for_update(no_key=True, of=("self",))
    job: Job | None = held.select_related("catalog", "created_by").first()
    return job


def _end(act: Act, job: Job, *, why: str) -> None:
    """`why` it ends where it is, if that is before its end."""
    steps = list(job.steps.order_by("number"))
    done: Sequence[dict[str, Any]] = [step.did for step in steps if step.did is not None]
    left = [pk for step in steps if step.did is None for pk in step.product_ids]
    job.result = {**act.end(Asked.by(job), list(done), left), "why": why if left else ""}
    job.save(update_fields=["result"])
    JobStep.objects.filter(job=job).delete()
    Job.objects.filter(pk=job.pk).end()
