"""Webhooks and what was sent to them: to look at, to turn off, to send again."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet, URLField
from django.http import HttpRequest

from catalog import selectors
from catalog.admin.base import ReadOnlyAdmin
from catalog.models import Webhook, WebhookDelivery
from catalog.webhooks.services import delivery_retry, webhook_disable


class OwnersAdmin(ReadOnlyAdmin):
    """Rows that only owners of their catalogues see, here as on the pages."""

    writers = selectors.MANAGE

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return self.writable(request, super().get_queryset(request))


@admin.register(Webhook)
class WebhookAdmin(OwnersAdmin):
    list_display = ["address", "catalog", "is_active", "disabled_why", "failing_since"]
    list_filter = ["is_active"]
    list_select_related = ["catalog"]
    search_fields = ["address"]
    exclude = ["secret", "old_secret"]
    # Also a form that nobody can send is built with its fields.
    formfield_overrides = {URLField: {"assume_scheme": "https"}}
    actions = ["turn_off"]

    @admin.action(description="Turn off selected webhooks", permissions=["view"])
    def turn_off(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> None:
        for hook in self.chosen(request, queryset.filter(is_active=True)):
            webhook_disable(webhook=hook, actor=request.user)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(OwnersAdmin):
    list_display = ["event", "webhook", "state", "status", "attempts", "created_at", "error"]
    list_filter = ["state", "event"]
    list_select_related = ["webhook"]
    catalog_path = "webhook__catalog"
    actions = ["send_again"]

    @admin.action(description="Send failed ones again", permissions=["view"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> None:
        rows = queryset.select_related("webhook__catalog")
        for delivery in self.chosen(request, rows):
            try:
                delivery_retry(delivery=delivery, actor=request.user)
            except ValidationError as error:
                self.message_user(request, f"{delivery}: {error.messages[0]}")
