from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from catalog.models.catalog import Catalog
from prodintel.lib.work import Work

PURGE = "purge"
REPROJECT = "reproject"
CALIBRATE = "calibrate"
ACCEPT_REST = "accept-rest"
# Bulk acts: what they are is in `catalog.services.bulk_acts`, to which other apps add theirs.
MOVE = "products-status"
MOVE_BACK = "products-status-undo"
QUEUE = "describe-queue"
RETRACT = "batch-undo"
RESTORE = "batch-restore"
DELETE = "products-delete"
UNDELETE = "products-restore"
# Work on imports: see `catalog.importing.performing`.
IMPORT_READ = "import-read"
IMPORT_RUN = "import-run"
IMPORT_UNDO = "import-undo"
IMPORTS = frozenset({IMPORT_READ, IMPORT_RUN, IMPORT_UNDO})
PUBLISH = "photos-publish"
UNPUBLISH = "photos-publish-undo"
GRID_PLAN = "grid-plan"
GRID_EDIT = "grid-edit"
GRID_UNDO = "grid-undo"
BULK = {
    MOVE,
    MOVE_BACK,
    QUEUE,
    RETRACT,
    RESTORE,
    DELETE,
    UNDELETE,
    PUBLISH,
    UNPUBLISH,
    GRID_PLAN,
    GRID_EDIT,
    GRID_UNDO,
}


class Job(Work):
    """Background work other than embedding and describing, by `kind`: a name of the job registry.

    The purge is one row that is done again and again.
    """

    kind = models.CharField(max_length=40, db_index=True)
    catalog = models.ForeignKey(
        Catalog, null=True, blank=True, on_delete=models.CASCADE, related_name="jobs"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    arguments = models.JSONField(default=dict, blank=True)
    result = models.JSONField(default=dict, blank=True)
    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(default=0)

    class Meta(Work.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind"], condition=Q(kind=PURGE), name="one_purge")
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.state})"


class JobStep(models.Model):
    """What of a bulk act is done in one transaction: to which products, and once it is, what it did.

    Gone when the act has ended: its event in the audit trail says it then.
    """

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="steps")
    number = models.PositiveIntegerField()
    product_ids = models.JSONField()
    did = models.JSONField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["job", "number"], name="job_step_once")
        ]

    def __str__(self) -> str:
        return f"{self.job} {self.number}"
