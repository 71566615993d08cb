from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from catalog.models import Catalog, Product


class RunState(models.TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    STOPPED = "stopped", "Stopped"
    INTERRUPTED = "interrupted", "Interrupted"


UNFINISHED = frozenset({RunState.QUEUED, RunState.RUNNING})
RESUMABLE = frozenset({RunState.FAILED, RunState.STOPPED, RunState.INTERRUPTED})


class Writer(models.TextChoices):
    GROQ = "groq", "Language model"
    DRAFT = "draft", "Draft by rules"


class ToolRun(models.Model):
    """One use of a tool on a product: what was chosen, what was computed, and what came of it.

    `blocks` is what the events up to `last_event` add up to: a list of blocks in their order. While
    a run is under way it is as old as its last checkpoint, and the events after tell the rest.
    `edits` are what people made of texts of the result: by block and place in its data, the newest
    text; the original stays in the block. A run belongs to the process named `owner` until
    `leased_until`; a run whose lease has ended is interrupted. `follows` is the question before in
    the same conversation, `redone_from` the run that was done again with other options.
    `error_code` is that of the LanguageModelError which ended a failed run, "" for other reasons.
    """

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="tool_runs")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="tool_runs")
    tool = models.CharField(max_length=40)
    options = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=RunState.choices, default=RunState.QUEUED)
    writer = models.CharField(max_length=8, choices=Writer.choices, blank=True, default="")
    model = models.CharField(max_length=160, blank=True, default="")
    prompt_version = models.CharField(max_length=40, blank=True, default="")
    evidence = models.JSONField(default=dict)
    output = models.JSONField(default=dict)
    blocks = models.JSONField(default=list)
    edits = models.JSONField(default=dict)
    error = models.TextField(blank=True, default="")
    error_code = models.CharField(max_length=20, blank=True, default="")
    follows = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="followed_by"
    )
    redone_from = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="redone_as"
    )
    job = models.ForeignKey(
        "catalog.Job", null=True, blank=True, on_delete=models.SET_NULL, related_name="tool_runs"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    last_event = models.PositiveIntegerField(default=0)
    owner = models.CharField(max_length=80, blank=True, default="")
    leased_until = models.DateTimeField(null=True, blank=True)
    stop_asked_at = models.DateTimeField(null=True, blank=True)
    prompt_tokens = models.PositiveIntegerField(default=0)
    completion_tokens = models.PositiveIntegerField(default=0)
    cost_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    first_token_ms = models.PositiveIntegerField(null=True, blank=True)
    total_ms = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes: ClassVar = [
            models.Index(fields=["product", "tool", "-created_at"], name="runs_of_product"),
            models.Index(fields=["catalog", "-created_at"], name="runs_of_catalog"),
            models.Index(
                fields=["leased_until"],
                name="runs_under_way",
                condition=models.Q(state__in=["queued", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tool} {self.pk} ({self.state})"

    def get_absolute_url(self) -> str:
        return reverse("tools:run", args=[self.catalog.slug, self.pk])


class RunEvent(models.Model):
    """One step of a run, numbered from 1 without gaps: how a block became what it is.

    `kind` is "block" (the block as a whole), "text" (what is added to its text), "data" (some of
    its data anew) or "state" (of the run).
    """

    run = models.ForeignKey(ToolRun, on_delete=models.CASCADE, related_name="events")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=10)
    data = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "number"], name="event_once_a_run")
        ]

    def __str__(self) -> str:
        return f"{self.run_id}:{self.number} {self.kind}"
