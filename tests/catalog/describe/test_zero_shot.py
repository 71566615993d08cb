from __future__ import annotations

import numpy as np
import pytest

from catalog.describe.prompts import PromptBank, label_prompts
from catalog.describe.vocabulary import AttributeNode, CategoryNode, TermNode, Vocabulary
from catalog.describe.zero_shot import CONFIDENT, ZeroShot, product_vector
from catalog.models import AttributeKind
from tests.catalog.describe.words import DIMENSION, WordEncoder, photo_of

PATHS = {
    "clothing": ("clothing",),
    "tableware": ("tableware",),
    "clothing/dresses": ("dress",),
    "clothing/shirts": ("shirt",),
    "clothing/hats": ("hat",),
    "tableware/mugs": ("mug",),
    "tableware/plates": ("plate",),
    "lamps": ("lamp",),
    "sofas": (),
}


def term(key: str, *categories: str) -> TermNode:
    return TermNode(key, {"en": key}, (key,), categories)


def vocabulary() -> Vocabulary:
    nodes = {
        path: CategoryNode(path, path.rpartition("/")[0], {"en": path.title()}, prompts)
        for path, prompts in PATHS.items()
    }
    materials = (
        term("wool", "clothing"),
        term("leather", "clothing"),
        term("denim", "clothing"),
        term("ceramic", "tableware"),
        term("glass", "tableware"),
    )
    patterns = (term("striped"), term("checked"), term("floral"))
    attributes = {
        "material": AttributeNode("material", AttributeKind.MULTI_CHOICE, {}, terms=materials),
        "pattern": AttributeNode(
            "pattern", AttributeKind.CHOICE, {}, categories=("clothing",), terms=patterns
        ),
    }
    return Vocabulary(nodes, attributes, "1")


@pytest.fixture
def encoder() -> WordEncoder:
    return WordEncoder()


@pytest.fixture
def describer(encoder) -> ZeroShot:
    return ZeroShot(vocabulary(), PromptBank(encoder), sharpness=2.0)


def describe(describer: ZeroShot, *photos: np.ndarray):
    return describer.describe(np.stack(photos))


def test_the_category_whose_words_fit_is_chosen(describer):
    mug, hat = describe(describer, photo_of("mug"), photo_of("hat"))
    assert mug.category.value == "tableware/mugs"
    assert hat.category.value == "clothing/hats"
    assert CONFIDENT <= mug.category.confidence <= 1


def test_between_two_leaves_the_category_above_is_the_answer(describer):
    (garment,) = describe(describer, photo_of("dress shirt hat"))
    assert garment.category.value == "clothing"


def test_what_fits_nothing_gets_no_category_and_no_attributes(describer):
    (unknown,) = describe(describer, photo_of("dress mug lamp sofas plate"))
    assert unknown.category is None
    assert unknown.attributes == {}


def test_a_category_without_prompts_is_compared_by_its_label(describer):
    (sofa,) = describe(describer, photo_of("sofas"))
    assert sofa.category.value == "sofas"


def test_a_material_that_shows_is_named_and_no_surer_than_the_category(describer):
    (hat,) = describe(describer, photo_of("hat wool", wool=0.8))
    assert hat.attributes["material"].value == "wool"
    assert hat.attributes["material"].confidence <= hat.category.confidence


def test_no_material_is_named_where_none_shows(describer):
    (hat,) = describe(describer, photo_of("hat"))
    assert hat.attributes == {}


def test_between_two_materials_none_is_named(describer):
    (hat,) = describe(describer, photo_of("hat wool leather", wool=0.8, leather=0.75))
    assert hat.category.value == "clothing/hats"
    assert "material" not in hat.attributes


def test_a_trace_of_a_material_that_fits_worse_than_none_is_not_named(encoder):
    """Nearest among the materials, but the plain name of the product fits the photo better."""
    sharp = ZeroShot(vocabulary(), PromptBank(encoder), sharpness=6.0)
    (hat,) = describe(sharp, photo_of("hat wool", hat=3.0, wool=0.8))
    assert hat.category.value == "clothing/hats"
    assert "material" not in hat.attributes


def test_the_only_material_of_a_category_is_no_answer(describer, encoder):
    nodes = vocabulary()
    material = nodes.attributes["material"]
    only = AttributeNode("material", AttributeKind.MULTI_CHOICE, {}, terms=material.terms[:1])
    single = ZeroShot(
        Vocabulary(nodes.categories, {"material": only}), PromptBank(encoder), sharpness=2.0
    )
    (hat,) = describe(single, photo_of("hat wool", wool=0.8))
    assert hat.attributes == {}


def test_only_values_offered_in_the_category_are_compared(describer, encoder):
    (mug,) = describe(describer, photo_of("mug wool", wool=0.8))
    assert "material" not in mug.attributes
    asked = {text for texts in encoder.asked for text in texts}
    assert "a photo of ceramic mug" in asked
    assert not any("wool" in text for text in asked)


def test_an_attribute_of_another_category_is_not_answered(describer):
    (mug,) = describe(describer, photo_of("mug striped", striped=0.8))
    (shirt,) = describe(describer, photo_of("shirt striped", striped=0.8))
    assert "pattern" not in mug.attributes
    assert shirt.attributes["pattern"].value == "striped"


def test_the_scale_of_similarities_does_not_matter(describer):
    """Encoders whose cosines lie close together must not look undecided."""
    common = np.ones(DIMENSION, dtype=np.float32)

    def narrow(texts):
        rows = np.stack([photo_of(text) for text in texts]) + 3 * common / np.sqrt(DIMENSION)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    close = ZeroShot(vocabulary(), PromptBank(narrow), sharpness=2.0)
    (wide_answer,) = describe(describer, photo_of("mug"))
    (close_answer,) = close.describe(narrow(["mug"]))
    assert close_answer.category.value == wide_answer.category.value
    assert close_answer.category.confidence == pytest.approx(
        wide_answer.category.confidence, abs=0.1
    )


def test_an_empty_vocabulary_answers_nothing(encoder):
    empty = ZeroShot(Vocabulary({}, {}), PromptBank(encoder), sharpness=2.0)
    (answer,) = describe(empty, photo_of("mug"))
    assert answer.category is None


def test_the_main_photo_counts_more_than_the_others():
    hat, mug = photo_of("hat"), photo_of("mug")
    vector = product_vector(np.stack([hat, mug]), [False, True])
    assert vector @ mug > vector @ hat
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-6)


def test_a_text_is_encoded_once(encoder):
    bank = PromptBank(encoder)
    bank.labels([["mug", "cup"], ["hat"]])
    before = len(encoder.asked)
    bank.labels([["hat"], ["mug", "cup"]])
    assert len(encoder.asked) == before


def test_a_label_has_several_wordings_and_its_synonyms():
    prompts = label_prompts(["mug", "cup"])
    assert prompts == ["a photo of mug", "a product photo of mug", "a photo of cup"]
