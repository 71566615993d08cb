from __future__ import annotations

from catalog.describe.measured import colours, plain

OFFERED = ["red", "blue", "white", "multicolour"]


def test_the_colours_of_most_of_the_product_are_named_largest_first():
    assert colours([["blue", 0.6], ["red", 0.25], ["white", 0.13]], OFFERED) == (
        ["blue", "red"],
        0.85,
    )


def test_an_accent_is_named_where_there_is_nothing_larger():
    assert colours([["red", 0.15], ["blue", 0.13]], OFFERED) == (["red"], 0.15)


def test_many_colours_are_multicolour_together_with_the_large_ones():
    names, sure = colours(
        [["multicolour", 1.0], ["red", 0.28], ["blue", 0.22], ["white", 0.14]], OFFERED
    )
    assert names == ["red", "blue", "multicolour"]
    assert sure == 0.64


def test_colours_the_vocabulary_does_not_offer_are_left_out():
    assert colours([["navy", 0.9]], OFFERED) is None


def test_a_photo_without_a_measurement_has_no_colours():
    assert colours([], OFFERED) is None


def test_no_colour_is_quite_certain():
    assert colours([["red", 1.0]], OFFERED) == (["red"], 0.95)


def test_nearly_all_of_one_colour_is_plain():
    assert plain([["red", 0.9]]).value == "solid"
    assert plain([["red", 0.6], ["white", 0.3]]) is None
    assert plain([]) is None
