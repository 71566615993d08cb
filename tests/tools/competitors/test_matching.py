"""Which rows and products are suggested to be the same thing."""

from __future__ import annotations

import numpy as np

from tools.competitors.matching import SUGGEST, Named, nearest, suggestions, word_score


def suggested(rows, products, embed=lambda _texts: None):
    named = [Named(number, *row) for number, row in enumerate(rows)]
    return [
        (one.row, one.product)
        for one in suggestions(named, [Named(n, *p) for n, p in enumerate(products)], embed=embed)
    ]


def test_the_order_of_words_and_plurals_do_not_count():
    assert word_score("Blue ceramic mugs", "ceramic mug blue") == 1


def test_a_word_alone_is_not_everything_that_has_it():
    assert word_score("mug", "Speckled barrel mug with oak lid") < SUGGEST


def test_suggests_what_is_called_alike_and_nothing_else():
    rows = [("Acme Barrel Mug, speckled",), ("Garden hose 20 m",)]
    products = [("Speckled barrel mug", "Acme"), ("Linen curtain", "Acme"), ("", "Acme")]
    assert suggested(rows, products) == [(0, 0)]


def test_suggests_at_most_three_for_a_row_best_first():
    products = [(f"Barrel mug speckled {n}",) for n in "abcd"] + [("Barrel mug speckled",)]
    found = suggested([("Barrel mug speckled",)], products)
    assert len(found) == 3
    assert found[0] == (0, 4)


def test_meaning_counts_where_the_engine_answers():
    rows, products = [("Speckled barrel mug",)], [("Barrel mug",)]
    alike = suggested(rows, products, lambda texts: np.ones((len(texts), 1)))
    other = suggested(rows, products, lambda texts: np.eye(len(texts)))
    assert alike == [(0, 0)]
    assert other == []


def test_neither_a_brand_nor_letters_in_common_make_offers_alike():
    product = Named(1, "Linen cushion", "Acme")
    rows = [Named(1, "Acme mug no 5", "Acme"), Named(2, "Garden hose"), Named(3, "Velvet cushions")]
    found = nearest(product, rows, 5, least=0.4, embed=lambda _texts: None)
    assert [one.row for one in found] == [3]


def test_ten_thousand_rows_are_looked_through_for_one_product():
    rows = [Named(n, f"Mug {n} in colour {n % 7}") for n in range(10_000)]
    found = nearest(Named(1, "Mug 77 in colour 0"), rows, 3, least=0.4, embed=lambda _texts: None)
    assert found[0].row == 77
