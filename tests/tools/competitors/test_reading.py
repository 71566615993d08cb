"""A competitor file as offers, with what is wrong row by row."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from tools.competitors.reading import read_offers

TODAY = date(2026, 11, 26)
GERMAN = """Titel;Marke;EAN;Preis;Material;Vorteile;Händler;Datum
Becher blau;Acme;4006381333931;1.299,00 €;Steingut;"spülmaschinenfest
handgemacht";Kaufhaus;31.05.2026
"""


def read(text: str, currency: str = "EUR"):
    return read_offers(text.encode(), currency=currency, latest=TODAY)


def test_finds_columns_by_their_headings_and_takes_the_others_for_attributes():
    reading = read(GERMAN)
    (offer,) = reading.offers
    assert not reading.problems
    assert (offer.title, offer.brand, offer.gtin) == ("Becher blau", "Acme", "04006381333931")
    assert (offer.price, offer.currency) == (Decimal(1299), "EUR")
    assert (offer.seller, offer.seen_on) == ("Kaufhaus", date(2026, 5, 31))
    assert offer.claims.splitlines() == ["spülmaschinenfest", "handgemacht"]
    assert offer.attributes == {"Material": "Steingut"}


def test_a_bad_row_never_stops_the_rest():
    reading = read("title,gtin,price\nMug,123,cheap\n,,5\nCup,,7.50\na,b,c,d\n")
    assert [(offer.title, offer.price) for offer in reading.offers] == [
        ("Mug", None),
        ("Cup", Decimal("7.5")),
    ]
    found = [(one.row, one.field, one.left_out) for one in reading.problems]
    assert found == [
        (2, "gtin", False),
        (2, "price", False),
        (3, "title", True),
        (5, "", True),
    ]


def test_a_row_without_a_currency_is_in_the_catalogues_and_counted():
    reading = read("title,price,currency\nMug,5,\nCup,6,USD\nPot,7 GBP,\n", currency="CHF")
    assert [offer.currency for offer in reading.offers] == ["CHF", "USD", "GBP"]
    assert reading.assumed_currency == 1


def test_the_heading_of_the_price_may_name_the_currency():
    (offer,) = read("title,Price (USD)\nMug,5\n").offers
    assert (offer.price, offer.currency) == (Decimal(5), "USD")


def test_a_price_in_an_unknown_currency_is_none():
    reading = read("title,price,currency\nMug,5,Taler\n")
    assert reading.offers[0].price is None
    assert reading.problems[0].field == "currency"


def test_the_same_row_twice_is_kept_once():
    reading = read("title,price\nMug,5\nMug,5\nMug,6\n")
    assert [offer.number for offer in reading.offers] == [2, 4]
    assert reading.problems[0].message == "It says the same as row 2."


def test_hostile_cells_stay_text():
    text = "title,url,Material\n<script>alert(1)</script>,javascript:alert(1),=cmd|' /C calc'!A0\n"
    (offer,) = read(text).offers
    assert offer.title == "<script>alert(1)</script>"
    assert offer.url == "javascript:alert(1)"
    assert offer.attributes == {"Material": "=cmd|' /C calc'!A0"}


@pytest.mark.parametrize("text", ["foo,bar\n1,2\n", "title,price\n,\n", "title,price\n"])
def test_refuses_a_file_without_anything_to_use(text):
    with pytest.raises(ValidationError):
        read(text)


@given(st.lists(st.lists(st.text(max_size=20), min_size=4, max_size=4), max_size=5))
def test_whatever_is_in_the_cells_is_read_or_said(rows):
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    try:
        reading = read("\n".join(["title,price,gtin,claims", *lines, "Mug,5,,"]))
    except ValidationError:
        return
    kept = {offer.number for offer in reading.offers}
    out = {problem.row for problem in reading.problems if problem.left_out}
    assert not kept & out
    assert all(offer.title or offer.gtin for offer in reading.offers)
