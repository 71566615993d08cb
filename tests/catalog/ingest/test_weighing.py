"""What is weighed of a machine's value, and how people's decisions change what it is worth."""

from __future__ import annotations

import pytest
from django.utils import timezone

from catalog.describe import vocabulary as vocabularies
from catalog.describe.weighing import Weigher
from catalog.ingest.jobs import Jobber
from catalog.models import Batch, ConfidenceFit, Decision, Job, LedgerEntry, Source
from catalog.models.job import CALIBRATE
from catalog.services.confidence import ENOUGH_NEW, confidence_refit, refit_is_due
from catalog.services.ledger import MachineValue, attribute_set, machine_values_record

pytestmark = pytest.mark.django_db


@pytest.fixture
def known(vocabulary):
    vocabularies.current(max_age=0)


def weighed(product, *values: MachineValue) -> list[MachineValue]:
    return Weigher(Source.VISION_LLM).weighed({product: values})[product.pk]


def decided(product, *, accepted: int = 0, rejected: int = 0, **fields) -> None:
    """What people decided on, all of it said with the same confidence."""
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            product=product,
            field="color",
            value=["red"],
            source=Source.VISION_LLM,
            confidence=0.9,
            evidence={"signs": [0.9, 0.0, 0.0]},
            decision=Decision.ACCEPTED if number < accepted else Decision.REJECTED,
            decided_at=timezone.now(),
            **fields,
        )
        for number in range(accepted + rejected)
    )


@pytest.mark.parametrize(("seen", "agrees"), [("red", 1.0), ("blue", -1.0)])
def test_zero_shot_speaks_for_and_against(make_product, known, no_engine, seen, agrees):
    product = make_product()
    said = {product: [MachineValue("color", [seen], 0.7)]}
    machine_values_record(said=said, source=Source.ZERO_SHOT, model="m")
    (value,) = weighed(product, MachineValue("color", ["red"], 0.8))
    (alone,) = weighed(make_product(), MachineValue("color", ["red"], 0.8))
    assert value.said_confidence == 0.8
    assert value.evidence["agreement"] == {
        "source": "zero-shot",
        "value": [seen],
        "confidence": 0.7,
        "agrees": agrees,
    }
    assert (value.confidence - alone.confidence) * agrees > 0


def test_neighbours_that_people_confirmed_speak_too(make_product, ingest, known, person):
    alike, other = make_product(color="red"), make_product(color="blue")
    product = make_product(color="red")
    ingest()
    attribute_set(product=alike, field="material", value="wood", actor=person)
    attribute_set(product=other, field="material", value="wood", actor=person)
    right, wrong = weighed(
        product, MachineValue("material", ["wood"], 0.7), MachineValue("material", ["steel"], 0.7)
    )
    assert right.evidence["neighbours"] == {"of": 2, "agree": 2, "products": [alike.pk, other.pk]}
    assert right.confidence > wrong.confidence


def test_neighbours_of_other_catalogues_say_nothing(
    make_product, make_catalog, ingest, known, person
):
    stranger = make_product(color="red", catalog=make_catalog("Other", owner=person))
    product = make_product(color="red")
    ingest()
    attribute_set(product=stranger, field="material", value="wood", actor=person)
    (value,) = weighed(product, MachineValue("material", ["wood"], 0.7))
    assert "neighbours" not in value.evidence


def test_without_an_index_values_are_weighed_without_neighbours(make_product, known, no_engine):
    (value,) = weighed(make_product(), MachineValue("color", ["red"], 0.8))
    assert value.evidence["signs"] == [0.8, 0.0, 0.0]


def test_what_is_often_rejected_is_worth_less(make_product, known, no_engine):
    product = make_product()
    (before,) = weighed(product, MachineValue("color", ["red"], 0.9))
    decided(product, accepted=10, rejected=30)
    assert confidence_refit() == 40
    (after,) = weighed(product, MachineValue("color", ["red"], 0.9))
    assert after.confidence < 0.45 < before.confidence
    assert after.evidence["decisions"] == 40
    assert {row.field for row in ConfidenceFit.objects.all()} == {"", "color"}


def test_values_that_nobody_looked_at_one_by_one_teach_nothing(make_product, catalog):
    batch = Batch.objects.create(catalog=catalog, label="The rest")
    decided(make_product(), accepted=50, decision_batch=batch)
    assert not refit_is_due()
    assert confidence_refit() == 0


def test_enough_new_decisions_bring_a_fit_about(make_product):
    decided(make_product(), accepted=ENOUGH_NEW - 1)
    Jobber(owner="test/1").step()
    assert not Job.objects.filter(kind=CALIBRATE).exists()
    decided(make_product(), accepted=1)
    jobber = Jobber(owner="test/1")
    while jobber.step():
        pass
    assert Job.objects.get(kind=CALIBRATE).state == "done"
    assert ConfidenceFit.objects.get(field="").accepted == ENOUGH_NEW
    assert not refit_is_due()
