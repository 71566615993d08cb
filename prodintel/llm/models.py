"""What is kept of language models: keys, pace, calls with their cost, and answers paid for."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Credential(models.Model):
    """A key that was entered on the site. The one without `removed_at` is used."""

    secret = models.TextField(editable=False)
    hint = models.CharField(max_length=4, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                models.Value(1), condition=Q(removed_at=None), name="one_key_in_use"
            )
        ]

    def __str__(self) -> str:
        return f"key ending in {self.hint}"


class Pace(models.Model):
    """How quickly an account may call a model, shared by all processes.

    `account` is a fingerprint of address and key. `state` is `pace.PaceState` as JSON; who writes it
    says which `version` it was made from, and does it again if another one was quicker.
    """

    account = models.CharField(max_length=16)
    model = models.CharField(max_length=160)
    state = models.JSONField(default=dict)
    version = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "model"], name="one_pace_a_model")
        ]

    def __str__(self) -> str:
        return f"{self.model} ({self.account})"


class AccountModels(models.Model):
    """The list of models that an account may use, as the provider gave it last."""

    account = models.CharField(max_length=16, unique=True)
    model_ids = models.JSONField(default=list)
    fetched_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField()
    error = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        verbose_name_plural = "account models"

    def __str__(self) -> str:
        return f"models of {self.account}"


class Outcome(models.TextChoices):
    OPEN = "open", "No answer yet"
    ANSWERED = "answered", "Answered"
    FAILED = "failed", "Failed"
    STOPPED = "stopped", "Stopped"


class Call(models.Model):
    """One request to a language model, written down before it is sent.

    `tokens` and `cost_usd` count against the budgets: what the call may take at most until its
    answer says what it took. One left open by a crash goes on counting as what it might have taken.
    """

    purpose = models.CharField(max_length=40)
    scope = models.CharField(max_length=60, blank=True, default="")
    # Without a constraint of the database: what was spent stays counted when a person is deleted.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        db_constraint=False,
        on_delete=models.DO_NOTHING,
        related_name="+",
    )
    ref = models.CharField(max_length=60, blank=True, default="")
    account = models.CharField(max_length=16)
    model = models.CharField(max_length=160)
    day = models.DateField()
    tokens = models.PositiveIntegerField()
    cost_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    prompt_tokens = models.PositiveIntegerField(default=0)
    completion_tokens = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(default=timezone.now)
    latency_ms = models.PositiveIntegerField(null=True)
    first_token_ms = models.PositiveIntegerField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.OPEN)
    code = models.CharField(max_length=20, blank=True, default="")
    error = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        ordering = ["-pk"]
        indexes: ClassVar = [
            models.Index(fields=["day", "purpose"]),
            models.Index(fields=["scope", "day"]),
            models.Index(fields=["user", "day"]),
            models.Index(fields=["model", "-started_at"]),
            models.Index(fields=["ref"], name="llm_call_ref", condition=~Q(ref="")),
        ]

    def __str__(self) -> str:
        return f"{self.purpose}: {self.model}"


class Till(models.Model):
    """What was spent on a day by the whole site (`who` is "site") or by one person ("user:3").

    The sums of the calls once more, in rows that a conditional UPDATE can add to: so no two calls
    at the same time both take the last of a budget. `refused` is what the last call of each purpose
    would have needed that could not be paid: [tokens, micro_usd].
    """

    day = models.DateField()
    who = models.CharField(max_length=30)
    tokens = models.BigIntegerField(default=0)
    micro_usd = models.BigIntegerField(default=0)
    refused = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["day", "who"], name="one_till")]

    def __str__(self) -> str:
        return f"{self.who} on {self.day}"


class KeptAnswer(models.Model):
    """An answer that was paid for, by the digest of its request; or, until `held_until`, that
    `holder` is asking for it.
    """

    key = models.CharField(max_length=64, primary_key=True)
    text = models.TextField(blank=True, default="")
    model = models.CharField(max_length=160, blank=True, default="")
    prompt_tokens = models.PositiveIntegerField(default=0)
    completion_tokens = models.PositiveIntegerField(default=0)
    cost_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    holder = models.CharField(max_length=160, blank=True, default="")
    held_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["held_until"],
                name="llm_keptanswer_held",
                condition=Q(held_until__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.key
