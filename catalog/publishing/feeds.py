"""Feeds: saved exports at addresses of their own, for platforms that poll them.

A feed belongs to its catalogue, not to who made it: it goes on when they leave, until an editor
revokes it. It gives approved products alone, as they were approved last, and published photos,
whatever its saved export says.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Q
from django.urls import reverse
from django.utils import timezone

from catalog.exporting import Export
from catalog.exporting.addresses import NONE, PUBLIC
from catalog.exporting.profiles import profile_export, profile_products
from catalog.models import AuditEvent, Catalog, ExportProfile, Feed, Product, PublishedPhoto
from catalog.publishing.addresses import absolute, site_address
from catalog.services.audit import audit
from catalog.services.catalogs import token_digest
from catalog.services.errors import conflict
from catalog.services.locks import lock_row

TOKEN_BYTES = 32
TOKEN_SHOWN = 8
MOST_FEEDS = 50
SHOWN_OF_AGENT = 200


@dataclass(frozen=True)
class Polled:
    """What a platform is given: the export, its products, and what says whether it changed."""

    export: Export
    products: Any
    etag: str
    changed_at: datetime


@transaction.atomic
def feed_create(*, profile: ExportProfile, actor: Any) -> tuple[Feed, str]:
    """A feed of a saved export, and its token, which is not kept. Raises ValidationError."""
    lock_row(profile.catalog)
    if Feed.objects.filter(catalog=profile.catalog, revoked_at=None).count() >= MOST_FEEDS:
        raise conflict("", f"A catalogue has at most {MOST_FEEDS} feeds. Revoke one first.")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    feed = Feed.objects.create(
        catalog=profile.catalog,
        profile=profile,
        digest=token_digest(token),
        prefix=token[:TOKEN_SHOWN],
        created_by=actor if getattr(actor, "pk", None) else None,
    )
    _say("feed.create", feed, actor)
    return feed, token


@transaction.atomic
def feed_rotate(*, feed: Feed, actor: Any) -> str:
    """Another token in place of the one before, which leads nowhere from now on; it is not kept."""
    lock_row(feed)
    feed.refresh_from_db(fields=["revoked_at"])
    if feed.revoked_at is not None:
        raise conflict("", "This feed was revoked. Make another.")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    feed.digest, feed.prefix = token_digest(token), token[:TOKEN_SHOWN]
    feed.save(update_fields=["digest", "prefix"])
    _say("feed.rotate", feed, actor)
    return token


@transaction.atomic
def feed_revoke(*, feed: Feed, actor: Any) -> None:
    """Make the address lead nowhere, for ever."""
    if Feed.objects.filter(pk=feed.pk, revoked_at=None).update(revoked_at=timezone.now()):
        _say("feed.revoke", feed, actor)


def _say(action: str, feed: Feed, actor: Any) -> None:
    audit(actor=actor, action=action, target=feed, catalog=feed.catalog, summary=str(feed.profile))


def feed_at(token: str) -> Feed | None:
    """The feed with this token. Its digest is what is looked for: time says nothing of the token."""
    feeds = Feed.objects.select_related("catalog", "profile__catalog")
    living = feeds.filter(revoked_at=None, catalog__deleted_at=None)
    return living.filter(digest=token_digest(token)).first()


def feed_export(feed: Feed) -> Export:
    """What the feed gives. Only here is it decided: approved products, published photos."""
    export = profile_export(feed.profile, base=site_address())
    photos = NONE if export.photos == NONE else PUBLIC
    return replace(export, approved_only=True, photos=photos)


def feed_poll(*, feed: Feed, agent: str) -> Polled:
    """What to give to who polls the feed; written down with when and by whom."""
    export = feed_export(feed)
    products = profile_products(feed.profile)
    count, newest = _size(export, products)
    fingerprint = _fingerprint(feed, count, newest)
    now = timezone.now()
    same = feed.fingerprint == fingerprint and feed.changed_at is not None
    changed_at = feed.changed_at if same and feed.changed_at else now
    Feed.objects.filter(pk=feed.pk).update(
        fingerprint=fingerprint,
        changed_at=changed_at,
        polled_at=now,
        polled_by="".join(each for each in agent if each.isprintable())[:SHOWN_OF_AGENT],
        product_count=count,
    )
    return Polled(export, products, fingerprint, changed_at)


def _size(export: Export, products: Any) -> tuple[int, Any]:
    going = Product.objects.filter(pk__in=export.products(products).order_by().values("pk"))
    found = going.aggregate(count=Count("pk"), newest=Max("updated_at"))
    return found["count"], found["newest"]


def _fingerprint(feed: Feed, count: int, newest: Any) -> str:
    """Of all that the file is made of, without making it.

    Whatever changes what is approved is in the audit trail, as are changes of the vocabulary, which
    are of no catalogue. What changes nothing of the file may change it, never the other way round.
    """
    catalog: Catalog = feed.catalog
    last = AuditEvent.objects.filter(Q(catalog=catalog) | Q(catalog=None)).aggregate(pk=Max("pk"))
    published = PublishedPhoto.objects.filter(placement__product__catalog=catalog).aggregate(
        pk=Max("pk"), revoked=Max("revoked_at")
    )
    facts = (
        feed.profile_id,
        feed.profile.updated_at,
        count,
        newest,
        last["pk"],
        published["pk"],
        published["revoked"],
        site_address(),
    )
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:32]


def feed_address(feed: Feed, token: str) -> str:
    """The absolute address at which the feed is polled."""
    extension = feed_export(feed).form.extension
    return absolute(reverse("catalog:feed", args=[token, extension]))


def photos_missing(catalog: Catalog) -> int:
    """How many photos of approved products have no address: feeds leave them out."""
    from catalog.publishing.reading import photo_counts

    counts = photo_counts(catalog)
    return counts["approved"] - counts["published"]
