"""The search page: words, photo, address, history, keyboard."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import NARROW, TITLES, asks, file, first_title
from tests.live_site import photo


def test_results_fill_while_typing_and_the_address_follows(open_page, shop):
    page = open_page(f"/c/{shop}/")
    page.get_by_role("searchbox").press_sequentially("copper ket", delay=20)
    expect(page).to_have_url(asks("copper ket"))
    expect(page.locator(".product-card").first).to_contain_text("Copper kettle")


def test_back_button_goes_to_the_search_before(open_page, shop):
    page = open_page(f"/c/{shop}/?q=oak+shelf")
    expect(page.locator(".product-card").first).to_contain_text("Oak shelf")
    page.get_by_role("searchbox").fill("glass vase")
    expect(page).to_have_url(asks("glass vase"))
    expect(page.locator(".product-card").first).to_contain_text("Glass vase")
    page.go_back()
    expect(page).to_have_url(asks("oak shelf"))
    expect(page.locator(".product-card").first).to_contain_text("Oak shelf")
    expect(page.get_by_role("searchbox")).to_have_value("oak shelf")


def test_letters_typed_in_one_go_make_one_step_in_the_history(open_page, shop):
    page = open_page(f"/c/{shop}/")
    box = page.get_by_role("searchbox")
    for words in ("linen", "linen so", "linen sofa"):
        box.press_sequentially(words.removeprefix(box.input_value()))
        expect(page).to_have_url(asks(words))
    page.go_back()
    expect(page).to_have_url(re.compile(f"/c/{shop}/$"))


def test_photo_from_the_picker_finds_its_product_first(open_page, shop):
    page = open_page(f"/c/{shop}/")
    page.locator("[data-photo-input]").set_input_files(file("mine.jpg", photo(4)))
    expect(page).to_have_url(re.compile("photo="))
    expect(page.locator(".product-card").first).to_contain_text("The same photo")
    assert first_title(page) == TITLES[4]
    # The address is all there is to it: it can be shared.
    page.reload()
    assert first_title(page) == TITLES[4]
    expect(page.locator("[data-photo-image]")).to_be_visible()


def test_photo_that_cannot_be_read_is_told_and_changes_nothing(open_page, complaints, shop):
    page = open_page(f"/c/{shop}/")
    complaints[0].expect(422)
    before = first_title(page)
    page.locator("[data-photo-input]").set_input_files(file("notes.jpg", b"no photo at all"))
    expect(page.locator(".toast--error")).to_be_visible()
    assert first_title(page) == before
    expect(page.locator("[data-photo-preview]")).to_be_hidden()


def test_error_that_comes_again_is_told_once(open_page, complaints, shop):
    page = open_page(f"/c/{shop}/")
    complaints[0].expect(422)
    for _ in range(2):
        with page.expect_response(lambda answer: answer.status == 422):
            page.locator("[data-photo-input]").set_input_files(file("notes.jpg", b"no photo"))
    page.locator("[data-photo-input]").set_input_files(file("mine.jpg", photo(2)))
    expect(page).to_have_url(re.compile("photo="))
    expect(page.locator(".toast--error")).to_have_count(1)


def test_words_and_photo_can_be_weighed_against_each_other(open_page, shop):
    page = open_page(f"/c/{shop}/")
    slider = page.get_by_label("Weight of the words against the photo")
    expect(slider).to_be_hidden()
    page.locator("[data-photo-input]").set_input_files(file("mine.jpg", photo(2)))
    expect(page).to_have_url(re.compile("photo="))
    page.get_by_role("searchbox").fill("mug")
    expect(slider).to_be_visible()
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("text_weight=0.55"))


def test_slash_focuses_the_search_box(open_page, shop):
    page = open_page(f"/c/{shop}/?q=mug")
    box = page.get_by_role("searchbox")
    expect(box).not_to_be_focused()
    page.keyboard.press("/")
    expect(box).to_be_focused()
    page.keyboard.type("x")
    # What was there is selected, and the slash itself is not typed.
    expect(box).to_have_value("x")


def test_results_are_reached_and_opened_by_keyboard_alone(open_page, shop):
    page = open_page(f"/c/{shop}/?q=enamel+mug")
    page.keyboard.press("/")
    link = page.locator(".product-card__link").first
    for _ in range(80):
        page.keyboard.press("Tab")
        if link.evaluate("link => link === document.activeElement"):
            break
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Enamel mug")


def test_filter_beside_the_results_narrows_them_and_stays_open(open_page, shop):
    page = open_page(f"/c/{shop}/")
    status = page.locator('[data-facet="f.status"]')
    status.locator("summary").click()
    status.get_by_role("checkbox", name="Draft").check()
    expect(page).to_have_url(re.compile(r"f\.status=draft$"))
    expect(page.locator(".product-card")).to_have_count(len(TITLES))
    expect(page.locator('[data-facet="f.status"]')).to_have_attribute("open", "")


def test_filters_are_behind_a_button_on_phones(open_page, shop):
    page = open_page(f"/c/{shop}/", viewport=NARROW)
    status = page.locator('[data-facet="f.status"] summary')
    expect(status).to_be_hidden()
    page.locator("summary", has_text="Filters").click()
    expect(status).to_be_visible()


def test_skip_link_is_first_and_leads_to_the_content(open_page, shop):
    page = open_page(f"/c/{shop}/products/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_search_form_works_without_javascript(open_page, shop):
    page = open_page(f"/c/{shop}/", java_script_enabled=False)
    page.get_by_role("searchbox").fill("wool blanket")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page).to_have_url(re.compile(r"q=wool\+blanket"))
    assert first_title(page) == "Wool blanket"


def test_photo_search_works_without_javascript(open_page, shop):
    page = open_page(f"/c/{shop}/", java_script_enabled=False)
    page.get_by_label("Or search with a photo").set_input_files(file("mine.jpg", photo(6)))
    page.get_by_role("button", name="Search with this photo").click()
    expect(page).to_have_url(re.compile("photo="))
    assert first_title(page) == TITLES[6]
