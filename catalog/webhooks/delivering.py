"""Messages to webhooks, delivered: several at once, and none held up by a slow receiver for long."""

from __future__ import annotations

import json
import time
from collections import Counter
from concurrent.futures import Future
from dataclasses import dataclass
from uuid import UUID

import structlog

from catalog.models import WebhookDelivery
from catalog.webhooks.services import message_name, webhook_secrets
from catalog.webhooks.settling import Tried, delivery_settle
from catalog.webhooks.signing import headers
from prodintel.lib.crew import Crew
from prodintel.lib.lease import kept_alive
from prodintel.lib.remote_fetch import FetchFailed, post
from prodintel.lib.runner import Stopping, never

logger = structlog.get_logger(__name__)
AT_ONCE = 8
# One receiver that hangs takes no more of them than this.
AT_ONCE_A_WEBHOOK = 2
TIMEOUT_SECONDS = 10.0
LOOK_SECONDS = 0.5
# What is under way when the worker stops is waited for so long; after that it is sent again.
GRACE_SECONDS = 8.0
UNREADABLE = (
    "Its secret cannot be read: SECRET_KEY was changed without keeping the old one. Make another."
)


@dataclass(frozen=True)
class _Flight:
    delivery: WebhookDelivery
    token: UUID


class Deliverer:
    """The webhooks runner's work. One a worker process; `step` is called by one thread."""

    def __init__(self, *, owner: str, stopping: Stopping = never) -> None:
        self._owner = owner
        self._stopping = stopping
        self._crew = Crew(AT_ONCE, "webhook")
        self._flights: dict[Future[Tried], _Flight] = {}
        self._tokens: list[UUID] = []

    def step(self) -> int:
        """Deliver what is due; returns how many tries that took."""
        WebhookDelivery.objects.give_up_exhausted()
        tries = 0
        stop_at: float | None = None
        with kept_alive(WebhookDelivery.objects.all(), self._tokens):
            while True:
                if not self._stopping():
                    self._start()
                elif stop_at is None:
                    stop_at = time.monotonic() + GRACE_SECONDS
                tries += self._land()
                if not self._flights or (stop_at is not None and time.monotonic() > stop_at):
                    return tries
                self._crew.news.wait(LOOK_SECONDS)
                self._crew.news.clear()

    def close(self) -> None:
        """End the threads; messages under way are not waited for."""
        self._crew.close()

    def _start(self) -> None:
        """Begin what is due, as far as there are threads for it."""
        while len(self._flights) < AT_ONCE:
            busy = Counter(flight.delivery.webhook_id for flight in self._flights.values())
            full = [hook for hook, count in busy.items() if count >= AT_ONCE_A_WEBHOOK]
            due = WebhookDelivery.objects.filter(webhook__is_active=True)
            claim = due.exclude(webhook__in=full).claim(owner=self._owner, limit=1)
            if not claim:
                return
            for delivery in claim.rows:
                self._tokens.append(claim.token)
                self._flights[self._begin(delivery)] = _Flight(delivery, claim.token)

    def _begin(self, delivery: WebhookDelivery) -> Future[Tried]:
        hook = delivery.webhook
        body = json.dumps(delivery.payload, separators=(",", ":"), ensure_ascii=False).encode()
        return self._crew.submit(
            attempt,
            address=hook.address,
            secrets=webhook_secrets(hook),
            message_id=message_name(delivery),
            body=body,
        )

    def _land(self) -> int:
        """Write down what came of those that have ended; returns how many that were."""
        ended = [future for future in self._flights if future.done()]
        for future in ended:
            flight = self._flights[future]
            delivery_settle(delivery=flight.delivery, token=flight.token, tried=future.result())
            del self._flights[future]
            self._tokens.remove(flight.token)
        return len(ended)


def attempt(*, address: str, secrets: list[str], message_id: str, body: bytes) -> Tried:
    """Send a message once, signed as of now. Redirects are not followed."""
    if not secrets:
        return Tried(None, error=UNREADABLE, permanent=True)
    signed = headers(secrets, message_id=message_id, timestamp=int(time.time()), body=body)
    began = time.monotonic()
    try:
        answer = post(
            address,
            body=body,
            headers={"Content-Type": "application/json", **signed},
            timeout=TIMEOUT_SECONDS,
        )
    except FetchFailed as error:
        # Also what no second try would mend: a name or a certificate is set right within the day.
        return Tried(None, took_ms=_ms_since(began), error=error.message)
    return Tried(answer.status, answer.text, _ms_since(began))


def _ms_since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
