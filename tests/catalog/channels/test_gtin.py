"""GTINs: which are right, what is said of the others, and which are the same."""

from __future__ import annotations

import pytest

from catalog.channels.gtin import gtin_key, gtin_problem


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "96385074",
        "036000291452",
        "4006381333931",
        "4006381 333931",
        "400638-1333931",
        "10614141000415",
        "9780471117094",
        "9771144875007",
    ],
)
def test_nothing_is_wrong_with_a_good_one_or_with_none(text):
    assert gtin_problem(text) == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("4006381333932", "should be 1, not 2"),
        ("96385075", "should be 4, not 5"),
        ("1234567", "has 7 digits"),
        ("123456789", "has 9 digits"),
        ("106141410004155", "has 15 digits"),
        ("36000291452", "036000291452 would be right"),
        ("0000000000000", "placeholder"),
        ("1111111111116", "placeholder"),
        ("123456789012", "placeholder"),
        ("abc", "digits only"),
        ("4.00638E+12", "shortened by a spreadsheet"),
        ("2001234567893", "starts with 2 "),
        ("212345678992", "starts with 2 "),
        ("412345678903", "starts with 4 "),
        ("512345678900", "starts with 5 "),
        ("0212345678901", "starts with 02 "),
        ("0412345678909", "starts with 04 "),
        ("9520123456788", "starts with 952 "),
        ("9812345678901", "starts with 98 "),
        ("9912345678900", "starts with 99 "),
        ("29912345678904", "starts with 99 "),
        ("20123451", "starts with 2 "),
        ("04252614", "write it out as 042100005264"),
        ("04252615", "UPC-E, and this one's check digit is wrong"),
        ("0306406152", "ISBN-10: write it as 9780306406157"),
        ("080442957X", "ISBN-10: write it as 9780804429573"),
        ("2049-3630", "ISSN: write it as 9772049363002"),
        ("²²²²²²²²", "digits only"),
    ],
)
def test_a_wrong_one_is_named_with_what_to_do(text, words):
    assert words in gtin_problem(text)


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("01234505", "012000003455"),
        ("01234572", "012345000072"),
        ("01234531", "012300000451"),
        ("01234543", "012340000053"),
        ("04252614", "042100005264"),
    ],
)
def test_a_upc_e_is_written_out_as_its_last_digit_says(short, long):
    assert gtin_problem(short) == f"That is a UPC-E: write it out as {long}."


def test_one_number_is_the_same_however_long_it_is_written():
    written = ["036000291452", "0036000291452", "00036000291452", "0360-0029 1452"]
    assert {gtin_key(each) for each in written} == {"00036000291452"}


@pytest.mark.parametrize("text", ["", "4006381333932", "0000000000000"])
def test_what_is_no_gtin_is_the_same_as_nothing(text):
    assert gtin_key(text) == ""
