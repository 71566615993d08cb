from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from catalog.models import AttributeDefinition, Category, Term, TermState
from catalog.services.vocabulary import category_save, vocabulary_load
from catalog.vocabulary import read

pytestmark = pytest.mark.django_db


def test_everything_of_the_file_arrives():
    source = read()
    report = vocabulary_load()
    assert report.categories == Category.objects.count() == len(source.categories)
    assert report.attributes == AttributeDefinition.objects.count() == len(source.attributes)
    assert report.terms == Term.objects.count() == sum(len(a.terms) for a in source.attributes)
    dresses = Category.objects.get(path="clothing/dresses")
    assert dresses.parent.path == "clothing"
    assert dresses.label("fr") == "Robes"
    neckline = AttributeDefinition.objects.get(key="neckline")
    assert neckline.categories.filter(path="clothing/dresses").exists()
    assert Term.objects.get(attribute__key="material", key="denim").categories.count() == 3


def test_loading_again_adds_nothing():
    vocabulary_load()
    assert vocabulary_load().added == 0


def test_loading_takes_few_queries(django_assert_max_num_queries):
    with django_assert_max_num_queries(25):
        vocabulary_load()


def test_what_people_changed_stays_changed():
    vocabulary_load()
    Category.objects.filter(path="clothing/hats").update(labels={"en": "Headwear"}, prompts=[])
    Term.objects.filter(key="navy").update(state=TermState.REJECTED)
    vocabulary_load()
    hats = Category.objects.get(path="clothing/hats")
    assert (hats.labels, hats.prompts) == ({"en": "Headwear"}, [])
    assert Term.objects.get(key="navy").state == TermState.REJECTED


def test_what_people_removed_does_not_come_back():
    vocabulary_load()
    Term.objects.get(key="navy").delete()
    Category.objects.get(path="clothing/socks").delete()
    report = vocabulary_load()
    assert (report.added, report.left_out) == (0, 2)


def test_a_newer_file_brings_only_what_is_new(tmp_path):
    old = '[[categories]]\nslug = "a"\nlabels = { en = "A" }\n'
    new = '[[categories]]\nslug = "b"\nlabels = { en = "B" }\n'
    path = tmp_path / "vocabulary.toml"
    path.write_text(old, encoding="utf-8")
    vocabulary_load(path=path)
    path.write_text(old + new, encoding="utf-8")
    assert vocabulary_load(path=path).categories == 1
    assert set(Category.objects.values_list("path", flat=True)) == {"a", "b"}


def test_the_command_fills_in_ids_that_were_not_known_before():
    vocabulary_load()
    Category.objects.update(google_id="", labels={"en": "Mine"})
    call_command("load_vocabulary")
    mirrors = Category.objects.get(path="decor/mirrors")
    assert (mirrors.google_id, mirrors.labels) == ("595", {"en": "Mine"})


def test_the_command_leaves_ids_alone_that_people_gave_or_took_away():
    vocabulary_load()
    Category.objects.filter(path="decor/clocks").update(google_id="6912")
    vases = Category.objects.get(path="decor/vases")
    category_save(
        actor=None, category=vases, parent=vases.parent, slug="vases", labels=vases.labels
    )
    call_command("load_vocabulary")
    ids = dict(Category.objects.filter(parent__path="decor").values_list("slug", "google_id"))
    assert (ids["clocks"], ids["vases"]) == ("6912", "")


def test_filling_in_ids_leaves_what_attributes_are_for_alone():
    vocabulary_load()
    neckline = AttributeDefinition.objects.get(key="neckline")
    neckline.categories.set(Category.objects.filter(path="clothing/dresses"))
    call_command("load_vocabulary")
    assert [each.path for each in neckline.categories.all()] == ["clothing/dresses"]


def test_the_command_says_what_it_added(capsys):
    call_command("load_vocabulary")
    assert f"Added {Category.objects.count()} categories" in capsys.readouterr().out
    call_command("load_vocabulary")
    assert "has everything" in capsys.readouterr().out


def test_the_command_refuses_a_missing_file_in_one_sentence(tmp_path):
    with pytest.raises(CommandError, match="There is no vocabulary file"):
        call_command("load_vocabulary", path=tmp_path / "none.toml")
