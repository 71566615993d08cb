"""What comes out for a channel is what the channel takes."""

from __future__ import annotations

import pytest

from catalog.channels.validating import validate_feed
from catalog.exporting import FORMATS
from catalog.exporting.addresses import OwnAddresses
from catalog.models import Category
from tests.catalog.exporting.conftest import exported, mug  # noqa: F401 -- fixtures

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("form", "channel"),
    [("google", "google"), ("google-xml", "google"), ("meta", "meta"), ("shopify", "shopify")],
)
def test_an_export_passes_the_check_of_its_channel(form, channel, mug, exported, tmp_path):  # noqa: F811
    Category.objects.filter(path="home/kitchen/mugs").update(google_id="2169")
    addresses = OwnAddresses("https://here.example")
    data = exported(form, addresses=addresses)
    file = tmp_path / f"feed.{FORMATS[form].extension}"
    file.write_bytes(data)
    problems = validate_feed(file, channel, "DE")
    assert [each for each in problems if each.severity == "error"] == []
