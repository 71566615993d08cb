from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.kinds.pricing.cases import FIVE, PRICES, case, comparable, unhurried
from tools.kinds.pricing.checking import known_of
from tools.kinds.pricing.drafting import draft
from tools.kinds.pricing.figures import UNSUPPORTED, Known, flagged, unsupported
from tools.kinds.pricing.result import compute

KNOWN = Known(
    currency="EUR",
    amounts=frozenset(map(Decimal, ["34.99", "1234.50", "2000"])),
    percents=frozenset(map(Decimal, ["31.4", "20"])),
    plain=frozenset(map(Decimal, ["7", "1.33"])),
    names=("Laptop 14", "2026-11-01"),
)


def made_up(text: str, known: Known = KNOWN) -> list[str]:
    return [figure.text.strip() for figure in unsupported(text, known)]


# --- What was computed, however it is written -----------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "EUR 34.99",
        "€34.99",
        "€ 34,99",
        "34.99 €",
        "34,99 EUR",
        "EUR34.99",
        "34.99 euros",
        "1,234.50",
        "1.234,50 €",
        "1 234,50 €",
        "1\u202f234,50\u00a0€",
        "EUR 1'234.50",
        "1234.5",
        "€2k",
        "2 thousand euros",
        "31.4 %",
        "31,4%",
        "31 percent",
        "twenty percent",
        "\u221220 %",
        "-20%",
        "20–31 %",
        "between 20 and 31.4 %",
        "seven",
        "7 comparables",
        "× 1.33",
        "**34.99**",
        "(34.99).",
    ],
)
def test_a_computed_number_is_known_in_every_way_of_writing_it(text):
    assert made_up(f"It says {text} there.") == []


@unhurried
@given(PRICES, st.sampled_from(["{} EUR", "EUR {}", "€{}", "{} €", "**{}**", "about {}, no more"]))
def test_any_amount_is_known_however_it_is_grouped(price, form):
    known = Known("EUR", amounts=frozenset([price]))
    english = f"{price:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    french = english.translate(str.maketrans(",.", "\u202f,"))
    swiss = english.replace(",", "’")
    for written in (english, german, french, swiss, f"{price:f}"):
        assert made_up(form.format(written), known) == []


@unhurried
@given(PRICES, PRICES, st.sampled_from(["{} EUR", "€{}", "{}", "from {} on", "{:,} EUR"]))
def test_an_amount_that_is_not_known_is_found(price, other, form):
    known = Known("EUR", amounts=frozenset([price]))
    assert bool(made_up(form.format(other.quantize(Decimal("0.01"))), known)) == (price != other)


@unhurried
@given(st.decimals("0", "100", places=1))
def test_a_percentage_is_known_to_the_places_that_are_written(value):
    known = Known("EUR", percents=frozenset([value]))
    assert made_up(f"{value} % and {value.quantize(Decimal(1), 'ROUND_HALF_UP')}%", known) == []


@unhurried
@given(st.text(max_size=200))
def test_any_text_can_be_read_and_marked(text):
    found = unsupported(text, KNOWN)
    assert all(text[each.start : each.end] == each.text for each in found)
    assert flagged(text, found).count(UNSUPPORTED) >= len(found)


# --- What was not ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("only EUR 35.50", "EUR 35.50"),
        ("for 34.98", "34.98"),
        ("USD 34.99 abroad", "USD 34.99"),
        ("$34.99", "$34.99"),
        ("a margin of 34.99 %", "34.99 %"),
        ("some 32 % more", "32 %"),
        ("7 %", "7 %"),
        ("EUR 31.40", "EUR 31.40"),
        ("forty percent", "forty percent"),
        ("twenty-five percent off", "twenty-five percent"),
        ("one hundred and twenty customers", "one hundred and twenty"),
        ("sell twice as many", "twice"),
        ("half of them", "half"),
        ("¾ of all", "¾"),
        ("by 2027", "2027"),
        ("2.1k euros", "2.1k euros"),
    ],
)
def test_a_number_that_nobody_computed_is_found(text, figure):
    assert made_up(text) == [figure]


def test_both_ends_of_a_range_have_its_unit():
    assert made_up("EUR 20–31") == ["EUR 20", "31"]


# --- What names and does not measure --------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "1. First\n2. Second\n\n> 3) Third",
        "the 3rd of them, #4",
        "size A4, CO2",
        "The Laptop 14 (seen 2026-11-01)",
        "two or three of them",
    ],
)
def test_numbers_that_only_name_are_left_alone(text):
    assert made_up(text) == []


def test_the_name_of_a_product_covers_only_itself():
    assert made_up("The Laptop 14 costs 14") == ["14"]


def test_titles_without_a_letter_let_nothing_through():
    row = comparable("24", "own-1", title="99")
    priced = case(comparables=[row])
    assert made_up("It costs EUR 99.", known_of(priced, compute(priced))) == ["EUR 99"]


# --- Marked in place ------------------------------------------------------------------------------


def test_made_up_figures_are_marked_where_they_stand():
    text = "EUR 34.99 leaves 31.4 %, and 50 % would buy at €12."
    assert flagged(text, unsupported(text, KNOWN)) == (
        f"EUR 34.99 leaves 31.4 %, and 50 % {UNSUPPORTED} would buy at €12 {UNSUPPORTED}."
    )


# --- What the code itself writes ------------------------------------------------------------------

PRICED = [
    case(*FIVE, minimum=Decimal("36.50")),
    case(*FIVE, cost="40"),
    case("24"),
    case(),
    case(*["25"] * 6, price=None, cost=None),
    case(*FIVE, goal="margin", cost=None),
]


@pytest.mark.parametrize("priced", PRICED)
def test_a_draft_has_only_numbers_that_were_computed(priced):
    result = compute(priced)
    assert made_up(draft(priced, result), known_of(priced, result)) == []


def test_a_draft_says_what_is_suggested_and_why():
    priced = case(*FIVE)
    text = draft(priced, compute(priced))
    assert text.startswith("**Suggested price: EUR 27.99.**")
    assert "which is not the market" in text


def test_a_draft_says_when_nothing_can_be_suggested():
    priced = case("24", cost=None)
    text = draft(priced, compute(priced))
    assert "No price is suggested." in text
    assert "cannot be said without the cost" in text
