from __future__ import annotations

import pytest

from catalog.vocabulary import VocabularyFileError, read

CATEGORY = '[[categories]]\nslug = "home"\nlabels = { en = "Home" }\n'


def broken(tmp_path, text: str) -> str:
    path = tmp_path / "vocabulary.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(VocabularyFileError) as caught:
        read(path)
    return str(caught.value)


def test_paths_are_made_from_the_slugs_of_any_depth(tmp_path):
    path = tmp_path / "vocabulary.toml"
    leaf = '{ slug = "mugs", labels = { en = "Mugs" } }'
    middle = f'{{ slug = "kitchen", labels = {{ en = "Kitchen" }}, children = [{leaf}] }}'
    path.write_text(f"{CATEGORY}children = [{middle}]\n", encoding="utf-8")
    assert [entry.path for entry in read(path).categories] == [
        "home",
        "home/kitchen",
        "home/kitchen/mugs",
    ]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(VocabularyFileError, match=r"no vocabulary file .*nowhere\.toml"):
        read(tmp_path / "nowhere.toml")


def test_broken_toml_is_refused_with_its_place(tmp_path):
    assert "line 2" in broken(tmp_path, "[[categories]]\nslug = ,\n")


def test_a_repeated_category_is_refused(tmp_path):
    assert "“home” stands in the file twice" in broken(tmp_path, CATEGORY * 2)


def test_a_slug_with_capitals_is_refused(tmp_path):
    assert "'Home'" in broken(tmp_path, CATEGORY.replace('"home"', '"Home"'))


def test_an_attribute_of_an_unknown_category_is_refused(tmp_path):
    text = '[[attributes]]\nkey = "fit"\nkind = "text"\nlabels = { en = "Fit" }\n'
    assert "“garage”" in broken(tmp_path, f'{text}categories = ["garage"]\n')


def test_an_unknown_kind_is_refused_with_the_kinds_there_are(tmp_path):
    text = '[[attributes]]\nkey = "fit"\nkind = "colour"\nlabels = { en = "Fit" }\n'
    assert "multi_choice" in broken(tmp_path, text)
