from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from catalog.models.catalog import Catalog
from catalog.models.job import Job
from catalog.models.ledger import Batch
from catalog.models.product import Product


class GridColumns(models.Model):
    """Which columns of the grid somebody looks at in a catalogue, in their order, by their keys."""

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    columns = models.JSONField(default=list)

    class Meta:
        verbose_name_plural = "grid columns"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["catalog", "user"], name="grid_columns_once")
        ]

    def __str__(self) -> str:
        return f"columns of {self.user} in {self.catalog}"


class GridEdit(models.Model):
    """One act on cells of the grid: planned, looked at, done, perhaps undone.

    `asked` is the operation, `counts` how much it would change and what was in its way. `job` is what
    plans, does or undoes it, where that is not done at once. `batch` holds what it wrote of
    attributes of several products; of one that is what its person wrote at `applied_at`. Columns are
    kept in its changes.
    """

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    label = models.CharField(max_length=200)
    asked = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)
    job = models.ForeignKey(
        Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="grid_edits"
    )
    batch = models.OneToOneField(
        Batch, null=True, blank=True, on_delete=models.SET_NULL, related_name="grid_edit"
    )
    planned_at = models.DateTimeField(null=True, blank=True, editable=False)
    applied_at = models.DateTimeField(null=True, blank=True, editable=False)
    undone_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return self.label


class GridChange(models.Model):
    """What an edit does to one product.

    `cells` are `{variant, column, before, after, locked}`, all texts as the grid shows them;
    `refused` are `{variant, column, text, message}`. `outcomes` say of each cell, once it was tried,
    what became of it: "done", "left" (somebody changed it after the plan), "undone", or why not.
    """

    edit = models.ForeignKey(GridEdit, on_delete=models.CASCADE, related_name="changes")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    approved = models.BooleanField(default=False)
    cells = models.JSONField(default=list)
    refused = models.JSONField(default=list)
    outcomes = models.JSONField(default=list)

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["edit", "product"], name="grid_change_once")
        ]

    def __str__(self) -> str:
        return f"{self.edit}: {self.product_id}"
