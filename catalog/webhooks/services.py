"""Webhooks: set up, turned off, and told of what happens."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from catalog.ingest import wake
from catalog.models import Catalog, Product, Webhook, WebhookDelivery
from catalog.services.audit import audit
from catalog.services.errors import conflict
from catalog.services.locks import lock_row
from catalog.webhooks.events import (
    EVENTS,
    PING,
    PRODUCTS_A_MESSAGE,
    known,
    message,
    products_payload,
)
from catalog.webhooks.signing import new_secret
from prodintel.lib.addresses import names_host
from prodintel.lib.encryption import CannotDecryptError, decrypt, encrypt
from prodintel.lib.work import WorkState

PURPOSE = "webhook"
MOST_WEBHOOKS = 20
# For so long the secret before signs as well, after another was made.
OVERLAP = timedelta(days=1)
TURNED_OFF = "The webhook was turned off."


def event_record(*, catalog: Catalog, event: str, payload: Mapping[str, Any]) -> int:
    """Have the webhooks that want an event told of it, in the transaction of what happened.

    Returns how many that are. Costs one query where none wants it.
    """
    hooks = _wanting([catalog.pk], event)
    return _record(hooks, event, message(catalog, event, payload)) if hooks else 0


def products_tell(*, event: str, products: Iterable[Product], **more: Mapping[int, Any]) -> None:
    """As `event_record`, of any number of products, also of several catalogues, in as many messages
    as they need; `more` as of `products_payload`.
    """
    of: dict[int, list[Product]] = {}
    for product in products:
        of.setdefault(product.catalog_id, []).append(product)
    hooks = _wanting(of.keys(), event)
    for catalog in Catalog.objects.filter(pk__in={hook.catalog_id for hook in hooks}):
        rows = of[catalog.pk]
        wanting = [hook for hook in hooks if hook.catalog_id == catalog.pk]
        for start in range(0, len(rows), PRODUCTS_A_MESSAGE):
            some = rows[start : start + PRODUCTS_A_MESSAGE]
            _record(
                wanting, event, message(catalog, event, products_payload(catalog, some, **more))
            )


def _wanting(catalogs: Collection[int], event: str) -> list[Webhook]:
    # Databases differ in how they look into JSON, and there are few rows.
    active = Webhook.objects.filter(catalog__in=list(catalogs), is_active=True)
    return [hook for hook in active if event in hook.events]


def _record(hooks: Collection[Webhook], event: str, body: Mapping[str, Any]) -> int:
    """One message, by one id, to all of them."""
    message_id = uuid.uuid4()
    WebhookDelivery.objects.bulk_create(
        [
            WebhookDelivery(webhook=hook, message_id=message_id, event=event, payload=body)
            for hook in hooks
        ]
    )
    wake.on_commit(wake.WEBHOOKS)
    return len(hooks)


@transaction.atomic
def webhook_create(
    *, catalog: Catalog, address: str, events: Collection[str], actor: Any
) -> tuple[Webhook, str]:
    """A webhook, and its secret, which is not shown again. Raises ValidationError by field."""
    lock_row(catalog)
    if catalog.webhooks.count() >= MOST_WEBHOOKS:
        raise conflict("", f"A catalogue has at most {MOST_WEBHOOKS} webhooks. Delete one first.")
    secret = new_secret()
    hook = Webhook(
        catalog=catalog,
        secret=encrypt(secret, purpose=PURPOSE),
        created_by=actor if getattr(actor, "pk", None) else None,
    )
    _set_up(hook, address, events)
    hook.save()
    audit(actor=actor, action="webhook.create", target=hook, catalog=catalog, summary=hook.address)
    return hook, secret


def _set_up(hook: Webhook, address: str, events: Collection[str]) -> None:
    address = address.strip()
    wrong: dict[str, list[str]] = {}
    if not names_host(address, "http", "https") or "@" in address.partition("//")[2].split("/")[0]:
        wrong["address"] = ["Write it as https://HOST/PATH, without a user name."]
    if not events or set(events) - EVENTS.keys():
        wrong["events"] = [f"Choose from {', '.join(EVENTS)}."]
    if wrong:
        raise ValidationError(wrong)
    hook.address, hook.events = address, known(events)
    hook.full_clean(exclude=["catalog", "created_by", "secret"])


@transaction.atomic
def webhook_update(
    *, webhook: Webhook, address: str, events: Collection[str], actor: Any
) -> Webhook:
    """Change where it goes or what it tells of. Raises ValidationError by field."""
    _set_up(webhook, address, events)
    webhook.save(update_fields=["address", "events"])
    _say("webhook.update", webhook, actor)
    return webhook


@transaction.atomic
def webhook_enable(*, webhook: Webhook, actor: Any) -> None:
    """Tell it of what happens from now on."""
    rows = Webhook.objects.filter(pk=webhook.pk)
    rows.update(is_active=True, disabled_why="", failing_since=None)
    _say("webhook.enable", webhook, actor)


@transaction.atomic
def webhook_disable(*, webhook: Webhook, actor: Any, why: str = "") -> None:
    """Tell it nothing more; what waits is not sent. `why` where no person decided it."""
    Webhook.objects.filter(pk=webhook.pk).update(is_active=False, disabled_why=why[:300])
    waiting = WebhookDelivery.objects.filter(webhook=webhook, state=WorkState.PENDING)
    waiting.update(state=WorkState.FAILED, error=TURNED_OFF, finished_at=timezone.now())
    _say("webhook.disable", webhook, actor, why)


@transaction.atomic
def webhook_delete(*, webhook: Webhook, actor: Any) -> None:
    """Remove it with its log."""
    _say("webhook.delete", webhook, actor)
    webhook.delete()


@transaction.atomic
def webhook_rotate(*, webhook: Webhook, actor: Any) -> str:
    """Another secret, which is not shown again. For a day the one before signs as well."""
    lock_row(webhook)
    webhook.refresh_from_db(fields=["secret"])
    secret = new_secret()
    webhook.old_secret, webhook.old_secret_until = webhook.secret, timezone.now() + OVERLAP
    webhook.secret = encrypt(secret, purpose=PURPOSE)
    webhook.save(update_fields=["secret", "old_secret", "old_secret_until"])
    _say("webhook.rotate", webhook, actor)
    return secret


def webhook_secrets(webhook: Webhook) -> list[str]:
    """The secrets that sign now, the newest first; none where SECRET_KEY was lost."""
    kept = [webhook.secret]
    if webhook.old_secret_until is not None and webhook.old_secret_until > timezone.now():
        kept.append(webhook.old_secret)
    found = []
    for each in kept:
        try:
            found.append(decrypt(each, purpose=PURPOSE))
        except CannotDecryptError:
            continue
    return found


@transaction.atomic
def webhook_ping(*, webhook: Webhook, actor: Any) -> WebhookDelivery:
    """Send a message that says nothing, to try the receiver. Raises ValidationError when it is off."""
    if not webhook.is_active:
        raise conflict("", "Turn the webhook on first.")
    body = message(webhook.catalog, PING, {"by": getattr(actor, "username", "")})
    _record([webhook], PING, body)
    delivery: WebhookDelivery = webhook.deliveries.filter(event=PING).order_by("-pk")[0]
    return delivery


@transaction.atomic
def delivery_retry(*, delivery: WebhookDelivery, actor: Any) -> None:
    """Send a message that failed once more, by the id that it has. Raises ValidationError for others."""
    if not delivery.webhook.is_active:
        raise conflict("", "Turn the webhook on first.")
    rows = WebhookDelivery.objects.filter(pk=delivery.pk)
    if not rows.retry():
        raise conflict("", "Only messages that failed are sent again.")
    _say("webhook.resend", delivery.webhook, actor, str(delivery.message_id))
    wake.on_commit(wake.WEBHOOKS)


def message_name(delivery: WebhookDelivery) -> str:
    """The id that a receiver knows a message by, the same at each try."""
    return f"msg_{delivery.message_id.hex}"


def deliveries_purge(before: datetime) -> int:
    """Forget messages that are older."""
    old = WebhookDelivery.objects.filter(created_at__lt=before).exclude(state=WorkState.RUNNING)
    return old.delete()[0]


def _say(action: str, webhook: Webhook, actor: Any, summary: str = "") -> None:
    audit(
        actor=actor,
        action=action,
        target=webhook,
        catalog=webhook.catalog,
        summary=summary or webhook.address,
    )
