from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from catalog.models.catalog import Catalog
from catalog.models.outbox import IndexedQuerySet
from catalog.models.photo import Photo
from catalog.models.product import Product, Variant
from catalog.models.sources import Source


class Decision(models.TextChoices):
    NONE = "", "Undecided"
    ACCEPTED = "accepted", "Accepted"
    REJECTED = "rejected", "Rejected"


class Batch(models.Model):
    """Ledger rows written by one act, so that the act can be undone as a whole.

    `went_back_to` is the version that the act took a product back to: it wrote more than rows.
    """

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="batches")
    label = models.CharField(max_length=200)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    retracted_at = models.DateTimeField(null=True, blank=True, editable=False)
    retracted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    went_back_to = models.ForeignKey(
        "catalog.ProductVersion", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "batches"

    def __str__(self) -> str:
        return self.label


class LedgerQuerySet(models.QuerySet):
    def standing(self) -> LedgerQuerySet:
        """Rows that count: neither retracted nor rejected."""
        return self.filter(retracted_at__isnull=True).exclude(decision=Decision.REJECTED)


class LedgerEntry(models.Model):
    """One value that somebody or something gave to one field. Rows are added, never rewritten.

    `value` is a JSON list of the field's type; null means deliberately empty. Who wrote it
    (`source`) and who confirmed it (`decision`, `decided_by`) are two facts.

    `confidence` is how likely the value is right, `said_confidence` the machine's own word for it,
    and `evidence` what else was weighed. `awaits_review` marks a machine's value that a person is
    yet to decide on; it follows from the ledger and is written with it. `decision_batch` is the act
    that decided on many at once, `taken_back` the decision that was undone with it. `overwrote` is
    what a decision wrote to columns: by the id of the row, its text before and after.
    `retraction_batch` is the act of a machine that said something newer in its place.
    """

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="ledger")
    variant = models.ForeignKey(
        Variant, null=True, blank=True, on_delete=models.CASCADE, related_name="ledger"
    )
    field = models.CharField(max_length=60)
    locale = models.CharField(max_length=20, blank=True, default="")
    value = models.JSONField(null=True)
    source = models.CharField(max_length=12, choices=Source.choices)
    photo = models.ForeignKey(
        Photo, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    model = models.CharField(max_length=160, blank=True, default="")
    prompt_version = models.CharField(max_length=40, blank=True, default="")
    confidence = models.FloatField(null=True, blank=True)
    said_confidence = models.FloatField(null=True, blank=True)
    evidence = models.JSONField(default=dict, blank=True)
    awaits_review = models.BooleanField(default=False, editable=False)
    batch = models.ForeignKey(
        Batch, null=True, blank=True, on_delete=models.SET_NULL, related_name="entries"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    decision = models.CharField(
        max_length=10, choices=Decision.choices, blank=True, default=Decision.NONE
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_batch = models.ForeignKey(
        Batch, null=True, blank=True, on_delete=models.SET_NULL, related_name="decisions"
    )
    taken_back = models.CharField(
        max_length=10, choices=Decision.choices, blank=True, default=Decision.NONE, editable=False
    )
    overwrote = models.JSONField(default=dict, blank=True, editable=False)
    retracted_at = models.DateTimeField(null=True, blank=True)
    retracted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    retraction_batch = models.ForeignKey(
        Batch,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="retractions",
        editable=False,
    )

    objects = LedgerQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name_plural = "ledger entries"
        indexes = [
            models.Index(fields=["product", "field", "locale"], name="ledger_of_field"),
            models.Index(
                fields=["confidence", "id"],
                name="ledger_to_review",
                condition=Q(awaits_review=True),
            ),
            models.Index(
                fields=["field", "confidence"],
                name="ledger_field_to_review",
                condition=Q(awaits_review=True),
            ),
            models.Index(
                fields=["decided_at"],
                name="ledger_decided",
                condition=Q(decided_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.field} = {self.value} ({self.get_source_display()})"


class CurrentAttributeQuerySet(IndexedQuerySet):
    placements_path = "product__current_attributes__in"


class CurrentAttribute(models.Model):
    """The ledger's present answer for one field: a projection, written with the ledger's rows."""

    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, related_name="current_attributes"
    )
    variant = models.ForeignKey(
        Variant, null=True, blank=True, on_delete=models.CASCADE, related_name="current_attributes"
    )
    field = models.CharField(max_length=60)
    locale = models.CharField(max_length=20, blank=True, default="")
    value = models.JSONField(null=True)
    source = models.CharField(max_length=12, choices=Source.choices)
    confidence = models.FloatField(null=True, blank=True)
    locked = models.BooleanField(default=False)
    entry = models.ForeignKey(LedgerEntry, on_delete=models.CASCADE, related_name="+")
    updated_at = models.DateTimeField(default=timezone.now)

    objects = CurrentAttributeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product", "field", "locale"],
                condition=Q(variant__isnull=True),
                name="current_of_product",
            ),
            models.UniqueConstraint(
                fields=["product", "variant", "field", "locale"],
                condition=Q(variant__isnull=False),
                name="current_of_variant",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.field} = {self.value}"


class CurrentTerm(models.Model):
    """One value of a current attribute as a row of its own: what filters and facets count."""

    current = models.ForeignKey(CurrentAttribute, on_delete=models.CASCADE, related_name="terms")
    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="+")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="current_terms")
    field = models.CharField(max_length=60)
    value = models.CharField(max_length=160)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["current", "value"], name="term_once_a_value")
        ]
        indexes = [
            models.Index(fields=["catalog", "field", "value"], name="term_of_catalog"),
            models.Index(fields=["product", "field"], name="term_of_product"),
        ]

    def __str__(self) -> str:
        return f"{self.field}: {self.value}"
