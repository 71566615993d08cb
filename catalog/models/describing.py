"""The paid half of describing: products that wait for a vision model, and what people asked of it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Value, When
from django.utils import timezone

from catalog.models.catalog import Catalog
from catalog.models.ledger import Batch
from catalog.models.product import Product
from prodintel.lib.work import INTERRUPTED, MAX_ATTEMPTS, Work, WorkQuerySet, WorkState


class DescribeRunState(models.TextChoices):
    TRIAL = "trial", "Trial"
    RUNNING = "running", "Running"
    STOPPED = "stopped", "Stopped"
    DISCARDED = "discarded", "Discarded"


class DescribeRun(models.Model):
    """A selection of products that a person had described, and the batch that it can be undone by.

    In the state TRIAL only the first products are described, and what is said of them waits in
    `TrialResult`; `product_ids` are those that are described after the trial is accepted, or that
    were left out when the run was stopped. `forced`: also those that are as they were when they were
    last described. `fields` are those that are asked about, none for all.
    """

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="describe_runs")
    label = models.CharField(max_length=200)
    state = models.CharField(
        max_length=10, choices=DescribeRunState.choices, default=DescribeRunState.RUNNING
    )
    product_ids = models.JSONField(default=list, blank=True)
    product_count = models.PositiveIntegerField(default=0)
    forced = models.BooleanField(default=False)
    fields = models.JSONField(default=list, blank=True)
    estimate = models.JSONField(default=dict, blank=True)
    batch = models.OneToOneField(
        Batch, null=True, blank=True, on_delete=models.SET_NULL, related_name="describe_run"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.label


class Urgency(models.IntegerChoices):
    """Priorities of vision tasks: what somebody waits for comes before what nobody asked for."""

    TRIAL = -10, "Trial"
    ASKED = -5, "One product that a person asked for"
    FIRST = 0, "Never described"
    AGAIN = 10, "Described before"


LOOKED_THROUGH = 3
SETTLED = frozenset({WorkState.DONE, WorkState.FAILED})
# Whoever was never described comes before those that are.
BY_TURN = Case(When(input_key="", then=Value(Urgency.FIRST)), default=Value(Urgency.AGAIN))


class VisionQuerySet(WorkQuerySet["VisionTask"]):
    def askable(self) -> VisionQuerySet:
        """Tasks of catalogues in which describing is not paused."""
        return self.filter(
            product__catalog__describing_paused_at=None, product__catalog__deleted_at=None
        )

    def next(self, limit: int) -> list[VisionTask]:
        """The tasks whose turn it is, with their runs; claimed by nobody, also not by this.

        In order of priority, those first that zero-shot has dealt with already: its word is then
        weighed against the model's. Of the same, the newest product first.
        """
        now = timezone.now()
        # A run may hold back very many products.
        runs = self.select_related("run").defer("run__product_ids", "run__estimate")
        rows = runs.annotate(zero_shot=F("product__describe_task__state"))
        due = rows.filter(state=WorkState.PENDING, next_try_at__lte=now)
        found = list(due.order_by("priority", "-pk")[: LOOKED_THROUGH * limit])
        left_behind = rows.filter(
            state=WorkState.RUNNING, leased_until__lt=now, attempts__lt=MAX_ATTEMPTS
        )
        found += left_behind.order_by("priority", "-pk")[:limit]
        found.sort(key=lambda task: (task.priority, getattr(task, "zero_shot", "") not in SETTLED))
        return found[:limit]

    def mark(self, owner: str) -> None:
        """Say whose process opens the photos of these tasks, which are not claimed yet.

        Should it end by that, `free` counts a try: no photo ends processes for ever.
        """
        self.filter(state=WorkState.PENDING).update(owner=owner)

    def unmark(self) -> None:
        self.filter(state=WorkState.PENDING).update(owner="")

    def free(self, *, owner_prefix: str) -> int:
        """As for all work; and what was being opened when the owner died has used up a try."""
        marked = self.filter(state=WorkState.PENDING, owner__startswith=owner_prefix)
        marked.filter(attempts__gte=MAX_ATTEMPTS - 1).update(
            state=WorkState.FAILED,
            owner="",
            attempts=MAX_ATTEMPTS,
            error=INTERRUPTED.format(attempts=MAX_ATTEMPTS),
            finished_at=timezone.now(),
        )
        marked.update(owner="", attempts=F("attempts") + 1)
        return super().free(owner_prefix=owner_prefix)

    def photos_changed(self) -> int:
        """Look again at products whose photos are others now.

        What was asked for and is not done yet stays as it was asked for; the rest is nobody's
        request any more.
        """
        settled = self.filter(state__in=SETTLED)
        count = settled.update(**NOBODY_ASKED, priority=BY_TURN)
        self.redo()
        return count


NOBODY_ASKED = {"run": None, "requested_by": None, "forced": False, "trial": False, "nonce": ""}


class VisionTask(Work):
    """A product that waits for the vision model, or was described by it.

    `input_key` is the digest of what the last answer to the whole form was given to (photos, prompt,
    vocabulary, model): the same again is not asked again unless a person asked for it (`forced`).
    `run` is what they asked in; `requested_by` whose budget it counts against, who asked or else
    brought the photos; and `nonce` tells their request from earlier ones, so that they get one new
    answer, however often its call is tried. `cannot_tell` is what the photos do not show, in the
    model's words.
    """

    product = models.OneToOneField(Product, on_delete=models.CASCADE, related_name="vision_task")
    run = models.ForeignKey(
        DescribeRun, null=True, blank=True, on_delete=models.SET_NULL, related_name="tasks"
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    forced = models.BooleanField(default=False, editable=False)
    trial = models.BooleanField(default=False, editable=False)
    nonce = models.CharField(max_length=32, blank=True, default="", editable=False)
    input_key = models.CharField(max_length=64, blank=True, default="", editable=False)
    cannot_tell = models.JSONField(default=list, blank=True, editable=False)

    objects: ClassVar[models.Manager[Any]] = VisionQuerySet.as_manager()

    class Meta(Work.Meta):
        indexes: ClassVar = [
            *Work.Meta.indexes,
            # The newest first: whoever added a product waits for it.
            models.Index(fields=["state", "priority", "-id"], name="vision_newest"),
        ]

    def __str__(self) -> str:
        return f"vision {self.product_id} ({self.state})"


class TrialResult(models.Model):
    """What the vision model said of one product of a trial, before anybody decided to keep it.

    `values` is a list of machine values as JSON; `input_key` as of `VisionTask`.
    """

    run = models.ForeignKey(DescribeRun, on_delete=models.CASCADE, related_name="results")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    values = models.JSONField(default=list)
    considered = models.JSONField(default=list)
    model = models.CharField(max_length=160)
    prompt_version = models.CharField(max_length=40, blank=True, default="")
    input_key = models.CharField(max_length=64, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "product"], name="one_trial_result_a_product")
        ]

    def __str__(self) -> str:
        return f"trial of {self.product_id}"


class ConfidenceFit(models.Model):
    """How much the word of a source is worth on this site: weights fitted to people's decisions.

    `field` is "" for the fit over all fields, which fields with few decisions lean on.
    """

    source = models.CharField(max_length=12)
    field = models.CharField(max_length=60, blank=True, default="")
    weights = models.JSONField(default=dict)
    accepted = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    fitted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "field"], name="one_confidence_fit")
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.field or 'all fields'}"
