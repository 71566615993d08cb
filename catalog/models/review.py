from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from catalog.models.catalog import Catalog
from catalog.models.ledger import Batch, LedgerEntry
from catalog.models.vocabulary import Category


class Verdict(models.TextChoices):
    NONE = "", "Undecided"
    RIGHT = "right", "Right"
    WRONG = "wrong", "Wrong"


class ReviewSample(models.Model):
    """A random sample of one field's open suggestions, reviewed to learn how right the rest are.

    `category` is where the products stand, and `category_path` what it was called when the sample
    was drawn (empty: anywhere); `population` is how many suggestions were open then. `batch` holds
    the acceptance of the rest, once somebody gave it.
    """

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="review_samples")
    field = models.CharField(max_length=60)
    category = models.ForeignKey(
        Category, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    category_path = models.CharField(max_length=300, blank=True, default="")
    population = models.PositiveIntegerField()
    batch = models.ForeignKey(
        Batch, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"sample of {self.field}"


class ReviewSampleItem(models.Model):
    """One suggestion of a sample and what a person found of it."""

    sample = models.ForeignKey(ReviewSample, on_delete=models.CASCADE, related_name="items")
    entry = models.ForeignKey(LedgerEntry, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveIntegerField()
    verdict = models.CharField(
        max_length=5, choices=Verdict.choices, blank=True, default=Verdict.NONE
    )

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sample", "entry"], name="once_in_a_sample")
        ]

    def __str__(self) -> str:
        return f"{self.sample_id}: {self.entry_id}"
