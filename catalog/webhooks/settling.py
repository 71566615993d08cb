"""What came of trying to deliver a message, written down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from catalog.models import Webhook, WebhookDelivery
from catalog.webhooks.services import webhook_disable

# A receiver that has taken nothing for so long is not asked any more.
PATIENCE = timedelta(days=5)
GONE = "Its receiver answered 410 Gone: it wants no more messages."
GAVE_UP = "Nothing could be delivered for {days} days."
SHOWN_OF_ANSWER = 500


@dataclass(frozen=True)
class Tried:
    """What a try came to: the answer's status and beginning, or None and why there was no answer."""

    status: int | None
    text: str = ""
    took_ms: int = 0
    error: str = ""
    permanent: bool = False

    @property
    def is_delivered(self) -> bool:
        return self.status is not None and HTTPStatus(200) <= self.status < HTTPStatus(300)


@transaction.atomic
def delivery_settle(*, delivery: WebhookDelivery, token: UUID, tried: Tried) -> None:
    """Write down a try of a delivery that `token` holds; nothing where it holds it no longer."""
    rows = WebhookDelivery.objects.filter(pk=delivery.pk)
    if not rows.held(token).update(
        status=tried.status, answer=_plain(tried.text), took_ms=tried.took_ms
    ):
        return
    hook = Webhook.objects.select_related("catalog").get(pk=delivery.webhook_id)
    if tried.is_delivered:
        rows.complete(token, [delivery.pk])
        if hook.failing_since is not None:
            Webhook.objects.filter(pk=hook.pk).update(failing_since=None)
        return
    gone = tried.status == HTTPStatus.GONE
    error = tried.error or f"It answered {tried.status}."
    rows.fail(token, [delivery.pk], error=error, permanent=tried.permanent or gone)
    _note_failure(hook, gone=gone)


def _note_failure(hook: Webhook, *, gone: bool) -> None:
    now = timezone.now()
    if hook.failing_since is None:
        Webhook.objects.filter(pk=hook.pk).update(failing_since=now)
    if not hook.is_active:
        return
    if gone:
        webhook_disable(webhook=hook, actor=None, why=GONE)
    elif hook.failing_since is not None and hook.failing_since < now - PATIENCE:
        why = GAVE_UP.format(days=PATIENCE.days)
        webhook_disable(webhook=hook, actor=None, why=why)


def _plain(text: str) -> str:
    """The beginning of an answer without what no column takes and no page should show."""
    shown = "".join(each if each.isprintable() or each == "\n" else " " for each in text[:2000])
    return shown.strip()[:SHOWN_OF_ANSWER]
