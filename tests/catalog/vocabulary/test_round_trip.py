from __future__ import annotations

import json
import tomllib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.models import AttributeDefinition, AttributeKind, Category, Source, Term, TermState
from catalog.services.vocabulary import vocabulary_apply, vocabulary_load
from catalog.vocabulary import read, vocabulary_of
from catalog.vocabulary.writing import as_json, as_toml, vocabulary_data
from tests.catalog.vocabulary.snapshots import clear, snapshot

pytestmark = pytest.mark.django_db

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
WORD = TEXT.filter(str.strip)
LANGUAGES = st.sampled_from(["en", "de", "pt-BR", "zh Hant", 'x"y', "é"])
LABELS = st.dictionaries(LANGUAGES, TEXT, max_size=3)
PROMPTS = st.lists(WORD, max_size=2)
NUMBER = st.integers(0, 50)
PRECEDENCE = st.sampled_from([[], [Source.IMPORT, Source.PERSON, Source.VISION_LLM, "zero-shot"]])


@st.composite
def written_vocabularies(draw):
    """Writes a vocabulary that services could have written, and perhaps a bulk update after them."""
    clear()
    categories: list[Category] = []
    for n in range(draw(st.integers(0, 5))):
        parent = draw(st.sampled_from([None, *categories]))
        slug = f"{draw(st.sampled_from('ab_'))}{n}"
        row = Category.objects.create(
            parent=parent,
            slug=slug,
            path=f"{parent.path}/{slug}" if parent else slug,
            labels={**draw(LABELS), "en": draw(WORD)},
            prompts=draw(PROMPTS),
            google_id=draw(st.sampled_from(["", "166"])),
            shopify_id=draw(st.sampled_from(["", "aa-1"])),
            position=draw(NUMBER),
            offered=draw(st.booleans()),
        )
        categories.append(row)
    for n in range(draw(st.integers(0, 3))):
        draw_attribute(draw, n, categories)
    return snapshot()


def draw_attribute(draw, n, categories) -> None:
    attribute = AttributeDefinition.objects.create(
        key=draw(st.sampled_from(["3d-glasses", "size", "a_b"])) + str(n),
        labels=draw(LABELS),
        kind=draw(st.sampled_from(AttributeKind.values)),
        unit=draw(st.sampled_from(["", "cm"])),
        closed=draw(st.booleans()),
        filterable=draw(st.booleans()),
        machine_may_set=draw(st.booleans()),
        precedence=draw(PRECEDENCE),
        position=draw(NUMBER),
    )
    places = st.lists(st.sampled_from(categories), max_size=2) if categories else st.just([])
    attribute.categories.add(*draw(places))
    if attribute.kind not in {AttributeKind.CHOICE, AttributeKind.MULTI_CHOICE}:
        return
    terms: list[Term] = []
    for m in range(draw(st.integers(0, 3))):
        target = draw(st.sampled_from([None, *terms]))
        term = Term.objects.create(
            attribute=attribute,
            key=f"größe-{m}",
            labels=draw(LABELS),
            prompts=draw(PROMPTS),
            state=TermState.MERGED if target else draw(st.sampled_from(TermState.values)),
            merged_into=target,
            position=draw(NUMBER),
        )
        term.categories.add(*draw(places))
        terms.append(term)


@pytest.mark.parametrize(("write", "parse"), [(as_toml, tomllib.loads), (as_json, json.loads)])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_is_exported_loads_into_an_empty_database_as_it_was(write, parse, data):
    before = data.draw(written_vocabularies())
    text = write(vocabulary_data())
    clear()
    vocabulary_apply(source=vocabulary_of(parse(text)), name="export", restore=True)
    assert snapshot() == before


def test_the_shipped_vocabulary_is_exported_as_the_file_says_it():
    vocabulary_load()
    assert vocabulary_of(tomllib.loads(as_toml(vocabulary_data()))) == read()


def test_exporting_takes_few_queries(django_assert_num_queries):
    vocabulary_load()
    with django_assert_num_queries(5):
        vocabulary_data()
