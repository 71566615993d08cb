"""Photos to search with: kept for a while, with their vectors."""

from __future__ import annotations

import pytest

from catalog.index import spaces
from catalog.models import SearchPhoto
from catalog.services.search_photos import (
    photo_vector,
    search_photo_create,
    search_photo_vector,
    search_photos_purge,
)
from catalog.vision.limits import PhotoRejected
from prodintel.engine.errors import EngineUnavailable
from tests.catalog.colours import picture

pytestmark = pytest.mark.django_db


def test_search_photo_is_kept_small_and_with_its_vector(catalog, person, embedder):
    embedder.step()
    kept = search_photo_create(catalog=catalog, data=picture(size=(900, 900)), actor=person)
    assert bytes(kept.image)[8:12] == b"WEBP"
    assert search_photo_vector(kept) @ photo_vector(picture()) > 0.99


def test_search_photo_follows_the_model(catalog, person, embedder, engine):
    embedder.step()
    kept = search_photo_create(catalog=catalog, data=picture(), actor=person)
    SearchPhoto.objects.update(space=None)
    kept.refresh_from_db()
    search_photo_vector(kept)
    kept.refresh_from_db()
    assert kept.space == spaces.live_space()


def test_bad_search_photo_is_refused(catalog, person, embedder):
    embedder.step()
    with pytest.raises(PhotoRejected):
        search_photo_create(catalog=catalog, data=b"no photo", actor=person)
    assert not SearchPhoto.objects.exists()


def test_search_photo_before_the_model_is_ready_is_unavailable(catalog, person, engine):
    with pytest.raises(EngineUnavailable, match="being loaded"):
        search_photo_create(catalog=catalog, data=picture(), actor=person)


def test_old_search_photos_are_forgotten(catalog, person, embedder):
    from datetime import timedelta

    from django.utils import timezone

    embedder.step()
    search_photo_create(catalog=catalog, data=picture(), actor=person)
    assert search_photos_purge() == 0
    SearchPhoto.objects.update(created_at=timezone.now() - timedelta(days=31))
    assert search_photos_purge() == 1
