"""What every vector index does alike, whichever engine is behind it."""

from __future__ import annotations

import numpy as np
import pytest

from catalog.index.embedded import EmbeddedIndex
from catalog.index.protocol import (
    AnyOf,
    CollectionNotFound,
    Field,
    FieldSchema,
    Filter,
    HasId,
    IndexProblem,
    IsEmpty,
    Point,
    Range,
    VectorIndex,
)
from catalog.index.server import ServerIndex
from prodintel.engine.local import LocalEngine
from tests.engine.running import client_of, config_for, no_model, running_engine

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")

FIELDS = (
    Field("catalog", FieldSchema.INTEGER),
    Field("status", FieldSchema.KEYWORD),
    Field("price", FieldSchema.FLOAT),
    Field("on_sale", FieldSchema.BOOL),
    Field("attr.color", FieldSchema.KEYWORD),
)
COLORS = (["red"], ["red", "blue"], ["green"])


def unit(axis: int, dimension: int = 4) -> np.ndarray:
    vector = np.zeros(dimension, np.float32)
    vector[axis] = 1
    return vector


def payload(number: int) -> dict:
    return {
        "catalog": number % 2,
        "status": "draft" if number < 3 else "approved",
        "price": [number * 10.0],
        "on_sale": number % 3 == 0,
        "attr": {"color": COLORS[number % 3]},
    }


@pytest.fixture(params=["embedded over a socket", "embedded in process", "server"])
def index(request, tmp_path):
    if request.param == "server":
        from qdrant_client import QdrantClient

        client = QdrantClient(":memory:")
        yield ServerIndex(client=client)
        client.close()
    elif request.param == "embedded in process":
        engine = LocalEngine(config_for(tmp_path), load=no_model)
        yield EmbeddedIndex(engine)
        engine.close()
    else:
        config = config_for(tmp_path)
        with running_engine(config), client_of(config) as client:
            yield EmbeddedIndex(client)


@pytest.fixture
def filled(index):
    """Points 0 to 5: 0 lies along axis 0, and each next one further from it."""
    index.ensure("photos", 4, FIELDS)
    index.upsert(
        "photos",
        [Point(n, unit(0) + n * unit(1) / 2, payload(n)) for n in range(6)],
    )
    return index


def found(index, *must, must_not=()):
    hits = index.search("photos", unit(0), where=Filter(must, tuple(must_not)), limit=100)
    return [hit.id for hit in hits]


def test_it_is_a_vector_index(index):
    assert isinstance(index, VectorIndex)


def test_ensure_says_whether_the_collection_is_new(index):
    assert index.ensure("photos", 4, FIELDS) is True
    assert index.ensure("photos", 4, FIELDS) is False
    assert index.collections() == ["photos"]


def test_ensure_with_another_dimension_is_refused(filled):
    with pytest.raises(IndexProblem, match="4 numbers, not 5") as caught:
        filled.ensure("photos", 5)
    assert caught.value.permanent


def test_a_dropped_collection_is_gone_and_can_be_made_again(filled):
    filled.drop("photos")
    assert filled.collections() == []
    assert filled.ensure("photos", 8) is True
    assert filled.count("photos") == 0


def test_dropping_nothing_is_no_error(index):
    index.drop("photos")


@pytest.mark.parametrize(
    "call",
    [
        lambda index: index.count("photos"),
        lambda index: index.search("photos", unit(0)),
        lambda index: index.upsert("photos", [Point(1, unit(0))]),
        lambda index: index.set_payloads("photos", {1: {}}),
        lambda index: index.delete("photos", [1]),
        lambda index: index.retrieve("photos", [1]),
        lambda index: list(index.ids("photos")),
    ],
)
def test_an_unknown_collection_is_named_as_such(index, call):
    with pytest.raises(CollectionNotFound, match="photos"):
        call(index)


def test_search_returns_the_nearest_points_first_with_their_cosine(filled):
    hits = filled.search("photos", unit(0), limit=3)
    assert [hit.id for hit in hits] == [0, 1, 2]
    assert hits[0].score == pytest.approx(1.0, abs=1e-5)
    assert hits[2].score == pytest.approx(1 / np.sqrt(2), abs=1e-5)


def test_the_length_of_the_query_does_not_matter(filled):
    hits = filled.search("photos", unit(0) * 7, limit=1)
    assert hits[0].score == pytest.approx(1.0, abs=1e-5)


def test_equal_scores_come_in_the_order_of_ids(index):
    index.ensure("photos", 4)
    index.upsert("photos", [Point(n, unit(0)) for n in (9, 3, 7)])
    assert [hit.id for hit in index.search("photos", unit(0))] == [3, 7, 9]


def test_pages_of_a_search_follow_one_another(filled):
    pages = [filled.search("photos", unit(0), limit=2, offset=offset) for offset in (0, 2, 4)]
    assert [hit.id for page in pages for hit in page] == [0, 1, 2, 3, 4, 5]


def test_more_than_a_thousand_results_are_refused(filled):
    with pytest.raises(IndexProblem, match="at most 1000"):
        filled.search("photos", unit(0), limit=900, offset=101)


def test_search_brings_the_payload_that_was_stored(filled):
    assert filled.search("photos", unit(0), limit=1)[0].payload == payload(0)


def test_search_brings_only_the_fields_asked_for(filled):
    hits = filled.search("photos", unit(0), limit=1, fields=["status", "attr.color"])
    assert hits[0].payload == {"status": "draft", "attr": {"color": ["red"]}}
    assert filled.search("photos", unit(0), limit=1, fields=())[0].payload == {}


def test_any_of_fits_text_within_nested_lists(filled):
    assert found(filled, AnyOf("attr.color", ("blue", "green"))) == [1, 2, 4, 5]


def test_any_of_fits_whole_numbers(filled):
    assert found(filled, AnyOf("catalog", (1,))) == [1, 3, 5]


def test_any_of_fits_booleans(filled):
    assert found(filled, AnyOf("on_sale", (True,))) == [0, 3]
    assert found(filled, AnyOf("on_sale", (False,))) == [1, 2, 4, 5]
    assert found(filled, AnyOf("on_sale", (True, False))) == [0, 1, 2, 3, 4, 5]


def test_true_does_not_fit_the_number_one(filled):
    assert found(filled, AnyOf("catalog", (True,))) == []


def test_any_of_no_values_fits_nothing(filled):
    assert found(filled, AnyOf("status", ())) == []


def test_range_includes_its_bounds(filled):
    assert found(filled, Range("price", gte=10, lte=30)) == [1, 2, 3]
    assert found(filled, Range("price", gte=40)) == [4, 5]
    assert found(filled, Range("price", lte=0)) == [0]


def test_has_id_narrows_to_points(filled):
    assert found(filled, HasId((5, 2, 99))) == [2, 5]
    assert found(filled, HasId(())) == []


def test_is_empty_fits_what_has_no_such_field_or_nothing_in_it(filled):
    filled.upsert(
        "photos",
        [
            Point(6, unit(1), {"price": [], "attr": {"color": ["red"]}}),
            Point(7, unit(2), {"price": [5.0], "attr": {}}),
        ],
    )
    assert found(filled, IsEmpty("price")) == [6]
    assert found(filled, IsEmpty("attr.color")) == [7]
    assert found(filled, must_not=[IsEmpty("price"), IsEmpty("attr.color")]) == [0, 1, 2, 3, 4, 5]


def test_all_conditions_must_hold(filled):
    assert found(filled, AnyOf("status", ("approved",)), AnyOf("catalog", (1,))) == [3, 5]


def test_must_not_leaves_points_out(filled):
    assert found(filled, must_not=[AnyOf("attr.color", ("red",))]) == [2, 5]
    assert found(filled, AnyOf("catalog", (0,)), must_not=[HasId((0,))]) == [2, 4]


def test_a_field_that_no_point_has_fits_nothing(filled):
    assert found(filled, AnyOf("attr.material", ("wool",))) == []


def test_upsert_replaces_vector_and_payload(filled):
    filled.upsert("photos", [Point(5, unit(0), {"status": "new"})])
    assert filled.count("photos") == 6
    (record,) = filled.retrieve("photos", [5], with_vectors=True)
    assert record.payload == {"status": "new"}
    assert record.vector == pytest.approx(unit(0))


def test_many_points_go_in_by_one_call(index):
    index.ensure("photos", 4)
    index.upsert("photos", [Point(n, unit(n % 4)) for n in range(1203)])
    assert index.count("photos") == 1203


def test_upserting_nothing_is_no_error(filled):
    filled.upsert("photos", [])
    assert filled.count("photos") == 6


@pytest.mark.parametrize(
    "wrong",
    [np.zeros(4), np.array([1, np.nan, 0, 0]), np.array([np.inf, 0, 0, 0]), np.ones(5), np.ones(3)],
)
def test_a_vector_that_cannot_be_compared_is_refused_and_nothing_stored(filled, wrong):
    with pytest.raises(IndexProblem) as caught:
        filled.upsert("photos", [Point(10, unit(0)), Point(11, wrong.astype(np.float32))])
    assert caught.value.permanent
    assert filled.count("photos") == 6


@pytest.mark.parametrize("wrong", [np.zeros(4), np.array([1, np.nan, 0, 0]), np.ones(5)])
def test_searching_by_such_a_vector_is_refused(filled, wrong):
    with pytest.raises(IndexProblem):
        filled.search("photos", wrong.astype(np.float32))


def test_a_negative_id_is_refused(filled):
    with pytest.raises(IndexProblem, match="from 0"):
        filled.upsert("photos", [Point(-1, unit(0))])


def test_a_payload_that_json_cannot_hold_is_refused(filled):
    with pytest.raises(IndexProblem, match="object"):
        filled.upsert("photos", [Point(10, unit(0), {"status": object()})])


def test_set_payloads_replaces_the_whole_payload_and_keeps_the_vector(filled):
    filled.set_payloads("photos", {1: {"status": "archived"}, 2: {"on_sale": True}})
    first, second = filled.retrieve("photos", [1, 2], with_vectors=True)
    assert first.payload == {"status": "archived"}
    assert second.payload == {"on_sale": True}
    assert second.vector == pytest.approx((unit(0) + unit(1)) / np.sqrt(2), abs=1e-5)
    assert found(filled, AnyOf("status", ("archived",))) == [1]


def test_set_payloads_returns_the_ids_that_are_not_there(filled):
    assert filled.set_payloads("photos", {1: {"status": "x"}, 77: {"status": "x"}}) == {77}
    assert filled.count("photos", Filter((AnyOf("status", ("x",)),))) == 1
    assert filled.retrieve("photos", [77]) == []


def test_deleted_points_are_not_found_any_more(filled):
    filled.delete("photos", [0, 1, 99])
    assert found(filled) == [2, 3, 4, 5]
    assert filled.retrieve("photos", [0]) == []
    filled.delete("photos", [])


def test_retrieve_keeps_the_order_asked_for_and_leaves_out_the_unknown(filled):
    records = filled.retrieve("photos", [4, 99, 0])
    assert [record.id for record in records] == [4, 0]
    assert records[0].payload == payload(4)
    assert records[0].vector is None


def test_retrieved_vectors_have_length_one(filled):
    (record,) = filled.retrieve("photos", [4], with_vectors=True)
    assert record.vector.dtype == np.float32
    assert np.linalg.norm(record.vector) == pytest.approx(1, abs=1e-5)


def test_count_is_exact_with_and_without_a_filter(filled):
    assert filled.count("photos") == 6
    assert filled.count("photos", Filter((AnyOf("attr.color", ("red",)),))) == 4
    assert filled.count("photos", Filter()) == 6


def test_facets_count_every_value_of_a_point_most_frequent_first(filled):
    assert list(filled.facets("photos", "attr.color").items()) == [
        ("red", 4),
        ("blue", 2),
        ("green", 2),
    ]


def test_facets_within_a_filter(filled):
    where = Filter((AnyOf("catalog", (1,)),))
    assert filled.facets("photos", "attr.color", where) == {"red": 2, "blue": 1, "green": 1}


def test_facets_of_numbers_and_booleans_keep_their_type(filled):
    assert filled.facets("photos", "catalog") == {0: 3, 1: 3}
    on_sale = filled.facets("photos", "on_sale")
    assert {(value is True, count) for value, count in on_sale.items()} == {(True, 2), (False, 4)}


def test_facets_are_limited_to_the_most_frequent(filled):
    assert filled.facets("photos", "attr.color", limit=1) == {"red": 4}


def test_a_field_indexed_later_covers_the_points_that_are_there(filled):
    filled.upsert("photos", [Point(8, unit(0), {"attr": {"material": ["wool"]}})])
    filled.ensure_field("photos", Field("attr.material", FieldSchema.KEYWORD))
    filled.ensure_field("photos", Field("attr.material", FieldSchema.KEYWORD))
    assert filled.facets("photos", "attr.material") == {"wool": 1}
    assert found(filled, AnyOf("attr.material", ("wool",))) == [8]


def test_ids_come_in_ascending_order(index):
    index.ensure("photos", 4)
    index.upsert("photos", [Point(n, unit(0)) for n in (5, 300, 0, 42)])
    assert list(index.ids("photos")) == [0, 5, 42, 300]


def test_ids_are_read_in_pages(filled, monkeypatch):
    monkeypatch.setattr("catalog.index.embedded._PAGE", 2)
    monkeypatch.setattr("catalog.index.server._PAGE", 2)
    assert list(filled.ids("photos")) == [0, 1, 2, 3, 4, 5]


def test_health_tells_what_each_collection_holds(filled):
    filled.ensure("shadow", 8)
    health = filled.health()
    assert health.ok
    assert [(c.name, c.points, c.dimension, c.needs_rebuild) for c in health.collections] == [
        ("photos", 6, 4, False),
        ("shadow", 0, 8, False),
    ]


def test_collections_do_not_mix(filled):
    filled.ensure("shadow", 4)
    filled.upsert("shadow", [Point(50, unit(0))])
    assert filled.count("photos") == 6
    assert [hit.id for hit in filled.search("shadow", unit(0))] == [50]


@pytest.mark.parametrize("path", ["a b", "a..b", "", 'x"y', "a[0]"])
def test_a_field_path_that_the_engines_read_differently_is_refused(path):
    with pytest.raises(ValueError, match="no payload field"):
        AnyOf(path, ("x",))


def test_comparing_with_a_fraction_is_refused():
    with pytest.raises(ValueError, match="Range"):
        AnyOf("price", (1.5,))
