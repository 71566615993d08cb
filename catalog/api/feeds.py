"""Feeds over the API: saved exports at addresses of their own."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from catalog import selectors
from catalog.api.errors import Refusal
from catalog.api.schemas import Id, Strict
from catalog.models import ExportProfile, Feed
from catalog.publishing.feeds import feed_address, feed_create, feed_revoke, feed_rotate

router = Router(tags=["feeds"])


class FeedOut(Schema):
    """A feed, without its address, which is told once."""

    id: int
    profile: int = Field(description="The saved export that it gives")
    name: str
    format: str
    created_at: datetime
    polled_at: datetime | None
    polled_by: str
    products: int | None = Field(description="How many it had when it was last polled")

    @staticmethod
    def facts(feed: Feed) -> dict[str, Any]:
        return {
            "id": feed.pk,
            "profile": feed.profile_id,
            "name": feed.profile.name,
            "format": feed.profile.format,
            "created_at": feed.created_at,
            "polled_at": feed.polled_at,
            "polled_by": feed.polled_by,
            "products": feed.product_count,
        }


class NewFeedOut(FeedOut):
    address: str = Field(description="Keep it: it is not told again")


class FeedIn(Strict):
    profile: Id


@router.get("/catalogs/{slug:slug}/feeds", response=list[FeedOut])
def feeds_list(request: HttpRequest, slug: str) -> Any:
    """The feeds that are not revoked, the newest first."""
    catalog = selectors.catalog_for(request.user, slug)
    rows = Feed.objects.filter(catalog=catalog, revoked_at=None).select_related("profile")
    return [FeedOut(**FeedOut.facts(row)) for row in rows]


@router.post("/catalogs/{slug:slug}/feeds", response={201: NewFeedOut})
def feed_new(request: HttpRequest, slug: str, body: FeedIn) -> Any:
    """Give a saved export an address that platforms poll without a login."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    profile = ExportProfile.objects.filter(catalog=catalog, pk=body.profile).first()
    if profile is None:
        message = "There is no such saved export."
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", message, {"profile": [message]})
    feed, token = feed_create(profile=profile, actor=request.user)
    return Status(201, NewFeedOut(**FeedOut.facts(feed), address=feed_address(feed, token)))


def _feed(request: HttpRequest, pk: int) -> Feed:
    """Raises Http404 to strangers of its catalogue, PermissionDenied to who may not edit there."""
    feed = Feed.objects.filter(pk=pk).select_related("catalog", "profile__catalog").first()
    if feed is None:
        raise Http404
    selectors.catalog_for(request.user, feed.catalog.slug, selectors.EDIT)
    return feed


@router.post("/feeds/{int:pk}/rotate", response=NewFeedOut)
def feed_new_address(request: HttpRequest, pk: int) -> Any:
    """Another address in place of the one before, which leads nowhere from now on."""
    feed = _feed(request, pk)
    token = feed_rotate(feed=feed, actor=request.user)
    return NewFeedOut(**FeedOut.facts(feed), address=feed_address(feed, token))


@router.delete("/feeds/{int:pk}", response={204: None})
def feed_delete(request: HttpRequest, pk: int) -> Any:
    """Revoke a feed: its address leads nowhere, for ever."""
    feed_revoke(feed=_feed(request, pk), actor=request.user)
    return Status(204, None)
