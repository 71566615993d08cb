from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone

from catalog.models import Catalog, Product
from catalog.models.catalog import CURRENCY, SoftDeleteQuerySet

MAX_TITLE, MAX_BRAND, MAX_SELLER, MAX_URL = 300, 120, 160, 500


class CompetitorList(models.Model):
    """What others sell, as a person brought it: a file of rows with its source and its day.

    `problems` is what was wrong with the file, a list of {row, field, message, left_out}.
    `assumed_currency` says how many rows name no currency and were read in the catalogue's,
    `passed_over` how many products were not looked through for suggestions, being too many.
    """

    catalog = models.ForeignKey(
        Catalog, on_delete=models.CASCADE, related_name="competitor_lists", editable=False
    )
    name = models.CharField(max_length=120)
    source = models.CharField(max_length=200)
    as_of = models.DateField()
    currency = models.CharField(max_length=3, validators=[CURRENCY])
    row_count = models.PositiveIntegerField(default=0)
    assumed_currency = models.PositiveIntegerField(default=0)
    passed_over = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list, blank=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    uploaded_at = models.DateTimeField(default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = SoftDeleteQuerySet.as_manager()

    class Meta:
        ordering = ["-as_of", "-pk"]
        indexes: ClassVar = [
            models.Index(fields=["catalog", "deleted_at", "-as_of"], name="competitors_newest")
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("tools:competitor_list", args=[self.catalog.slug, self.pk])


class CompetitorRow(models.Model):
    """One offer of somebody else. `number` is its row in the file, counted as a spreadsheet does.

    `attributes` are texts by heading. `url` is text: it is shown, and never fetched or followed.
    """

    list = models.ForeignKey(CompetitorList, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=MAX_TITLE, blank=True, default="")
    brand = models.CharField(max_length=MAX_BRAND, blank=True, default="")
    gtin = models.CharField("GTIN", max_length=14, blank=True, default="")
    price = models.DecimalField(
        max_digits=14, decimal_places=4, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    currency = models.CharField(max_length=3, validators=[CURRENCY])
    url = models.CharField("address", max_length=MAX_URL, blank=True, default="")
    attributes = models.JSONField(default=dict, blank=True)
    claims = models.TextField(blank=True, default="")
    seller = models.CharField(max_length=MAX_SELLER, blank=True, default="")
    seen_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["list", "number"], name="competitor_row_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["gtin"], name="competitor_gtin", condition=~models.Q(gtin=""))
        ]

    def __str__(self) -> str:
        return self.title or self.gtin


class Found(models.TextChoices):
    GTIN = "gtin", "Same GTIN"
    SIMILAR = "similar", "Suggested by similarity"
    PERSON = "person", "Named by a person"


class MatchDecision(models.TextChoices):
    NONE = "", "Undecided"
    CONFIRMED = "confirmed", "Confirmed"
    REJECTED = "rejected", "Rejected"


class CompetitorMatchQuerySet(models.QuerySet):
    def confirmed(self) -> CompetitorMatchQuerySet:
        """Matches that count: an equal GTIN that nobody rejected, or what a person confirmed."""
        by_gtin = models.Q(found=Found.GTIN, decision=MatchDecision.NONE)
        return self.filter(by_gtin | models.Q(decision=MatchDecision.CONFIRMED))

    def suggested(self) -> CompetitorMatchQuerySet:
        """What similarity suggests and nobody has decided on."""
        return self.filter(found=Found.SIMILAR, decision=MatchDecision.NONE)


class CompetitorMatch(models.Model):
    """That a row and a product are the same thing: how that was found, and what a person decided.

    `score` is the similarity in [0, 1]. Similarity alone never counts as a match.
    """

    row = models.ForeignKey(CompetitorRow, on_delete=models.CASCADE, related_name="matches")
    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, related_name="competitor_matches"
    )
    found = models.CharField(max_length=8, choices=Found.choices)
    score = models.FloatField(null=True, blank=True)
    decision = models.CharField(
        max_length=10, choices=MatchDecision.choices, blank=True, default=MatchDecision.NONE
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = CompetitorMatchQuerySet.as_manager()

    class Meta:
        ordering = ["-score", "pk"]
        verbose_name_plural = "competitor matches"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["row", "product"], name="competitor_match_once")
        ]

    def __str__(self) -> str:
        return f"{self.row_id} = {self.product_id} ({self.standing})"

    @property
    def standing(self) -> str:
        """What counts: "confirmed", "rejected" or "suggested"."""
        if self.decision:
            return self.decision
        return MatchDecision.CONFIRMED if self.found == Found.GTIN else "suggested"
