"""An ad's texts end up within their limits, checked, different, and with what they rest on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.tools.kinds.ad_campaign.facts import PATIENT, checker
from tools.counting import length
from tools.kinds.ad_campaign.ads import Ad, Place, finished_ad, growing_ad, overruns, repaired
from tools.kinds.ad_campaign.answers import Written
from tools.kinds.ad_campaign.channels import channels

GOOGLE = channels()["google"]
TIKTOK = channels()["tiktok"]
LONG = "A soft red leather bag for work and for the weekend"
FIVE_HEADLINES = ["One bag", "Two bags", "Three bags", "one bag.", "TWO bags"]


def texts(*said: str, cites: tuple[str, ...] = ()) -> list[Written]:
    return [Written(text=text, cites=list(cites)) for text in said]


def google(*headlines: str) -> list[dict[str, list[Written]]]:
    return [
        {
            "headlines": texts(*headlines),
            "descriptions": texts("A bag for work", "A bag to go out"),
            "paths": texts("bags"),
        }
    ]


def test_only_what_is_too_long_is_an_overrun():
    [over] = overruns(GOOGLE, google("Red bag", LONG))
    assert (over.place, over.length, over.limit.limit) == (Place(0, "headlines", 1), len(LONG), 30)


def test_what_the_model_made_of_an_overrun_is_taken_where_it_fits():
    overs = overruns(GOOGLE, google("Red bag", LONG))
    [text] = repaired(overs, ["Soft leather bag"]).values()
    assert text.text == "Soft leather bag"
    assert text.repair is not None
    assert (text.repair.how, text.repair.was, text.repair.length) == ("rewritten", LONG, len(LONG))


def test_what_is_too_long_again_is_cut():
    overs = overruns(GOOGLE, google("Red bag", LONG))
    [text] = repaired(overs, ["A soft leather bag for work and for more"]).values()
    assert text.text == "A soft leather bag for work"
    assert text.repair is not None
    assert text.repair.how == "cut"


def test_what_the_model_left_out_is_cut():
    overs = overruns(GOOGLE, google("Red bag", LONG))
    assert [text.text for text in repaired(overs, []).values()] == ["A soft red leather bag"]


def with_path(path: str) -> list[dict[str, list[Written]]]:
    [made] = google("Red bag", "Soft bag", "One bag")
    return [made | {"paths": texts(path, "bags")}]


def test_a_path_ends_with_a_whole_word():
    [variant] = finished_ad(GOOGLE, with_path("leather-shoulder-bag"), checker("A bag")).variants
    assert [one.text for one in variant.texts["paths"]] == ["leather", "bags"]


def test_a_path_of_one_long_word_is_left_out_and_said():
    variants = with_path("weekenderbackpacks")
    [variant] = finished_ad(GOOGLE, variants, checker("A bag")).variants
    assert [one.text for one in variant.texts["paths"]] == ["bags"]
    assert variant.notes == ["Paths: left out, no whole word of it fits: “weekenderbackpacks”"]


def test_a_path_in_a_script_without_spaces_is_cut():
    [variant] = finished_ad(GOOGLE, with_path("皮革手提包皮革手提包"), checker("A bag")).variants
    assert [one.text for one in variant.texts["paths"]] == ["皮革手提包皮革", "bags"]


WORDS = st.lists(st.sampled_from(["a", "bag", "紅", "leather", "."]), max_size=20).map(" ".join)


@PATIENT
@given(
    headlines=st.lists(WORDS.filter(bool), min_size=1, max_size=6),
    rewritten=st.lists(WORDS, max_size=6),
)
def test_no_finished_text_is_longer_than_its_limit(headlines: list[str], rewritten: list[str]):
    variants = google(*headlines)
    repairs = repaired(overruns(GOOGLE, variants), rewritten)
    ad = finished_ad(GOOGLE, variants, checker("A bag"), repairs)
    for kind, limit in GOOGLE.texts.items():
        for one in ad.variants[0].texts[kind]:
            assert one.length == length(one.text, limit.counted) <= limit.limit


def test_a_headline_that_repeats_another_is_left_out_and_said():
    [variant] = finished_ad(GOOGLE, google(*FIVE_HEADLINES), checker("A bag")).variants
    assert [one.text for one in variant.texts["headlines"]] == FIVE_HEADLINES[:3]
    assert variant.notes == ["Headlines: left out what repeats another: “one bag.”, “TWO bags”"]


def test_a_repeat_stays_where_too_few_would_be_left():
    [variant] = finished_ad(GOOGLE, google("A bag", "a bag", "Soft bag"), checker("A bag")).variants
    assert [one.text for one in variant.texts["headlines"]] == ["A bag", "a bag", "Soft bag"]
    assert variant.texts["headlines"][1].problems == ["says the same as another"]


def test_too_few_texts_are_said():
    [variant] = finished_ad(GOOGLE, google("A bag"), checker("A bag")).variants
    assert variant.notes == ["Headlines: 1 of at least 3"]


def test_a_text_shows_what_it_cites_and_what_its_claims_rest_on():
    said = [{"ad_text": texts("A red leather bag", cites=("a2",))}]
    [one] = finished_ad(TIKTOK, said, checker("Red leather", "A bag")).variants[0].texts["ad_text"]
    assert [cite.key for cite in one.cites] == ["a2", "a1"]
    assert one.problems == []


def test_a_cite_of_nothing_and_a_claim_of_nothing_are_problems():
    said = [{"ad_text": texts("A waterproof bag", cites=("a9",))}]
    [one] = finished_ad(TIKTOK, said, checker("A bag")).variants[0].texts["ad_text"]
    assert one.problems == ["unsupported: waterproof", "cites what is not known: a9"]
    assert one.cites == []


def test_the_rewritten_text_is_what_is_checked():
    said = [{"ad_text": texts("Waterproof " + "bag " * 40)}]
    repairs = repaired(overruns(TIKTOK, said), ["A bag"])
    [one] = finished_ad(TIKTOK, said, checker("A bag"), repairs).variants[0].texts["ad_text"]
    assert (one.text, one.problems) == ("A bag", [])


def test_an_ad_under_way_shows_lengths():
    ad = growing_ad(GOOGLE, google("紅色の鞄"))
    assert ad.variants[0].texts["headlines"][0].length == 8


def test_an_ad_comes_back_from_json():
    ad = finished_ad(GOOGLE, google(*FIVE_HEADLINES, LONG), checker("A bag"))
    assert Ad.model_validate(ad.model_dump(mode="json")) == ad
