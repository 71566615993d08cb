from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils import timezone
from pydantic import ValidationError as Invalid

from catalog.models import Catalog
from tools.personas import MOST, Persona


class PanelSource(models.TextChoices):
    RULES = "rules", "Drawn from templates"
    MODEL = "model", "Suggested by a language model"
    PERSON = "person", "Written by a person"


def check_personas(value: object) -> None:
    """Raises ValidationError unless these are one to `MOST` personas, each under a name of its own."""
    if not isinstance(value, list) or not 1 <= len(value) <= MOST:
        raise ValidationError(f"A panel has 1 to {MOST} shoppers.")
    try:
        people = [Persona.model_validate(each) for each in value]
    except Invalid as error:
        first = error.errors()[0]
        where = " ".join(str(part) for part in first["loc"])
        raise ValidationError(f"A shopper is not complete: {where}: {first['msg']}.") from error
    if len({person.name.casefold() for person in people}) != len(people):
        raise ValidationError("Two shoppers have the same name.")


class Panel(models.Model):
    """Simulated shoppers that are kept for further rehearsals: `personas` as JSON, in order."""

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="panels")
    name = models.CharField(max_length=80)
    audience = models.CharField(max_length=200, blank=True, default="")
    category = models.CharField(
        max_length=300, blank=True, default="", help_text="What they shop for, in words."
    )
    seed = models.PositiveIntegerField(default=1)
    personas = models.JSONField(default=list, validators=[check_personas])
    source = models.CharField(
        max_length=6, choices=PanelSource.choices, default=PanelSource.RULES, editable=False
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["name", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["catalog", "name"],
                name="panel_once_a_catalog",
                violation_error_message="Another panel of this catalogue has this name.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("tools:panel", args=[self.catalog.slug, self.pk])

    def people(self) -> list[Persona]:
        return [Persona.model_validate(each) for each in self.personas]
