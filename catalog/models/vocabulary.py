from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.db import models
from django.utils import timezone

from catalog.models.shapes import ATTRIBUTE_KEY, check_labels, check_prompts
from catalog.models.sources import check_precedence


def label_in(labels: Mapping[str, str], language: str, otherwise: str) -> str:
    """The label in a language, or in the one it is a kind of (pt for pt-BR), or in English."""
    for known in (language, language.partition("-")[0], "en"):
        if label := labels.get(known):
            return label
    return otherwise


class Category(models.Model):
    """A node of the category tree. `path` is the slugs from the root: `home/kitchen/mugs`."""

    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    slug = models.SlugField(max_length=80)
    path = models.CharField(max_length=300, unique=True, editable=False)
    labels = models.JSONField(
        default=dict,
        blank=True,
        validators=[check_labels],
        help_text='One label a language: {"en": "Mugs"}.',
    )
    prompts = models.JSONField(
        default=list,
        blank=True,
        validators=[check_prompts],
        help_text='Words a photo of this is compared with: ["a mug", "a cup"].',
    )
    google_id = models.CharField(max_length=20, blank=True, default="")
    shopify_id = models.CharField(max_length=60, blank=True, default="")
    position = models.PositiveIntegerField(default=0)
    offered = models.BooleanField(
        default=True,
        help_text="Machines choose among offered categories, and lists show them. One below another "
        "that is not offered is not offered either. Products keep what they have.",
    )

    class Meta:
        ordering = ["position", "path"]
        verbose_name_plural = "categories"
        constraints = [
            models.UniqueConstraint(fields=["parent", "slug"], name="category_slug_in_parent")
        ]

    def __str__(self) -> str:
        return self.label()

    def label(self, language: str = "en") -> str:
        return label_in(self.labels, language, self.slug.replace("-", " "))


class AttributeKind(models.TextChoices):
    TEXT = "text", "Text"
    CHOICE = "choice", "Choice"
    MULTI_CHOICE = "multi_choice", "Multiple choice"
    NUMBER = "number", "Number with unit"
    BOOLEAN = "boolean", "Yes or no"


class AttributeDefinition(models.Model):
    """An attribute that products may have: its type, its values and where it applies."""

    key = models.SlugField(max_length=60, unique=True, validators=[ATTRIBUTE_KEY])
    labels = models.JSONField(default=dict, blank=True, validators=[check_labels])
    kind = models.CharField(max_length=12, choices=AttributeKind.choices)
    unit = models.CharField(max_length=20, blank=True, default="")
    closed = models.BooleanField(
        default=True, help_text="Values outside the list wait as proposed terms."
    )
    filterable = models.BooleanField(default=True)
    machine_may_set = models.BooleanField(
        default=True,
        help_text="Off for facts a photo cannot prove (composition, origin, safety): a machine's "
        "value is then only ever a suggestion.",
    )
    precedence = models.JSONField(
        default=list,
        blank=True,
        validators=[check_precedence],
        help_text="Whose word counts first. Empty: people, imports, vision models, zero-shot; for "
        'imports before people: ["import", "person", "vision-llm", "zero-shot"]. No machine comes '
        "before people.",
    )
    categories: models.ManyToManyField = models.ManyToManyField(
        Category, blank=True, related_name="attributes", help_text="None: applies everywhere."
    )
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "key"]

    def __str__(self) -> str:
        return self.label()

    def label(self, language: str = "en") -> str:
        return label_in(self.labels, language, self.key.replace("_", " "))


class TermState(models.TextChoices):
    ACTIVE = "active", "Active"
    PROPOSED = "proposed", "Proposed"
    REJECTED = "rejected", "Rejected"
    MERGED = "merged", "Merged into another"


class Term(models.Model):
    """A value of a choice attribute."""

    attribute = models.ForeignKey(
        AttributeDefinition, on_delete=models.CASCADE, related_name="terms"
    )
    key = models.SlugField(max_length=80, allow_unicode=True)
    labels = models.JSONField(default=dict, blank=True, validators=[check_labels])
    prompts = models.JSONField(default=list, blank=True, validators=[check_prompts])
    state = models.CharField(
        max_length=10, choices=TermState.choices, default=TermState.ACTIVE, db_index=True
    )
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="aliases"
    )
    categories: models.ManyToManyField = models.ManyToManyField(
        Category, blank=True, related_name="terms", help_text="None: offered everywhere."
    )
    position = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["position", "key"]
        constraints = [
            models.UniqueConstraint(fields=["attribute", "key"], name="term_key_in_attribute")
        ]

    def __str__(self) -> str:
        return self.label()

    def label(self, language: str = "en") -> str:
        return label_in(self.labels, language, self.key.replace("-", " "))


class VocabularyImport(models.Model):
    """A vocabulary file that somebody brought: looked at first, then taken over, and perhaps undone.

    `content` is what was read from the file, without what no import uses: compressed JSON, see
    `catalog.vocabulary.brought`. `choices` say what of it is taken and how, `report` what that did;
    `added` names what is new since, as the audit trail does.
    """

    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20)
    content = models.BinaryField()
    choices = models.JSONField(default=dict, blank=True)
    report = models.JSONField(default=dict, blank=True)
    added = models.JSONField(default=list, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    applied_at = models.DateTimeField(null=True, blank=True, editable=False)
    undone_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.name
