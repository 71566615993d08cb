"""Approving everything that matches, by keyboard, and taking it back."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.live_site import photo


def test_all_that_match_are_approved_by_keyboard_and_put_back(open_page, site):
    slug = site.new_catalog("Approval")
    for number in range(2):
        site.upload(slug, photo(40 + number), title=f"Bowl {number}")
    page = open_page(f"/c/{slug}/products/")
    page.get_by_label("Select all").focus()
    page.keyboard.press("Space")
    expect(page.get_by_text("2 selected")).to_be_visible()
    page.get_by_role("button", name="Approve").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 products now approved.")).to_be_visible()
    expect(page.get_by_role("link", name="Approved 2")).to_be_visible()
    page.get_by_role("button", name="Undo").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Draft 2")).to_be_visible()
