"""Changes of the vocabulary reach the products: what counts, what filters offer, what the index knows."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from catalog.ingest.jobs import REPROJECT, Jobber, reproject
from catalog.models import (
    CurrentAttribute,
    CurrentTerm,
    IndexChange,
    Job,
    Source,
    Term,
    TermState,
)
from catalog.services import reprojecting
from catalog.services.attribute_values import clean_value
from catalog.services.ledger import attribute_set
from catalog.services.suggestions import suggestion_decide
from catalog.services.vocabulary import (
    definition_delete,
    definition_save,
    term_delete,
    term_save,
    terms_decide,
)
from prodintel.lib.work import WorkState

pytestmark = pytest.mark.django_db


def run_jobs() -> None:
    for job in Job.objects.filter(kind=REPROJECT, state=WorkState.PENDING):
        reproject(job)
        job.delete()


def current(field="color"):
    return CurrentAttribute.objects.filter(field=field).first()


def terms(field="color") -> list[str]:
    return sorted(CurrentTerm.objects.filter(field=field).values_list("value", flat=True))


def term(key: str) -> Term:
    return Term.objects.get(key=key)


def merge(key: str, into: str) -> None:
    row = term(key)
    row.state, row.merged_into = TermState.MERGED, term(into)
    term_save(term=row, actor=None)


def forbid_machines(definition, *, allow: bool = False) -> None:
    definition.machine_may_set = allow
    definition_save(definition=definition, actor=None)


def test_guess_no_longer_counts_when_machines_may_not_set_the_attribute(guess, vocabulary):
    guess("color", ["red"])
    forbid_machines(vocabulary["color"])
    run_jobs()
    assert current() is None
    assert terms() == []


def test_guess_counts_when_machines_may_set_the_attribute_again(guess, vocabulary):
    guess("composition", ["wool"])
    forbid_machines(vocabulary["composition"], allow=True)
    run_jobs()
    assert current("composition").value == ["wool"]


def test_person_s_value_stays_when_machines_may_not_set_the_attribute(says, vocabulary):
    says("color", "red")
    forbid_machines(vocabulary["color"])
    run_jobs()
    assert current().value == ["red"]


def order(definition, *sources) -> None:
    definition.precedence = list(sources)
    definition_save(definition=definition, actor=None)
    run_jobs()


def test_attribute_may_put_one_machine_before_another(guess, vocabulary):
    guess("color", ["red"], Source.VISION_LLM)
    guess("color", ["blue"], Source.ZERO_SHOT)
    order(vocabulary["color"], "person", "import", "zero-shot", "vision-llm")
    assert current().value == ["blue"]


def test_attribute_may_put_imports_before_people(says, vocabulary):
    says("color", "blue", source=Source.IMPORT)
    says("color", "red")
    order(vocabulary["color"], "import", "person", "vision-llm", "zero-shot")
    assert current().value == ["blue"]


def test_accepted_suggestion_stands_where_people_stand(says, guess, vocabulary, person):
    order(vocabulary["color"], "import", "person", "vision-llm", "zero-shot")
    says("color", "blue", source=Source.IMPORT)
    suggestion_decide(entry=guess("color", ["red"]), accept=True, actor=person)
    assert current().value == ["blue"]


@pytest.mark.parametrize(
    "sources",
    [
        ["vision-llm", "person", "import", "zero-shot"],
        ["import", "zero-shot", "person", "vision-llm"],
        ["person", "import"],
        ["person", "import", "vision-llm", "vision-llm"],
        ["person", "import", "vision-llm", "oracle"],
        "person",
    ],
)
def test_order_that_is_none_or_has_a_machine_before_people_is_refused(vocabulary, sources):
    vocabulary["color"].precedence = sources
    with pytest.raises(ValidationError) as caught:
        definition_save(definition=vocabulary["color"], actor=None)
    assert list(caught.value.message_dict) == ["precedence"]


def test_merged_term_is_shown_and_filtered_by_as_the_other(says):
    says("color", ["red", "blue"])
    merge("red", "blue")
    run_jobs()
    assert current().value == ["blue"]
    assert terms() == ["blue"]


def test_what_was_merged_before_follows_a_term_that_is_merged(says):
    says("color", "red")
    merge("red", "blue")
    merge("blue", "green")
    run_jobs()
    assert term("red").merged_into == term("green")
    assert terms() == ["green"]
    assert clean_value("color", "red") == ["green"]


def test_chain_of_merges_is_followed_to_its_end(says, vocabulary):
    Term.objects.filter(key="blue").update(state=TermState.MERGED, merged_into=term("green"))
    Term.objects.filter(key="red").update(state=TermState.MERGED, merged_into=term("blue"))
    assert clean_value("color", "red") == ["green"]


def test_merges_in_a_circle_lead_nowhere(vocabulary):
    Term.objects.filter(key="blue").update(state=TermState.MERGED, merged_into=term("red"))
    Term.objects.filter(key="red").update(state=TermState.MERGED, merged_into=term("blue"))
    with pytest.raises(ValidationError, match="not one of its values: green"):
        clean_value("color", "red")


def test_rejected_term_stays_on_the_product_and_leaves_the_filters(says):
    says("color", ["red", "blue"])
    terms_decide(terms=[term("red")], state=TermState.REJECTED, actor=None)
    run_jobs()
    assert current().value == ["red", "blue"]
    assert terms() == ["blue"]


def test_term_that_is_accepted_again_is_back_in_the_filters(says):
    says("color", "red")
    terms_decide(terms=[term("red")], state=TermState.REJECTED, actor=None)
    run_jobs()
    terms_decide(terms=[term("red")], state=TermState.ACTIVE, actor=None)
    run_jobs()
    assert terms() == ["red"]


def test_deleted_term_leaves_the_filters_of_a_closed_list(says):
    says("color", "red")
    term_delete(term=term("red"), actor=None)
    run_jobs()
    assert terms() == []


def test_values_of_an_open_list_need_no_terms(says, vocabulary):
    says("style", "plain")
    definition_save(definition=vocabulary["style"], actor=None)
    run_jobs()
    assert terms("style") == ["plain"]


def test_deleted_attribute_leaves_the_filters(says, vocabulary):
    says("color", "red")
    definition_delete(definition=vocabulary["color"], actor=None)
    run_jobs()
    assert terms() == []


def test_index_is_told_of_the_products_that_change_alone(make_product, vocabulary, person):
    red, blue = (make_product() for _ in range(2))
    for product, color in ((red, "red"), (blue, "blue")):
        attribute_set(product=product, field="color", value=color, actor=person)
    IndexChange.objects.all().delete()
    merge("red", "green")
    run_jobs()
    told = dict(IndexChange.objects.values_list("point", "vector"))
    assert told == {red.placements.get().pk: False}


def test_several_changes_wait_as_one_job(says):
    says("color", "red")
    merge("red", "blue")
    merge("blue", "green")
    assert Job.objects.filter(kind=REPROJECT).count() == 1


def test_change_while_a_job_runs_is_another_job(says):
    says("color", "red")
    merge("red", "blue")
    Job.objects.update(state=WorkState.RUNNING)
    merge("blue", "green")
    assert Job.objects.filter(kind=REPROJECT).count() == 2


@pytest.mark.parametrize("field", ["labels", "filterable"])
def test_change_that_decides_nothing_is_no_work(says, vocabulary, field):
    says("color", "red")
    setattr(vocabulary["color"], field, {"en": "Hue"} if field == "labels" else False)
    definition_save(definition=vocabulary["color"], actor=None)
    assert not Job.objects.exists()


def test_attribute_that_nobody_has_is_no_work(vocabulary):
    forbid_machines(vocabulary["color"])
    assert not Job.objects.exists()


def test_worker_does_it_in_steps(make_product, vocabulary, person, monkeypatch):
    monkeypatch.setattr(reprojecting, "STEP", 2)
    for _ in range(5):
        product = make_product(color=None)
        attribute_set(
            product=product, field="color", value="red", actor=person, source=Source.IMPORT
        )
    merge("red", "blue")
    jobber = Jobber(owner="test")
    while Job.objects.filter(kind=REPROJECT, state=WorkState.PENDING):
        jobber.step()
    assert terms() == ["blue"] * 5
