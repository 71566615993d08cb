"""Feeds: saved exports at addresses of their own, for platforms that poll them.

A feed belongs to its catalogue, not to who made it: it goes on when they leave, until an editor
revokes it. It gives approved products alone, as they were approved last, and published photos,
whatever its saved export says.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Q, Sum
from django.urls import reverse
from django.utils import timezone

from catalog import exporting
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
    going = _going(export, products)
    fingerprint = _fingerprint(feed, going)
    now = timezone.now()
    changed_at = feed.changed_at
    if changed_at is None:
        changed_at = now
    elif feed.fingerprint != fingerprint:
        # A platform that goes by dates knows no parts of a second.
        changed_at = max(now, changed_at + timedelta(seconds=1))
    Feed.objects.filter(pk=feed.pk).update(
        fingerprint=fingerprint,
        changed_at=changed_at,
        polled_at=now,
        polled_by="".join(each for each in agent if each.isprintable())[:SHOWN_OF_AGENT],
        product_count=going["count"],
    )
    return Polled(export, products, fingerprint, changed_at)


def _going(export: Export, products: Any) -> dict[str, Any]:
    """How many products go out, and what tells them from other ones."""
    going = Product.objects.filter(pk__in=export.products(products).order_by().values("pk"))
    return going.aggregate(count=Count("pk"), which=Sum("pk"), newest=Max("updated_at"))


def _fingerprint(feed: Feed, going: Mapping[str, Any]) -> str:
    """Of all that the file is made of, without making it.

    Whatever changes what is approved is in the audit trail, as are changes of the vocabulary, which
    are of no catalogue. What changes nothing of the file may change it, never the other way round.
    """
    catalog: Catalog = feed.catalog
    # Counted, too: of two who write at once, the one with the lower number may be done later.
    trail = AuditEvent.objects.filter(Q(catalog=catalog) | Q(catalog=None)).aggregate(
        last=Max("pk"), count=Count("pk")
    )
    published = PublishedPhoto.objects.filter(placement__product__catalog=catalog).aggregate(
        count=Count("pk"), last=Max("pk"), revoked=Max("revoked_at")
    )
    facts = (
        feed.profile_id,
        feed.profile.updated_at,
        *sorted(going.items()),
        *sorted(trail.items()),
        *sorted(published.items()),
        site_address(),
        _program(),
    )
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:32]


@cache
def _program() -> str:
    """Of what writes the files: another version of this site may write them otherwise."""
    digest = hashlib.sha256()
    for file in sorted(Path(exporting.__file__).parent.rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def feed_address(feed: Feed, token: str) -> str:
    """The absolute address at which the feed is polled."""
    extension = feed_export(feed).form.extension
    return absolute(reverse("catalog:feed", args=[token, extension]))


def photos_missing(catalog: Catalog) -> int:
    """How many photos of approved products have no address: feeds leave them out."""
    from catalog.publishing.reading import photo_counts

    counts = photo_counts(catalog)
    return counts["approved"] - counts["published"]
