from __future__ import annotations

import gzip
import io
import json
import re
import zipfile

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command

from catalog.describe import vocabulary as described
from catalog.models import (
    AttributeDefinition,
    AuditEvent,
    Category,
    ProductText,
    Term,
    VocabularyImport,
)
from catalog.services.vocabulary import category_save, vocabulary_load
from catalog.services.vocabulary_imports import (
    Taking,
    import_plan,
    vocabulary_import_apply,
    vocabulary_import_bring,
    vocabulary_import_choose,
    vocabulary_import_undo,
)
from catalog.services.vocabulary_loading import Mode
from catalog.vocabulary import VocabularyFileError, brought
from tests.catalog.vocabulary import shopify_files as made
from tests.catalog.vocabulary.snapshots import snapshot

pytestmark = pytest.mark.django_db

HOME = """
[[categories]]
slug = "home"
labels = { en = "Home", de = "Zuhause" }
prompts = ["a home"]
google_id = 536
children = [{ slug = "mugs", labels = { en = "Mugs" } }]

[[attributes]]
key = "glaze"
kind = "choice"
labels = { en = "Glaze" }
categories = ["home"]
terms = [{ key = "matte", labels = { en = "Matte", de = "Matt" } }]
"""

CHOICE = '[[attributes]]\nkey = "a"\nkind = "choice"\n'


def bring(text=HOME, name="home.toml", **taking):
    row = vocabulary_import_bring(files=[(name, text.encode())], actor=None)
    return vocabulary_import_choose(row=row, taking=Taking(**taking))


def take(text=HOME, **taking):
    return vocabulary_import_apply(row=bring(text, **taking), actor=None)


def refusal(files) -> str:
    with pytest.raises(VocabularyFileError) as caught:
        vocabulary_import_bring(files=files, actor=None)
    assert not VocabularyImport.objects.exists()
    return str(caught.value)


@pytest.fixture
def kitchen():
    """A vocabulary that says less, and some of it otherwise, than the file."""
    home = Category.objects.create(slug="home", path="home", labels={"en": "House"}, prompts=["x"])
    bath = Category.objects.create(slug="bath", path="bath", labels={"en": "Bath"})
    glaze = AttributeDefinition.objects.create(key="glaze", kind="choice", labels={"en": "Glaze"})
    glaze.categories.add(bath)
    Term.objects.create(attribute=glaze, key="matte", labels={"en": "Flat"})
    return home


def test_a_preview_says_what_is_added_and_writes_nothing(kitchen):
    before = snapshot()
    plan = import_plan(bring())[1]
    assert plan.added == ["category:home/mugs"]
    assert (plan.same, plan.changes) == (3, [])
    assert snapshot() == before


def test_adding_changes_nothing_that_is_there(kitchen):
    take(mode=Mode.ADD)
    assert Category.objects.get(path="home").labels == {"en": "House"}
    assert Category.objects.filter(path="home/mugs").exists()


def test_filling_in_keeps_what_people_wrote(kitchen):
    take(mode=Mode.FILL)
    kitchen.refresh_from_db()
    assert kitchen.labels == {"en": "House", "de": "Zuhause"}
    assert (kitchen.google_id, kitchen.prompts) == ("536", ["x"])
    places = AttributeDefinition.objects.get().categories.values_list("path", flat=True)
    assert set(places) == {"bath", "home"}


def test_updating_takes_the_files_labels_prompts_and_places(kitchen):
    plan = import_plan(bring(mode=Mode.UPDATE))[1]
    change = next(each for each in plan.changes if each.name == "category:home")
    assert (change.before["labels"], change.after["prompts"]) == ({"en": "House"}, ["a home"])
    take(mode=Mode.UPDATE)
    kitchen.refresh_from_db()
    assert kitchen.labels == {"en": "Home", "de": "Zuhause"}
    assert Term.objects.get().labels == {"en": "Matte", "de": "Matt"}
    assert [each.path for each in AttributeDefinition.objects.get().categories.all()] == ["home"]


def test_another_id_is_a_conflict_unless_it_is_to_be_replaced(kitchen):
    Category.objects.filter(path="home").update(google_id="1")
    assert "google id 1 here and 536" in import_plan(bring(mode=Mode.FILL))[1].conflicts[0]
    take(mode=Mode.UPDATE)
    assert Category.objects.get(path="home").google_id == "536"


def test_new_labels_are_words_that_products_are_found_by(kitchen, make_product):
    product = make_product(color=None, attributes={"category": "home"})
    take(mode=Mode.FILL)
    assert "Zuhause" in ProductText.objects.get(product=product).document


def test_an_import_is_one_audit_event_by_its_person(make_user):
    boss = make_user()
    row = vocabulary_import_bring(files=[("home.toml", HOME.encode())], actor=boss)
    vocabulary_import_apply(row=row, actor=boss)
    event = AuditEvent.objects.get()
    assert (event.action, event.actor) == ("vocabulary.load", boss)
    assert event.summary == "4 added, 0 changed from home.toml"


def test_an_import_is_taken_over_once(kitchen):
    row = take()
    with pytest.raises(ValidationError, match="already"):
        vocabulary_import_apply(row=row, actor=None)


def test_what_people_removed_stays_away_unless_it_is_restored():
    take()
    Term.objects.all().delete()
    assert import_plan(bring())[1].left_out == ["term:glaze:matte"]
    take(restore=True)
    assert Term.objects.get().key == "matte"


def test_undoing_takes_away_what_nothing_uses(kitchen):
    before = snapshot()
    row = take()
    assert vocabulary_import_undo(row=row, actor=None) == {"removed": 1, "kept": 0}
    assert snapshot() == before
    with pytest.raises(ValidationError, match="nothing to undo"):
        vocabulary_import_undo(row=row, actor=None)


def test_undoing_keeps_what_products_use_and_what_it_needs(make_product):
    row = take()
    make_product(color=None, attributes={"category": "home/mugs", "glaze": "matte"})
    assert vocabulary_import_undo(row=row, actor=None) == {"removed": 0, "kept": 4}
    assert Category.objects.count() == 2


def test_undoing_keeps_a_category_with_one_of_somebody_else_below(make_user):
    row = take()
    home = Category.objects.get(path="home")
    category_save(actor=make_user(), slug="cups", labels={"en": "Cups"}, parent=home)
    vocabulary_import_undo(row=row, actor=None)
    assert set(Category.objects.values_list("path", flat=True)) == {"home", "home/cups"}


def test_what_was_undone_can_come_again():
    vocabulary_import_undo(row=take(), actor=None)
    assert take().report["left_out"] == 0
    assert Category.objects.count() == 2


def test_drafts_of_yesterday_go_with_the_next_file(kitchen):
    bring()
    VocabularyImport.objects.update(created_at="2020-01-01T00:00Z")
    bring()
    assert VocabularyImport.objects.count() == 1


def test_google_ids_are_found_by_name_and_by_what_they_lie_in():
    vocabulary_load()
    Category.objects.update(google_id="")
    lines = [
        "# Google_Product_Taxonomy_Version: 2030-01-01",
        "166 - Apparel & Accessories",
        "1604 - Apparel & Accessories > Clothing",
        "2271 - Apparel & Accessories > Clothing > Dresses",
        "9 - Toys > Dolls > Dresses",
        "7 - Apparel & Accessories > Clothing > Skirts",
    ]
    row = bring("\n".join(lines), "taxonomy-with-ids.en-US.txt", mode=Mode.FILL)
    reading, _ = import_plan(row)
    assert reading.matched["clothing/dresses"] == "Apparel & Accessories > Clothing > Dresses"
    assert "clothing/hats" in reading.unmatched
    vocabulary_import_apply(row=row, actor=None)
    ids = dict(Category.objects.exclude(google_id="").values_list("path", "google_id"))
    assert ids == {"clothing": "1604", "clothing/dresses": "2271", "clothing/skirts": "7"}


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: made.zipped({"a/home.toml": data})])
def test_packed_files_are_unpacked(pack):
    row = vocabulary_import_bring(files=[("home", pack(HOME.encode()))], actor=None)
    assert row.kind == brought.VOCABULARY


def test_json_is_taken_as_well():
    text = json.dumps({"categories": [{"slug": "a", "labels": {"en": "A"}}]})
    assert import_plan(bring(text, "v.json"))[1].added == ["category:a"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[categories]]\nslug = "a"\nlabels = "A"', "The labels of “a” are 'A', not an object"),
        ('[[categories]]\nslug = "a"\nlabels = { en = 5 }', "The labels of “a”: A label is text"),
        ('[[categories]]\nslug = 5\nlabels = { en = "A" }', "is 5"),
        ('categories = "a"', "no list of tables"),
        ('[[categories]]\nslug = "a"\nlabels = { en = "A" }\nlable = 1', "“a” has “lable”"),
        ('[[categories]]\nslug = "a"\nlabels = { en = "A" }\nprompts = [1]', "The prompts of “a”"),
        ('[[categories]]\nslug = "a"\nlabels = { en = "A" }\noffered = "no"', "true or false"),
        ('[[attributes]]\nkey = "a"\nkind = "text"\nlabels = {}\nposition = -1', "position of “a”"),
        (
            '[[attributes]]\nkey = "a"\nkind = "text"\nprecedence = ["zero-shot"]',
            "precedence of “a”",
        ),
        ('[[attributes]]\nkey = "a"\nkind = "text"\nunit = "\\u0000"', "unit of “a”"),
        ('{"categories": [{"slug": "a", "labels": {"en": "\\ud800"}}]}', "The labels of “a”"),
        ('{"categories": ' + "[" * 100_000, "nested too deeply"),
        ("x = " + "[" * 100_000, "nested too deeply"),
        (
            '[[attributes]]\nkey = "a"\nkind = "choice"\nterms = [{ key = "b", state = "x" }]',
            "a: b",
        ),
        (
            f'{CHOICE}terms = [{{ key = "b", state = "merged", merged_into = "b" }}]',
            "no other value",
        ),
        ('{"version": "1", "verticals": [{"categories": [{"id": 5}]}]}', "has no id"),
        ('{"version": "1", "attributes": [{"id": "gid://shopify/TaxonomyAttribute/1"}]}', "handle"),
        ("# Shopify Product Taxonomy - Categories: 1\n\nhello", "line 3: “hello”"),
        ("166 - Clothing\nhello", "line 2: “hello”"),
        ("just words", "is not valid TOML"),
        ("", "holds no category and no attribute"),
    ],
)
def test_what_is_wrong_with_a_file_is_named_with_its_place(text, message):
    assert re.search(message, refusal([("file", text.encode())]))


def test_bytes_that_are_no_text_are_refused_with_their_line():
    assert "not text in UTF-8 (line 2)" in refusal([("file", b"[a]\n\xff")])


def test_a_tree_that_is_too_deep_is_refused():
    text = '{ slug = "a", labels = { en = "A" } }'
    for _ in range(25):
        text = f'{{ slug = "a", labels = {{ en = "A" }}, children = [{text}] }}'
    assert "deeper than 20 levels" in refusal([("file", f"categories = [{text}]".encode())])


def test_a_zip_that_unfolds_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(brought, "MAX_BYTES", 1_000_000)
    bomb = made.zipped({"categories.txt": b"0" * 5_000_000})
    assert len(bomb) < 10_000
    assert "larger than" in refusal([("bomb.zip", bomb)])
    monkeypatch.setattr(brought, "MAX_UNPACKED", 2_000_000)
    many = made.zipped({f"{n}/categories.txt": b"0" * 900_000 for n in range(9)})
    assert "Unpacked, that is more than" in refusal([("bomb.zip", many)])


def test_a_broken_zip_is_refused():
    whole = made.zipped({"categories.txt": b"x" * 10_000})
    assert "cannot be unpacked" in refusal([("a.zip", whole[: len(whole) // 2])])


@pytest.mark.parametrize("way", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_zip_packed_in_a_costly_way_is_refused(way):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", way) as archive:
        archive.writestr("vocabulary.toml", HOME)
    assert "zip it" in refusal([("a.zip", out.getvalue())])


def test_an_archive_without_a_vocabulary_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("readme.md", "hello")
    assert "holds no file of a vocabulary" in refusal([("a.zip", out.getvalue())])


def test_kinds_of_files_do_not_mix():
    files = [("a.toml", HOME.encode()), ("g.txt", b"166 - Clothing")]
    assert "alone" in refusal(files)


def test_the_command_previews_and_loads_foreign_files(tmp_path, capsys):
    path = tmp_path / "home.toml"
    path.write_text(HOME, encoding="utf-8")
    call_command("load_vocabulary", str(path), preview=True)
    assert "4 would be added" in capsys.readouterr().out
    assert not VocabularyImport.objects.exists()
    call_command("load_vocabulary", str(path))
    assert "Added 2 categories, 1 attributes and 1 values." in capsys.readouterr().out


def test_the_command_writes_what_loads_again(tmp_path):
    take()
    before = snapshot()
    path = tmp_path / "out.toml"
    call_command("export_vocabulary", output=path)
    Term.objects.all().delete()
    AttributeDefinition.objects.all().delete()
    Category.objects.filter(path="home/mugs").delete()
    Category.objects.all().delete()
    call_command("load_vocabulary", str(path), restore=True)
    assert snapshot() == before


def test_a_change_is_seen_by_its_stamp(django_assert_max_num_queries):
    take()
    kept = described.current()
    with django_assert_max_num_queries(4):
        assert described.current(max_age=1e-9) is kept
    home = Category.objects.get(path="home")
    category_save(category=home, actor=None, slug="home", labels={"en": "House"})
    assert described.current(max_age=1e-9).categories["home"].labels == {"en": "House"}
