"""What comes out for a channel is what the channel takes."""

from __future__ import annotations

import pytest

from catalog.channels.validating import validate_feed
from catalog.exporting import FORMATS
from catalog.exporting.addresses import OwnAddresses
from catalog.interchange.records import PhotoRecord, ProductRecord, VariantRecord
from catalog.models import Category
from tests.catalog.exporting.conftest import exported, mug  # noqa: F401 -- fixtures
from tests.catalog.exporting.test_round_trips import WRITING

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


NASTY = '\x0b<b>=Sum(A1)</b> "é" \u202eשבת, 😀; a:b|c\t#N/A ]]> &amp;'


@pytest.mark.parametrize(
    ("form", "channel"),
    [("google", "google"), ("google-xml", "google"), ("meta", "meta"), ("shopify", "shopify")],
)
def test_nasty_products_pass_the_check_of_their_channel(form, channel, tmp_path):
    """A hundred variants without SKUs, told apart by options that no id can say; texts that break
    tables; addresses with what parts them; what cannot be had yet.
    """
    sizes = ["红", "大", "1/2", "12", "½", "سمراء", "S" * 60 + "1", "S" * 60 + "2", "x-y", "x y"]
    record = ProductRecord(
        key="nasty",
        id=7,
        fields={
            "handle": "nasty",
            "title": NASTY,
            "description": f"{NASTY}\r\n\n{NASTY}",
            "brand": NASTY,
            "product_url": "https://shop.example/a?b=1&c=2,3",
        },
        attributes={"availability_date": ["2027-03-01"]},
        variants=[
            VariantRecord(
                {
                    "price": "12.50",
                    "compare_at_price": "20.00",
                    "currency": "EUR",
                    "availability": "preorder",
                    "condition": "new",
                    "mpn": f"M{first}{second}",
                    "option1_name": "Scent: strong, weak",
                    "option1_value": value,
                    "option2_name": "Number",
                    "option2_value": str(second),
                }
            )
            for first, value in enumerate(sizes)
            for second in range(10)
        ],
        photos=[PhotoRecord(f"https://cdn.example/{n},large.jpg", NASTY) for n in range(30)],
        written_by={"title": "vision-llm"},
    )
    file = tmp_path / f"feed.{FORMATS[form].extension}"
    file.write_bytes(b"".join(FORMATS[form].write([record], WRITING)))
    problems = validate_feed(file, channel, "DE")
    assert [each for each in problems if each.severity == "error"] == []
