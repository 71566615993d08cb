"""Messages on their way: taken, refused, answered late or never, and what becomes of the webhook."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import Webhook, WebhookDelivery
from catalog.models.webhooks import DELAYS
from catalog.webhooks import delivering, settling
from catalog.webhooks.delivering import Deliverer
from catalog.webhooks.services import (
    delivery_retry,
    webhook_disable,
    webhook_enable,
    webhook_ping,
    webhook_rotate,
)
from prodintel.lib.work import WorkState

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[3]


@pytest.fixture
def deliverer():
    made = Deliverer(owner="test/1")
    yield made
    made.close()


@pytest.fixture
def hook(make_hook, receiver):
    return make_hook(receiver.address)[0]


@pytest.fixture
def sent(hook, person):
    """A message that waits to be delivered."""
    return webhook_ping(webhook=hook, actor=person)


def fresh(delivery):
    return WebhookDelivery.objects.select_related("webhook__catalog").get(pk=delivery.pk)


def documented() -> Callable[[str, dict[str, str], bytes], bool]:
    """`verify` as docs/publishing.md gives it to people who write receivers."""
    text = (ROOT / "docs" / "publishing.md").read_text(encoding="utf-8")
    code = text.partition("```python\n")[2].partition("```")[0]
    found: dict[str, Any] = {}
    exec(code, found)  # noqa: S102 -- our own documentation
    return found["verify"]


def is_signed(message, secret: str) -> bool:
    return documented()(secret, message.headers, message.body)


def test_documented_code_refuses_what_was_changed(deliverer, make_hook, receiver, person):
    hook, secret = make_hook(receiver.address)
    webhook_ping(webhook=hook, actor=person)
    deliverer.step()
    (message,) = receiver.received
    verify = documented()
    assert not verify(secret, message.headers, message.body + b" ")
    assert not verify(secret, {**message.headers, "webhook-timestamp": "1"}, message.body)


def test_message_arrives_signed(deliverer, make_hook, receiver, person):
    hook, secret = make_hook(receiver.address)
    delivery = webhook_ping(webhook=hook, actor=person)
    assert deliverer.step() == 1
    (message,) = receiver.received
    assert is_signed(message, secret)
    assert message.headers["content-type"] == "application/json"
    assert message.headers["webhook-id"] == f"msg_{delivery.message_id.hex}"
    assert json.loads(message.body)["type"] == "test.ping"
    row = fresh(delivery)
    assert (row.state, row.status, row.error) == (WorkState.DONE, 204, "")
    assert row.took_ms is not None


def test_message_is_signed_with_both_secrets_after_a_rotation(
    deliverer, make_hook, receiver, person
):
    hook, first = make_hook(receiver.address)
    second = webhook_rotate(webhook=hook, actor=person)
    webhook_ping(webhook=hook, actor=person)
    deliverer.step()
    (message,) = receiver.received
    assert is_signed(message, first)
    assert is_signed(message, second)


def test_refused_message_is_tried_again_later_by_the_same_id(deliverer, sent, receiver):
    receiver.status, receiver.text = 500, b"boom\x00"
    deliverer.step()
    row = fresh(sent)
    assert (row.state, row.status, row.answer) == (WorkState.PENDING, 500, "boom")
    assert row.error == "It answered 500."
    assert timezone.now() < row.next_try_at < timezone.now() + 2 * DELAYS[0]
    receiver.status = 200
    WebhookDelivery.objects.update(next_try_at=timezone.now())
    deliverer.step()
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert fresh(sent).state == WorkState.DONE


def test_tries_go_on_for_about_a_day(deliverer, sent, receiver):
    receiver.status = 503
    for _ in range(len(DELAYS)):
        WebhookDelivery.objects.update(next_try_at=timezone.now())
        deliverer.step()
        assert fresh(sent).state == WorkState.PENDING
    WebhookDelivery.objects.update(next_try_at=timezone.now())
    deliverer.step()
    assert fresh(sent).state == WorkState.FAILED
    assert timedelta(hours=20) < sum(DELAYS, timedelta()) < timedelta(hours=30)


def test_receiver_that_hangs_is_given_up_in_time(deliverer, sent, receiver, monkeypatch):
    monkeypatch.setattr(delivering, "TIMEOUT_SECONDS", 0.3)
    release = threading.Event()
    receiver.before = release.wait
    deliverer.step()
    release.set()
    row = fresh(sent)
    assert (row.state, row.status) == (WorkState.PENDING, None)
    assert "takes too long" in row.error


def test_receiver_that_hangs_holds_up_no_other(deliverer, make_hook, receiver, person):
    """All messages to one that answers only when the other one's has arrived."""
    slow, _ = make_hook(receiver.address)
    quick, _ = make_hook(receiver.address.replace("/hooks", "/quick"))
    for _ in range(delivering.AT_ONCE + 2):
        webhook_ping(webhook=slow, actor=person)
    webhook_ping(webhook=quick, actor=person)
    quick_came = threading.Event()

    def until_quick() -> None:
        if receiver.received[-1].path == "/quick":
            quick_came.set()
        assert quick_came.wait(8)

    receiver.before = until_quick
    deliverer.step()
    assert quick_came.is_set()


def test_redirect_is_not_followed(deliverer, sent, receiver):
    receiver.status, receiver.location = 307, "http://169.254.169.254/latest/meta-data/"
    deliverer.step()
    assert len(receiver.received) == 1
    row = fresh(sent)
    assert (row.state, row.status) == (WorkState.PENDING, 307)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1/", "http://169.254.169.254/", "http://localhost/hooks"]
)
def test_private_host_is_not_asked_unless_the_operator_allows_it(
    deliverer, make_hook, person, settings, address
):
    settings.FETCH_ALLOWED_HOSTS = []
    hook, _ = make_hook(address)
    delivery = webhook_ping(webhook=hook, actor=person)
    deliverer.step()
    row = fresh(delivery)
    assert row.status is None
    assert "not a host of the open internet" in row.error


def test_receiver_that_is_gone_turns_the_webhook_off(deliverer, sent, receiver, hook, person):
    webhook_ping(webhook=hook, actor=person)
    receiver.status = 410
    deliverer.step()
    hook.refresh_from_db()
    assert (hook.is_active, hook.disabled_why) == (False, settling.GONE)
    states = set(WebhookDelivery.objects.values_list("state", flat=True))
    assert states == {WorkState.FAILED}


def test_webhook_that_fails_for_days_is_turned_off(deliverer, sent, receiver, hook):
    receiver.status = 500
    Webhook.objects.update(failing_since=timezone.now() - settling.PATIENCE - timedelta(hours=1))
    deliverer.step()
    hook.refresh_from_db()
    assert not hook.is_active
    assert "5 days" in hook.disabled_why


def test_delivery_forgives_earlier_failures(deliverer, sent, receiver, hook):
    Webhook.objects.update(failing_since=timezone.now() - timedelta(days=4))
    deliverer.step()
    hook.refresh_from_db()
    assert (hook.is_active, hook.failing_since) == (True, None)


def test_webhook_that_is_off_is_sent_nothing(deliverer, sent, receiver, hook, person):
    webhook_disable(webhook=hook, actor=person)
    assert deliverer.step() == 0
    assert receiver.received == []


def test_message_that_failed_is_sent_again_on_request(deliverer, sent, receiver, hook, person):
    webhook_disable(webhook=hook, actor=person)
    webhook_enable(webhook=hook, actor=person)
    delivery_retry(delivery=fresh(sent), actor=person)
    deliverer.step()
    assert receiver.received[0].headers["webhook-id"] == f"msg_{sent.message_id.hex}"
    assert fresh(sent).state == WorkState.DONE


@pytest.mark.django_db(transaction=True)
def test_try_of_a_lost_claim_is_dropped(deliverer, sent, receiver):
    """Another worker has the message by now: what this one's try came to is not written."""
    other = uuid.uuid4()
    receiver.before = lambda: WebhookDelivery.objects.update(token=other)
    deliverer.step()
    row = fresh(sent)
    assert (row.state, row.token, row.status) == (WorkState.RUNNING, other, None)


def test_secret_that_cannot_be_read_is_said(deliverer, sent, receiver, settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", []
    deliverer.step()
    row = fresh(sent)
    assert (row.state, row.error) == (WorkState.FAILED, delivering.UNREADABLE)
    assert receiver.received == []
