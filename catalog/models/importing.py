from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from catalog.models.catalog import Catalog
from catalog.models.job import Job
from catalog.models.ledger import Batch
from catalog.models.product import Product, Variant
from catalog.models.upload import Upload


class ImportState(models.TextChoices):
    MAPPING = "mapping", "Columns to check"
    READING = "reading", "Being read"
    READY = "ready", "Ready to import"
    RUNNING = "running", "Importing"
    DONE = "done", "Imported"
    STOPPED = "stopped", "Stopped"
    FAILED = "failed", "Could not be read"
    UNDOING = "undoing", "Being undone"
    UNDONE = "undone", "Undone"


class ImportMode(models.TextChoices):
    BOTH = "both", "Create new, update known"
    CREATE = "create", "Only create new products"
    UPDATE = "update", "Only update known products"


class Import(models.Model):
    """A file (and an archive of photos) on its way into a catalogue.

    Until it runs nothing but these tables knows of it. `mapping` says what each column is,
    `options` how known products are found and what may be overwritten (`catalog.importing.options`),
    `counts` what the preview found and what was done so far. `inspection` is what was seen of the
    file at first sight: its format, dialect, headers and first rows.
    """

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="imports")
    name = models.CharField(max_length=200)
    format = models.CharField(max_length=20, blank=True, default="")
    state = models.CharField(
        max_length=10, choices=ImportState.choices, default=ImportState.MAPPING
    )
    table = models.ForeignKey(
        Upload, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    photos = models.ForeignKey(
        Upload, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    inspection = models.JSONField(default=dict, blank=True)
    mapping = models.JSONField(default=dict, blank=True)
    options = models.JSONField(default=dict, blank=True)
    counts = models.JSONField(default=dict, blank=True)
    error = models.TextField(blank=True, default="")
    batch = models.ForeignKey(
        Batch, null=True, blank=True, on_delete=models.SET_NULL, related_name="imports"
    )
    job = models.ForeignKey(
        Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="imports"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]
        indexes: ClassVar = [
            models.Index(fields=["catalog", "-created_at"], name="import_newest"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"{reverse('catalog:imports', args=[self.catalog.slug])}{self.pk}/"


class ItemState(models.TextChoices):
    """What becomes of one product of a file: planned until it is done."""

    STAGED = "staged", "Read"
    CREATE = "create", "To be created"
    UPDATE = "update", "To be updated"
    UNCHANGED = "unchanged", "As it is already"
    REFUSED = "refused", "Cannot be imported"
    CREATED = "created", "Created"
    UPDATED = "updated", "Updated"
    SKIPPED = "skipped", "Skipped"
    UNDONE = "undone", "Undone"
    KEPT = "kept", "Not undone, as somebody changed it since"


class ImportItem(models.Model):
    """One product of a file: its record, what is planned or was done with it, and what stood there.

    `record` has the form of `ProductRecord.as_json`, without photos: those are rows. `changes` is what
    the preview shows and what was written, `[[what, before, after], ...]`; `before` and `after` are
    how the product stood (`catalog.importing.standing`), by which it is undone. `wrote` is what
    imports up to this one wrote to its columns, by which a person's word is told from an import's.
    """

    source = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="items")
    number = models.PositiveIntegerField()
    key = models.CharField(max_length=200)
    record = models.JSONField()
    state = models.CharField(max_length=10, choices=ItemState.choices, default=ItemState.STAGED)
    product = models.ForeignKey(
        Product, null=True, blank=True, on_delete=models.SET_NULL, related_name="import_items"
    )
    changes = models.JSONField(default=list, blank=True)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    wrote = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "key"], name="import_item_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["source", "state", "number"], name="import_item_state"),
            models.Index(fields=["source", "number"], name="import_item_order"),
        ]

    def __str__(self) -> str:
        return self.key


class ImportClaim(models.Model):
    """What an item of a file names, "sku:..." or "handle:...": no two of its items may mean the same."""

    source = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="claims")
    item = models.ForeignKey(ImportItem, on_delete=models.CASCADE, related_name="claims")
    name = models.CharField(max_length=200)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["source", "name"], name="import_claim")]

    def __str__(self) -> str:
        return self.name


class ImportProblem(models.Model):
    """What is wrong with a line of a file, for the report. See `catalog.interchange.records.Problem`.

    `is_planned` tells what the plan of its item found from what its reader did.
    """

    source = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="problems")
    item = models.ForeignKey(
        ImportItem, null=True, blank=True, on_delete=models.CASCADE, related_name="problems"
    )
    row = models.PositiveIntegerField(default=0)
    field = models.CharField(max_length=200, blank=True, default="")
    message = models.CharField(max_length=500)
    severity = models.CharField(max_length=8, default="error")
    is_planned = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering: ClassVar = ["row", "pk"]
        indexes: ClassVar = [models.Index(fields=["source", "row"], name="import_problem_row")]

    def __str__(self) -> str:
        return f"{self.row}: {self.message}"


class ImportPhotoState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    DONE = "done", "Placed"
    THERE = "there", "There already"
    FAILED = "failed", "Failed"
    SKIPPED = "skipped", "Skipped"


class ImportPhoto(models.Model):
    """A photo that a file names, on its way to a product. `source` is an address or a file's name.

    A person may move it to another item before the import runs. `digest` is that of the source, by
    which an address is known again that was fetched before. `before` is what of a photo that was
    there already the file has said anew, as it was.
    """

    origin = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="photo_rows")
    item = models.ForeignKey(
        ImportItem, null=True, blank=True, on_delete=models.CASCADE, related_name="photo_rows"
    )
    source = models.CharField(max_length=2000)
    digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    variant = models.CharField(max_length=400, blank=True, default="")
    role = models.CharField(max_length=10, blank=True, default="")
    alt_text = models.CharField(max_length=300, blank=True, default="")
    position = models.PositiveIntegerField(default=0)
    row = models.PositiveIntegerField(default=0)
    state = models.CharField(
        max_length=8, choices=ImportPhotoState.choices, default=ImportPhotoState.WAITING
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now, editable=False)
    error = models.CharField(max_length=500, blank=True, default="")
    before = models.JSONField(default=dict, blank=True, editable=False)
    placement = models.ForeignKey(
        "catalog.Placement", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering: ClassVar = ["item", "position", "pk"]
        indexes: ClassVar = [
            models.Index(fields=["origin", "state", "id"], name="import_photo_state"),
            models.Index(fields=["digest"], name="import_photo_digest"),
        ]

    def __str__(self) -> str:
        return self.source


class ColumnMapping(models.Model):
    """What a person said the columns of a kind of file are, for the next file with these headers.

    `headers` is a digest of them in their order.
    """

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="column_mappings")
    headers = models.CharField(max_length=64)
    mapping = models.JSONField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["catalog", "headers"], name="mapping_once_a_header")
        ]

    def __str__(self) -> str:
        return f"columns of {self.catalog}"


class ForeignCells(models.Model):
    """Cells of a file that mean nothing here, kept to be written back: a header's text by format.

    `format` names the file format, such as "shopify"; `cells` is {header: text}.
    """

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="foreign_cells")
    variant = models.ForeignKey(
        Variant, null=True, blank=True, on_delete=models.CASCADE, related_name="foreign_cells"
    )
    format = models.CharField(max_length=20)
    cells = models.JSONField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["product", "format"],
                condition=models.Q(variant__isnull=True),
                name="foreign_cells_of_product",
            ),
            models.UniqueConstraint(
                fields=["variant", "format"],
                condition=models.Q(variant__isnull=False),
                name="foreign_cells_of_variant",
            ),
        ]
        verbose_name_plural = "foreign cells"

    def __str__(self) -> str:
        return f"{self.format} cells of {self.product}"
