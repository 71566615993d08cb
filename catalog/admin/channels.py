"""Channels that catalogues are sold in, and what products lack for them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from catalog.admin.base import ReadOnlyAdmin, ServiceAdmin, SuperusersOnly
from catalog.channels.targets import target_add, target_remove
from catalog.models import ChannelTarget, ReadinessCheck, ReadinessGap, ReadinessGtin


@admin.register(ChannelTarget)
class ChannelTargetAdmin(ServiceAdmin):
    """Targets are added and removed; one that was removed comes back by adding it again."""

    list_display = ["__str__", "catalog", "channel", "country", "removed_at"]
    list_filter = ["channel", "country"]
    list_select_related = ["catalog"]
    fields = ["catalog", "channel", "country"]
    readonly_fields = ["removed_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).filter(removed_at=None)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: ChannelTarget, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's signature
        del form, change
        obj.pk = target_add(
            catalog=obj.catalog, channel=obj.channel, country=obj.country, actor=request.user
        ).pk

    def delete_model(self, request: HttpRequest, obj: ChannelTarget) -> None:
        target_remove(target=obj, actor=request.user)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        for target in queryset.select_related("catalog"):
            target_remove(target=target, actor=request.user)


@admin.register(ReadinessGap)
class ReadinessGapAdmin(ReadOnlyAdmin):
    """What products lack: a projection, to look at."""

    catalog_path = "target__catalog"
    list_display = ["product", "target", "requirement", "severity", "message"]
    list_filter = ["severity", "target__channel", "target__country"]
    list_select_related = ["product", "target"]
    search_fields = ["product__title", "requirement"]


@admin.register(ReadinessCheck)
class ReadinessCheckAdmin(ReadOnlyAdmin):
    """When products were checked last, and which wait for it."""

    list_display = ["product", "catalog", "stale", "checked_at"]
    list_filter = ["stale"]
    list_select_related = ["product", "catalog"]


@admin.register(ReadinessGtin)
class ReadinessGtinAdmin(SuperusersOnly, ReadOnlyAdmin):
    """The numbers by which two products that share one are found."""

    list_display = ["gtin", "product", "catalog"]
    list_select_related = ["product", "catalog"]
    search_fields = ["gtin"]
