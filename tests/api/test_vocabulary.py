"""The vocabulary over HTTP."""

from __future__ import annotations

import tomllib

import pytest

from catalog.models import Category
from catalog.services.vocabulary import category_save
from catalog.vocabulary import vocabulary_of

pytestmark = pytest.mark.django_db


def test_the_vocabulary_is_given_as_json_and_as_toml(api, vocabulary):
    status, data = api.get("/vocabulary")
    assert status == 200
    assert {"categories", "attributes"} == data.keys()
    response = api.client.get("/api/v1/vocabulary.toml")
    assert response.headers["Content-Type"].startswith("application/toml")
    assert vocabulary_of(tomllib.loads(response.content.decode())) == vocabulary_of(data)


def test_the_tag_changes_with_the_vocabulary_and_spares_the_body(api, vocabulary, person):
    etag = api.client.get("/api/v1/vocabulary").headers["ETag"]
    known = {"If-None-Match": f'"other", W/{etag}'}
    again = api.client.get("/api/v1/vocabulary", headers=known)
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)
    home = Category.objects.get(path="home")
    category_save(category=home, actor=person, slug="home", labels={"en": "House"})
    assert api.client.get("/api/v1/vocabulary", headers=known).status_code == 200


def test_the_vocabulary_is_for_people_with_a_token(api_of, vocabulary):
    assert api_of(None).get("/vocabulary")[0] == 401
