"""Work, its failures, and what machines keep."""

from __future__ import annotations

from typing import cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from catalog.admin.base import ReadOnlyAdmin, SuperusersOnly
from catalog.models import (
    DescribeRun,
    DescribeTask,
    EmbeddingSpace,
    EmbedTask,
    FileRemoval,
    IndexChange,
    Job,
    VisionTask,
)
from catalog.services.work import work_retry
from prodintel.lib.work import WorkQuerySet

SHOWN = ["state", "attempts", "error", "next_try_at", "owner", "leased_until", "finished_at"]


class WorkAdmin(SuperusersOnly, ReadOnlyAdmin):
    """Rows of work of all catalogues: to see what failed and why, and to try again."""

    list_filter = ["state"]
    actions = ["retry"]

    def get_list_display(self, request: HttpRequest) -> list[str]:
        del request
        return ["__str__", *SHOWN]

    @admin.action(description="Try failed ones again", permissions=["view"])
    def retry(self, request: HttpRequest, queryset: QuerySet) -> None:
        count = work_retry(rows=cast("WorkQuerySet", queryset), actor=request.user)
        self.message_user(request, f"{count} will be tried again.")


for model in (EmbedTask, DescribeTask, VisionTask, IndexChange, Job, FileRemoval):
    admin.site.register(model, WorkAdmin)


@admin.register(EmbeddingSpace)
class EmbeddingSpaceAdmin(SuperusersOnly, ReadOnlyAdmin):
    list_display = ["model_id", "dimension", "state", "created_at", "live_since"]
    exclude = ["background"]


@admin.register(DescribeRun)
class DescribeRunAdmin(ReadOnlyAdmin):
    """Runs of descriptions, to look at; they are started, stopped and undone on their pages."""

    list_display = ["label", "catalog", "state", "product_count", "created_by", "created_at"]
    list_filter = ["state"]
    list_select_related = ["catalog", "created_by"]
    exclude = ["product_ids"]
