"""The files that say what channels ask for, and what is refused in one."""

from __future__ import annotations

from datetime import date

import pytest

from catalog.channels.facts import Facts, Known
from catalog.channels.profiles import ProfileError, profile, profiles, read_profile
from catalog.interchange.records import ProductRecord

GOOD = """
channel = "some"
label = "Some"
[regions]
EU = ["DE", "FR"]
[groups.mugs]
label = "mugs"
categories = ["home/mugs"]
[[requirements]]
id = "title"
severity = "recommended"
required_in = ["EU", "GB"]
title = "Title"
advice = "Write one."
fields = ["title"]
rule = "present"
source = "https://example.com/a, https://example.com/b"
read = 2026-11-27
[requirements.when]
groups = ["mugs"]
countries = ["EU"]
facts = ["has_brand"]
"""


@pytest.fixture
def read(tmp_path):
    def _read(text):
        file = tmp_path / "some.toml"
        file.write_text(text)
        return read_profile(file)

    return _read


def test_google_shopify_and_meta_are_shipped():
    assert set(profiles()) == {"google", "shopify", "meta"}


def test_every_requirement_says_where_it_comes_from_and_when_that_was_read():
    for each in profiles().values():
        for requirement in each.requirements.values():
            assert requirement.source, (each.channel, requirement.id)
            assert date(2026, 1, 1) < requirement.read <= date(2026, 11, 27)


def test_where_a_source_could_not_be_read_the_requirement_says_so():
    note = profile("google").requirements["currency"].note
    assert "could not be read" in note


def test_a_file_is_read_with_regions_groups_and_conditions(read):
    requirement = read(GOOD).requirements["title"]
    assert requirement.source == ("https://example.com/a", "https://example.com/b")
    assert requirement.when.countries == {"DE", "FR"}
    assert [requirement.severity_in(each) for each in ("FR", "GB", "US")] == [
        "required",
        "required",
        "recommended",
    ]


def test_the_stamp_changes_with_the_file(read):
    assert read(GOOD).stamp != read(GOOD.replace("Write one.", "Write it.")).stamp


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('channel = "some"', "channel = ", "is not TOML"),
        ('label = "Some"\n', "", "lacks label"),
        ('channel = "some"', 'channel = "So me"', "no name of small letters"),
        ('"https://example.com/a, https://example.com/b"', '"a book"', "no https address"),
        ("read = 2026-11-27", 'read = "today"', "has no date"),
        ("read = 2026-11-27", "", "lacks read"),
        ('severity = "recommended"', 'severity = "nice"', "it is required or recommended"),
        ('rule = "present"', 'rule = "magic"', "has the rule “magic”"),
        ('rule = "present"', 'rule = "length"', "lacks max"),
        ('rule = "present"', 'rule = "length"\nmax = "9"', "as “max” no int"),
        ('rule = "present"', 'rule = "pattern"\npattern = "("', "pattern that cannot work"),
        ('rule = "present"', 'rule = "present"\nmaximum = 1', "not known: maximum"),
        ('fields = ["title"]', 'fields = ["titel"]', "fields that products do not have"),
        ('fields = ["title"]', "fields = []", "names no field"),
        ('id = "title"', 'id = "The title"', "has an id of other"),
        ('advice = "Write one."', 'advice = " "', "says nothing as “advice”"),
        ('groups = ["mugs"]', 'groups = ["cups"]', "names the group “cups”"),
        ('facts = ["has_brand"]', 'facts = ["is_nice"]', "names the fact “is_nice”"),
        ('countries = ["EU"]', 'countries = ["Germany"]', "neither a country's two letters"),
        ("[[requirements]]", "[other]", "not known: other"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_the_place_and_the_reason(read, old, new, words):
    with pytest.raises(ProfileError, match=r"^some\.toml") as refused:
        read(GOOD.replace(old, new, 1))
    assert words in str(refused.value)


def test_a_requirement_that_stands_there_twice_is_refused(read):
    again = GOOD[GOOD.index("[[requirements]]") :]
    with pytest.raises(ProfileError, match="stands there twice"):
        read(GOOD + again)


def record(category):
    return ProductRecord(attributes={"category": [category]})


@pytest.mark.parametrize(
    ("category", "ids", "inside"),
    [
        ("clothing", {}, True),
        ("clothing/dresses", {}, True),
        ("clothings", {}, False),
        ("accessories/umbrellas", {}, False),
        ("1604", {}, True),
        ("Apparel & Accessories > Shoes", {}, True),
        ("own/coats", {"own": "1604"}, True),
        ("own/coats", {"own": "412"}, False),
        ("", {}, False),
    ],
)
def test_a_category_belongs_to_a_group_by_path_number_or_name(category, ids, inside):
    facts = Facts(record(category), Known(google_ids=ids))
    assert facts.is_in(profile("google").groups["apparel"]) is inside


def test_goods_without_a_number_of_googles_have_the_one_above():
    facts = Facts(record("clothing/hats/caps"), Known(google_ids={"clothing/hats": "173"}))
    assert facts.google_category == "173"
