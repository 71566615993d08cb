from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from catalog.models.catalog import Catalog


class GridColumns(models.Model):
    """Which columns of the grid somebody looks at in a catalogue, in their order, with widths."""

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
