"""Webhooks over the API, for owners of catalogues."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from catalog import selectors
from catalog.api.schemas import STORABLE, Strict
from catalog.models import Webhook, WebhookDelivery
from catalog.webhooks import services
from catalog.webhooks.events import EVENTS

router = Router(tags=["webhooks"])
SHOWN = 200


class WebhookOut(Schema):
    """Where another system is told of what happens, without its secret, which is told once."""

    id: int
    address: str
    events: list[str] = Field(description=f"Of {', '.join(EVENTS)}")
    active: bool
    disabled_why: str = Field(description="Why it was turned off, where no person did that")
    failing_since: datetime | None
    created_at: datetime

    @staticmethod
    def facts(hook: Webhook) -> dict[str, Any]:
        return {
            "id": hook.pk,
            "address": hook.address,
            "events": hook.events,
            "active": hook.is_active,
            "disabled_why": hook.disabled_why,
            "failing_since": hook.failing_since,
            "created_at": hook.created_at,
        }


class NewWebhookOut(WebhookOut):
    secret: str = Field(description="Keep it: it is not told again")


class WebhookIn(Strict):
    address: str = Field(max_length=500, pattern=STORABLE)
    events: list[str] = Field(max_length=20)


class WebhookChange(Strict):
    address: str | None = Field(None, max_length=500, pattern=STORABLE)
    events: list[str] | None = Field(None, max_length=20)
    active: bool | None = None


class DeliveryOut(Schema):
    """A message that was sent, or waits to be."""

    id: int
    message_id: str = Field(description="The webhook-id of its tries, the same for all of them")
    event: str
    state: str
    attempts: int
    status: int | None = Field(description="What the receiver answered last")
    answer: str
    error: str
    took_ms: int | None
    created_at: datetime
    next_try_at: datetime | None
    payload: dict[str, Any]

    @classmethod
    def of(cls, row: WebhookDelivery) -> DeliveryOut:
        return cls(
            id=row.pk,
            message_id=services.message_name(row),
            event=row.event,
            state=row.state,
            attempts=row.attempts,
            status=row.status,
            answer=row.answer,
            error=row.error,
            took_ms=row.took_ms,
            created_at=row.created_at,
            next_try_at=row.next_try_at if row.state == "pending" else None,
            payload=row.payload,
        )


@router.get("/catalogs/{slug:slug}/webhooks", response=list[WebhookOut])
def webhooks_list(request: HttpRequest, slug: str) -> Any:
    catalog = selectors.catalog_for(request.user, slug, selectors.MANAGE)
    return [WebhookOut(**WebhookOut.facts(row)) for row in Webhook.objects.filter(catalog=catalog)]


@router.post("/catalogs/{slug:slug}/webhooks", response={201: NewWebhookOut})
def webhook_new(request: HttpRequest, slug: str, body: WebhookIn) -> Any:
    """Have another system told of what happens; the answer alone has the secret."""
    catalog = selectors.catalog_for(request.user, slug, selectors.MANAGE)
    hook, secret = services.webhook_create(
        catalog=catalog, address=body.address, events=body.events, actor=request.user
    )
    return Status(201, NewWebhookOut(**WebhookOut.facts(hook), secret=secret))


def _webhook(request: HttpRequest, pk: int) -> Webhook:
    """Raises Http404 to strangers of its catalogue, PermissionDenied to who does not own it."""
    hook = Webhook.objects.filter(pk=pk).select_related("catalog").first()
    if hook is None:
        raise Http404
    selectors.catalog_for(request.user, hook.catalog.slug, selectors.MANAGE)
    return hook


@router.get("/webhooks/{int:pk}", response=WebhookOut)
def webhook_get(request: HttpRequest, pk: int) -> Any:
    return WebhookOut(**WebhookOut.facts(_webhook(request, pk)))


@router.patch("/webhooks/{int:pk}", response=WebhookOut)
def webhook_change(request: HttpRequest, pk: int, body: WebhookChange) -> Any:
    """Change where it goes or what it tells of, turn it off or on."""
    hook = _webhook(request, pk)
    if body.address is not None or body.events is not None:
        address = hook.address if body.address is None else body.address
        events = hook.events if body.events is None else body.events
        services.webhook_update(webhook=hook, address=address, events=events, actor=request.user)
    if body.active is not None and body.active != hook.is_active:
        turn = services.webhook_enable if body.active else services.webhook_disable
        turn(webhook=hook, actor=request.user)
    return webhook_get(request, pk)


@router.delete("/webhooks/{int:pk}", response={204: None})
def webhook_remove(request: HttpRequest, pk: int) -> Any:
    """Remove it with its log."""
    services.webhook_delete(webhook=_webhook(request, pk), actor=request.user)
    return Status(204, None)


@router.post("/webhooks/{int:pk}/rotate", response=NewWebhookOut)
def webhook_new_secret(request: HttpRequest, pk: int) -> Any:
    """Another secret; for a day the one before signs as well."""
    hook = _webhook(request, pk)
    secret = services.webhook_rotate(webhook=hook, actor=request.user)
    return NewWebhookOut(**WebhookOut.facts(hook), secret=secret)


@router.post("/webhooks/{int:pk}/ping", response={202: DeliveryOut})
def webhook_test(request: HttpRequest, pk: int) -> Any:
    """Send a test message: see its delivery for what came of it."""
    delivery = services.webhook_ping(webhook=_webhook(request, pk), actor=request.user)
    return Status(202, DeliveryOut.of(delivery))


@router.get("/webhooks/{int:pk}/deliveries", response=list[DeliveryOut])
def deliveries_list(request: HttpRequest, pk: int) -> Any:
    """The last 200 messages, the newest first."""
    return [DeliveryOut.of(row) for row in _webhook(request, pk).deliveries.all()[:SHOWN]]


@router.post("/webhooks/{int:pk}/deliveries/{int:delivery}/retry", response={202: DeliveryOut})
def delivery_again(request: HttpRequest, pk: int, delivery: int) -> Any:
    """Send a message that failed once more, by the id that it has."""
    rows = _webhook(request, pk).deliveries.select_related("webhook__catalog")
    row = rows.filter(pk=delivery).first()
    if row is None:
        raise Http404
    services.delivery_retry(delivery=row, actor=request.user)
    return Status(202, DeliveryOut.of(rows.get(pk=delivery)))
