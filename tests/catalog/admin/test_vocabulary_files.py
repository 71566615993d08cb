"""Files of vocabularies in the admin: brought, looked at, taken over, undone."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from catalog.models import AttributeDefinition, AuditEvent, Category, Term, VocabularyImport
from tests.catalog.admin.browser_form import BrowserForm, texts
from tests.catalog.vocabulary import shopify_files as made

pytestmark = pytest.mark.django_db

HOME = b"""
[[categories]]
slug = "home"
labels = { en = "House", de = "<b>Haus</b>" }
children = [{ slug = "attic", labels = { en = "Attic" } }]
"""


@pytest.fixture
def bring(browser):
    def send(*files, client=None, **more):
        uploads = [SimpleUploadedFile(name, data) for name, data in files]
        form = {"files": uploads, "language": "en", **more}
        address = reverse("admin:catalog_vocabularyimport_add")
        return (client or browser).post(address, form, follow=True)

    return send


@pytest.fixture
def preview(browser, bring):
    """The form of the preview of files that were brought."""

    def look(*files):
        bring(*files)
        row = VocabularyImport.objects.get()
        return BrowserForm(browser, reverse("admin:catalog_vocabularyimport_change", args=[row.pk]))

    return look


def test_a_file_is_looked_at_before_it_is_taken_over_and_can_be_undone(vocabulary, preview, boss):
    form = preview(("home.toml", HOME))
    shown = form.page.content.decode()
    assert "Attic" in shown
    assert not Category.objects.filter(slug="attic").exists()
    taken = form.save("apply")
    assert texts(taken) == ["The vocabulary was changed."]
    assert Category.objects.filter(path="home/attic").exists()
    assert AuditEvent.objects.get(action="vocabulary.load").actor == boss
    assert texts(form.save("undo")) == ["1 removed again."]
    assert not Category.objects.filter(slug="attic").exists()


def test_choices_that_nobody_looked_at_are_shown_first(vocabulary, preview):
    form = preview(("home.toml", HOME))
    form["mode"] = "update"
    answer = form.save("apply")
    assert "Look at what these choices do" in texts(answer)[0]
    shown = answer.content.decode()
    assert "&lt;b&gt;Haus&lt;/b&gt; (de)" in shown
    assert Category.objects.get(path="home").labels == {"en": "Home"}


def test_branches_of_shopifys_taxonomy_are_chosen(browser, vocabulary, preview):
    entries = [made.category("aa", "Apparel"), made.category("aa-1", "Apparel", "Capes")]
    form = preview(("en/categories.json", made.categories(entries)))
    form.fields["branches"] = ["aa"]
    shown = form.save("look").content.decode()
    assert "New categories" in shown
    assert "apparel/capes" in shown
    form.save("apply")
    assert not Category.objects.get(path="apparel/capes").offered


def test_what_is_wrong_with_a_file_is_said(bring, vocabulary):
    answer = bring(("home.toml", b"slug = ,"))
    assert answer.status_code == 422
    assert "is not valid TOML" in answer.content.decode()
    assert not VocabularyImport.objects.exists()


def test_a_branch_that_is_not_there_is_said(vocabulary, preview):
    form = preview(("c.json", made.categories([made.category("aa", "Apparel")])))
    form["more_branches"] = "zz-9"
    assert "no category “zz-9”" in form.save("look").content.decode()


def test_files_are_for_people_who_may_change_all_of_the_vocabulary(staff, make_user, bring, db):
    clerk = make_user("clerk", is_staff=True)
    client = Client()
    client.force_login(clerk)
    assert bring(("home.toml", HOME), client=client).status_code == 403
    assert bring(("home.toml", HOME), client=staff(None, "none")).status_code == 200
    row = VocabularyImport.objects.get()
    address = reverse("admin:catalog_vocabularyimport_change", args=[row.pk])
    assert client.post(address, {"apply": "1", "mode": "add"}).status_code == 403


def test_the_list_of_categories_leads_to_both_ways(browser, vocabulary):
    shown = browser.get(reverse("admin:catalog_category_changelist")).content.decode()
    assert "Import a file" in shown
    address = reverse("admin:catalog_category_changelist") + "export"
    assert b'slug = "home"' in browser.get(address, follow=True).content
    assert AttributeDefinition.objects.exists()
    assert Term.objects.exists()
