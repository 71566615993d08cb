"""Published photos and feeds: to look at, and to revoke."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from catalog import selectors
from catalog.admin.base import ReadOnlyAdmin
from catalog.models import Feed, PhotoPublishing, PublishedPhoto
from catalog.publishing.feeds import feed_revoke
from catalog.publishing.services import photos_revoke


@admin.register(PublishedPhoto)
class PublishedPhotoAdmin(ReadOnlyAdmin):
    """Without their tokens: who may look at the list of all addresses is decided on their pages."""

    list_display = ["placement", "created_by", "created_at", "revoked_at"]
    list_filter = [("revoked_at", admin.EmptyFieldListFilter)]
    list_select_related = ["placement__photo", "placement__product", "created_by"]
    catalog_path = "placement__product__catalog"
    writers = selectors.EDIT
    exclude = ["token"]
    actions = ["revoke"]

    @admin.action(description="Revoke selected addresses", permissions=["view"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[PublishedPhoto]) -> None:
        rows = self.chosen(request, queryset.filter(revoked_at=None).select_related("placement"))
        count = photos_revoke(placements=[row.placement for row in rows], actor=request.user)
        self.message_user(request, f"{count} revoked.")


@admin.register(PhotoPublishing)
class PhotoPublishingAdmin(ReadOnlyAdmin):
    """Catalogues whose photos are published as they are approved; set on their pages."""

    list_display = ["catalog", "created_by", "created_at"]
    list_select_related = ["catalog", "created_by"]


@admin.register(Feed)
class FeedAdmin(ReadOnlyAdmin):
    list_display = ["profile", "catalog", "prefix", "polled_at", "polled_by", "revoked_at"]
    list_filter = [("revoked_at", admin.EmptyFieldListFilter)]
    list_select_related = ["profile", "catalog"]
    writers = selectors.EDIT
    exclude = ["digest", "fingerprint"]
    actions = ["revoke"]

    @admin.action(description="Revoke selected feeds", permissions=["view"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Feed]) -> None:
        for feed in self.chosen(request, queryset.filter(revoked_at=None)):
            feed_revoke(feed=feed, actor=request.user)
