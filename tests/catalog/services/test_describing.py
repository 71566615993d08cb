"""What a description of a product writes, and that it writes all of it or nothing."""

from __future__ import annotations

import uuid

import pytest

from catalog.models import CurrentAttribute, DescribeTask, LedgerEntry, Source
from catalog.services.describing import Described, descriptions_record
from catalog.services.ledger import MachineValue
from catalog.services.suggestions import suggestion_decide

pytestmark = pytest.mark.django_db


@pytest.fixture
def describe(make_product, vocabulary):
    product = make_product("Mug")

    def record(*values, considered=("color", "material"), token=None):
        DescribeTask.objects.all().redo()
        claim = DescribeTask.objects.claim(owner="test", limit=1)
        said = [MachineValue(field, value, 0.7) for field, value in values]
        return descriptions_record(
            token=token or claim.token,
            descriptions=[Described(claim.rows[0], product, said)],
            considered=considered,
            source=Source.ZERO_SHOT,
            model="m",
        )

    return record


def said() -> dict:
    return {row.field: row.value for row in CurrentAttribute.objects.all()}


def test_values_are_current_and_the_task_is_done(describe):
    describe(("color", ["red"]))
    assert said() == {"color": ["red"]}
    assert DescribeTask.objects.get().state == "done"


def test_result_of_a_lost_claim_writes_nothing(describe):
    assert describe(("color", ["red"]), token=uuid.uuid4()).lost
    assert said() == {}


def test_field_that_is_not_said_again_loses_its_value(describe):
    describe(("color", ["red"]), ("material", ["wood"]))
    describe(("color", ["red"]))
    assert said() == {"color": ["red"]}


def test_field_that_was_not_considered_keeps_its_value(describe):
    describe(("color", ["red"]), ("material", ["wood"]))
    describe(("color", ["blue"]), considered=("color",))
    assert said() == {"color": ["blue"], "material": ["wood"]}


def test_rejected_value_is_not_said_again(describe, person):
    describe(("color", ["red"]))
    suggestion_decide(entry=LedgerEntry.objects.get(), accept=False, actor=person)
    describe(("color", ["red"]))
    assert said() == {}
