"""The vision runner: what it asks, what it writes, and what it never does twice."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, OperationalError
from django.utils import timezone

from catalog import storage
from catalog.activity import describe_state
from catalog.describe import queue
from catalog.describe import vocabulary as vocabularies
from catalog.describe.queue import active_tasks
from catalog.ingest import vision
from catalog.ingest.vision import VisionDescriber
from catalog.models import (
    Batch,
    Category,
    CurrentAttribute,
    CurrentTerm,
    DescribeRun,
    EmbeddingSpace,
    EmbedTask,
    LedgerEntry,
    PhotoRole,
    Product,
    Source,
    Term,
    TermState,
    TrialResult,
    Urgency,
    VisionTask,
)
from catalog.services.batches import batch_retract
from catalog.services.describe_requests import vision_requested
from catalog.services.ledger import MachineValue, attribute_set, machine_values_record
from catalog.services.photos import placement_delete, placement_update
from catalog.services.products import products_delete
from catalog.services.vision_answers import trial_apply
from catalog.services.vocabulary import terms_decide
from prodintel.lib.work import WorkState
from prodintel.llm.models import Till
from tests.catalog.colours import staged
from tests.catalog.ingest.asked import FakeGateway, failing, said

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("vocabulary")]


@pytest.fixture(autouse=True)
def _fresh_vocabulary(vocabulary):
    vocabularies.current(max_age=0)


@pytest.fixture
def model(monkeypatch) -> FakeGateway:
    fake = FakeGateway(lambda _asked: said())
    for module in (vision, queue):
        monkeypatch.setattr(module, "gateway", lambda: fake)
    return fake


@pytest.fixture
def describer(model):
    made = VisionDescriber(owner="test/1")
    yield made
    made.close()


@pytest.fixture
def describe(describer):
    """Runs the vision runner until it finds nothing to do, as if every delay were over."""

    def run() -> int:
        VisionTask.objects.filter(state="pending").update(
            next_try_at=timezone.now() - timedelta(seconds=1)
        )
        describer._slot_at = 0
        return describer.step()

    return run


@pytest.fixture
def run(catalog, person) -> DescribeRun:
    batch = Batch.objects.create(catalog=catalog, label="Again", created_by=person)
    return DescribeRun.objects.create(catalog=catalog, label="Again", batch=batch)


def values(product) -> dict:
    return {row.field: row.value for row in CurrentAttribute.objects.filter(product=product)}


def suggested(product, field) -> list:
    rows = LedgerEntry.objects.standing().filter(product=product, field=field)
    return [row.value for row in rows]


def answer_of(**changes):
    return lambda _asked: said(**changes)


def attributes(**of):
    return answer_of(attributes={k: {"values": v, "confidence": 0.8} for k, v in of.items()})


def fresh(product: Product) -> Product:
    return Product.objects.select_related("vision_task", "describe_task").get(pk=product.pk)


def test_an_answer_becomes_attributes_and_suggestions(describe, make_product):
    product = make_product()
    assert describe() == 1
    assert values(product) == {"category": ["home/kitchen/mugs"], "color": ["red"]}
    assert suggested(product, "title") == [["Red mug"]]
    alt = LedgerEntry.objects.get(product=product, field="alt_text")
    assert (alt.photo, alt.locale) == (product.placements.get().photo, "en")
    task = VisionTask.objects.get()
    assert (task.state, task.cannot_tell) == (WorkState.DONE, ["dimensions"])
    assert alt.source == Source.VISION_LLM
    assert alt.model == "vision-model"


def test_without_a_key_products_wait_and_cost_nothing(describe, model, catalog, make_product):
    model.configured = False
    product = make_product()
    assert describe() == 0
    assert model.asked == []
    assert (VisionTask.objects.get().state, VisionTask.objects.get().attempts) == ("pending", 0)
    assert not active_tasks().exists()
    product.describe_task.state = "done"
    assert describe_state(fresh(product)) == "pending"
    Product.objects.get().describe_task.__class__.objects.update(state="done")
    assert describe_state(fresh(product)) == "done"
    model.configured = True
    assert active_tasks(catalog).count() == 1
    assert describe_state(fresh(product)) == "pending"


def test_a_later_key_supersedes_what_zero_shot_said(describe, make_product):
    product = make_product()
    zero_shot = [MachineValue("color", ["blue"], 0.6), MachineValue("category", ["clothes"], 0.6)]
    machine_values_record(said={product: zero_shot}, source=Source.ZERO_SHOT, model="m")
    describe()
    assert values(product) == {"category": ["home/kitchen/mugs"], "color": ["red"]}
    row = LedgerEntry.objects.get(product=product, field="color", source=Source.VISION_LLM)
    assert row.said_confidence == 0.8
    assert row.evidence["agreement"]["agrees"] == -1.0
    assert row.confidence < row.said_confidence


def test_a_person_is_never_overwritten(describe, make_product, person):
    product = make_product()
    attribute_set(product=product, field="color", value="green", actor=person)
    describe()
    assert values(product)["color"] == ["green"]
    assert ["red"] in suggested(product, "color")


def test_what_a_machine_may_not_set_is_a_suggestion(describe, model, make_product):
    model.answers = attributes(composition=["100 % cotton"])
    product = make_product()
    describe()
    assert "composition" not in values(product)
    assert suggested(product, "composition") == [["100 % cotton"]]


def test_a_value_outside_a_closed_list_is_proposed_kept_and_in_no_filter(
    describe, model, make_product, person
):
    model.answers = attributes(color=["red", "Vermilion"])
    product = make_product()
    describe()
    term = Term.objects.get(key="vermilion")
    assert (term.state, term.labels) == (TermState.PROPOSED, {"en": "Vermilion"})
    assert suggested(product, "color") == [["red", "vermilion"]]
    assert values(product)["color"] == ["red"]
    assert set(CurrentTerm.objects.filter(field="color").values_list("value", flat=True)) == {"red"}
    terms_decide(terms=[term], state=TermState.REJECTED, actor=person)
    VisionTask.objects.all().redo()
    VisionTask.objects.update(forced=True, nonce="again")
    describe()
    assert suggested(product, "color") == [["red"]]


def test_a_proposed_value_alone_counts_for_nothing_until_it_is_accepted(
    describe, model, make_product
):
    outside = [{"attribute": "material", "value": "Bakelite"}]
    model.answers = answer_of(attributes={}, outside_list=outside)
    product = make_product()
    describe()
    assert suggested(product, "material") == [["bakelite"]]
    assert "material" not in values(product)


def test_the_same_photos_are_not_asked_about_again(describe, model, make_product, person):
    product = make_product()
    describe()
    placement_update(placement=product.placements.get(), actor=person, alt_text="A mug")
    assert VisionTask.objects.get().state == WorkState.DONE
    vision_requested(products=[product], actor=person)
    assert describe() == 1
    assert VisionTask.objects.get().state == WorkState.DONE
    assert len(model.asked) == 1


def test_other_photos_are_asked_about_again(describe, model, make_product, person):
    product = make_product(photos=[staged("red", mark=1), staged("blue", mark=2)])
    describe()
    placement_delete(placement=product.placements.get(role=PhotoRole.DETAIL), actor=person)
    assert VisionTask.objects.get().priority == Urgency.AGAIN
    describe()
    assert [len(asked.messages[1].images) for asked in model.asked] == [2, 1]


def test_a_person_gets_one_new_answer_and_pays_for_it(describe, model, make_product, person):
    product = make_product()
    describe()
    assert vision_requested(products=[product], actor=person, forced=True) == 1
    describe()
    VisionTask.objects.all().redo()
    describe()
    assert [asked.account.user_id for asked in model.asked] == [None, person.pk]
    assert model.asked[1].account.scope == f"catalog:{product.catalog_id}"


def test_an_answer_that_was_paid_for_before_the_database_failed_is_not_paid_again(
    describe, describer, model, make_product, monkeypatch
):
    product = make_product()

    def locked(**_):
        raise OperationalError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(vision, "vision_answers_record", locked)
        with pytest.raises(OperationalError):
            describe()
    assert describer.step() == 1
    assert values(product)["color"] == ["red"]
    assert len(model.asked) == 1


def test_a_worker_that_died_with_an_answer_leaves_it_to_the_next(
    describe, model, make_product, monkeypatch
):
    make_product()

    def killed(*_):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(vision, "_reading", killed)
        with pytest.raises(SystemExit):
            describe()
    VisionTask.objects.free(owner_prefix="test/")
    successor = VisionDescriber(owner="test/2")
    assert successor.step() == 1
    successor.close()
    assert VisionTask.objects.get().state == WorkState.DONE
    assert len(model.asked) == 1


def test_as_many_photos_as_the_model_takes_are_sent_the_main_one_first(
    describe, model, make_product
):
    model.images = 2
    make_product(photos=[staged(color, mark=n) for n, color in enumerate(["red", "blue", "green"])])
    describe()
    asked = model.asked[0].messages[1]
    assert len(asked.images) == 2
    assert "photo_1: main, photo_2: detail." in asked.text


def test_a_photo_that_cannot_be_opened_is_left_out(describe, model, make_product):
    product = make_product(photos=[staged("red", mark=1), staged("blue", mark=2)])
    main = product.placements.get(role=PhotoRole.MAIN).photo
    storage.save(main.file.name, b"no photo any more")
    describe()
    assert len(model.asked[0].messages[1].images) == 1


def test_a_product_of_which_no_photo_can_be_opened_fails_for_good(describe, model, make_product):
    product = make_product()
    storage.delete(product.placements.get().photo.file.name)
    describe()
    task = VisionTask.objects.get()
    assert task.state == WorkState.FAILED
    assert "None of the product's photos can be opened" in task.error
    assert model.asked == []


@pytest.mark.parametrize("code", ["unavailable", "rate_limited", "over_budget", "unauthorised"])
def test_what_fails_outside_costs_no_try_and_says_why(describe, model, make_product, code):
    model.answers = failing(code, outside=True, retry_after=70.0)
    make_product()
    describe()
    task = VisionTask.objects.get()
    assert (task.state, task.attempts, task.error) == (WorkState.PENDING, 0, f"It is {code}.")
    assert timedelta(seconds=60) < task.next_try_at - timezone.now() < timedelta(seconds=80)


def test_a_refusal_fails_for_good(describe, model, make_product):
    model.answers = failing("refused", permanent=True)
    make_product()
    describe()
    assert VisionTask.objects.get().state == WorkState.FAILED
    assert len(model.asked) == 1


def test_bad_answers_are_tried_five_times(describe, model, make_product):
    model.answers = failing("bad_answer")
    make_product()
    for _ in range(7):
        describe()
    task = VisionTask.objects.get()
    assert (task.state, task.attempts, len(model.asked)) == (WorkState.FAILED, 5, 5)
    assert task.error == "It is bad_answer."


def test_a_slot_that_comes_soon_is_waited_for(describe, model, make_product):
    model.slots = [0.2]
    make_product()
    assert describe() == 1


def test_nothing_is_claimed_without_a_slot(describe, model, make_product):
    model.slots = [30.0, 30.0]
    make_product()
    assert describe() == 0
    assert VisionTask.objects.get().state == WorkState.PENDING


def test_a_paused_catalogue_is_not_asked_about(describe, model, catalog, make_product):
    make_product()
    catalog.describing_paused_at = timezone.now()
    catalog.save()
    assert describe() == 0
    assert not active_tasks().exists()
    catalog.describing_paused_at = None
    catalog.save()
    assert describe() == 1


def test_a_pause_in_the_middle_lets_calls_under_way_end_and_starts_no_more(
    describe, model, catalog, make_product, monkeypatch
):
    for _ in range(8):
        make_product()
    model.seconds = 0.7
    start = VisionDescriber._start

    def start_then_pause(self):
        start(self)
        if self._flights and catalog.describing_paused_at is None:
            catalog.describing_paused_at = timezone.now()
            catalog.save()

    monkeypatch.setattr(VisionDescriber, "_start", start_then_pause)
    describe()
    rows = VisionTask.objects.values_list("state", "attempts")
    assert set(rows) == {("done", 1), ("pending", 0)}
    assert len(model.asked) == VisionTask.objects.filter(state="done").count()


def test_a_worker_that_stops_records_what_is_under_way_and_gives_back_the_rest(model, make_product):
    for _ in range(8):
        make_product()
    model.seconds = 0.3
    stopping = threading.Event()
    model.answers = lambda _asked: (stopping.set(), said())[1]
    describer = VisionDescriber(owner="test/1", stopping=stopping.is_set)
    describer.step()
    describer.close()
    rows = set(VisionTask.objects.values_list("state", "attempts"))
    assert rows == {("done", 1), ("pending", 0)}
    assert len(model.asked) == VisionTask.objects.filter(state="done").count()


def test_an_answer_to_photos_that_changed_meanwhile_is_dropped(
    describer, make_product, monkeypatch
):
    product = make_product()
    record = vision.vision_answers_record

    def changed(**arguments):
        VisionTask.objects.all().redo()
        return record(**arguments)

    monkeypatch.setattr(vision, "vision_answers_record", changed)
    describer.step()
    assert values(product) == {}
    assert VisionTask.objects.get().state == WorkState.PENDING


def test_calls_are_made_at_once_with_a_few_more_standing_ready(model, make_product, settings):
    settings.LLM_CONCURRENCY = 3
    model.seconds = 0.2
    for _ in range(9):
        make_product()
    describer = VisionDescriber(owner="test/1")
    describer.step()
    describer.close()
    assert model.most == 3 + vision.SPARE
    assert VisionTask.objects.filter(state="done").count() == 9


def test_a_deleted_product_is_done_without_a_call(describe, model, make_product, person):
    products_delete(products=[make_product()], actor=person)
    describe()
    assert VisionTask.objects.get().state == WorkState.DONE
    assert model.asked == []


def test_what_somebody_waits_for_comes_first_then_what_is_new(make_product, person):
    old, described, asked, tried = (make_product() for _ in range(4))
    VisionTask.objects.filter(product=described).update(input_key="k", priority=Urgency.AGAIN)
    vision_requested(products=[asked], actor=person)
    vision_requested(products=[tried], actor=person, trial=True)
    newest = make_product()
    turn = [task.product for task in VisionTask.objects.askable().next(9)]
    assert turn == [tried, asked, newest, old, described]


def test_a_trial_writes_nothing_until_it_is_applied(describe, make_product, person, run):
    product = make_product()
    vision_requested(products=[product], actor=person, run=run, trial=True)
    describe()
    assert values(product) == {}
    assert TrialResult.objects.get().product == product
    assert trial_apply(run=run, actor=person) == 1
    assert values(product)["color"] == ["red"]
    assert not TrialResult.objects.exists()
    batch_retract(batch=run.batch, actor=person)
    assert values(product) == {}


def test_a_trial_proposes_no_terms_before_it_is_applied(describe, model, make_product, person, run):
    model.answers = attributes(color=["Vermilion"])
    vision_requested(products=[make_product()], actor=person, run=run, trial=True)
    describe()
    assert not Term.objects.filter(key="vermilion").exists()
    trial_apply(run=run, actor=person)
    assert Term.objects.get(key="vermilion").state == TermState.PROPOSED


def test_who_is_spent_out_waits_and_keeps_nobody_else_waiting(
    describer, describe, model, make_product, make_user, person, settings, catalog
):
    settings.LLM_USER_DAILY_TOKENS = 1000
    theirs = make_product()
    VisionTask.objects.update(requested_by=make_user("bob"))
    # Newer, and so before the other; more than are looked at ahead.
    for _ in range(describer._crew.size * vision.AHEAD + 1):
        make_product()
    Till.objects.create(
        day=timezone.localdate(),
        who=f"user:{person.pk}",
        tokens=900,
        refused={"describe": [200, 0]},
    )
    describe()
    assert [asked.account.user_id for asked in model.asked] == [theirs.vision_task.requested_by_id]
    assert not active_tasks().exists()
    settings.LLM_USER_DAILY_TOKENS = 2000
    assert active_tasks().exists()


def test_undoing_a_run_brings_back_what_was_said_before(describe, model, make_product, person, run):
    product = make_product()
    describe()
    model.answers = attributes(color=["blue"])
    vision_requested(products=[product], actor=person, run=run, forced=True)
    describe()
    assert values(product)["color"] == ["blue"]
    batch_retract(batch=run.batch, actor=person)
    assert values(product)["color"] == ["red"]


def test_run_of_some_fields_touches_no_other_and_leaves_what_is_known_of_the_whole(
    describe, model, make_product, person, run
):
    product = make_product()
    describe()
    before = VisionTask.objects.get()
    DescribeRun.objects.update(fields=["material"])
    model.answers = answer_of(
        attributes={"material": {"values": ["wood"]}, "color": {"values": ["blue"]}},
        title={"text": "Other", "confidence": 1},
        cannot_tell=[],
    )
    vision_requested(products=[product], actor=person, run=run, forced=True)
    describe()
    after = VisionTask.objects.get()
    assert set(run.batch.entries.values_list("field", flat=True)) == {"material"}
    assert (values(product)["color"], values(product)["material"]) == (["red"], ["wood"])
    assert (after.input_key, after.cannot_tell) == (before.input_key, ["dimensions"])
    assert "title:" not in model.asked[-1].messages[0].text
    assert model.asked[-1].account.purpose == "describe part"


def test_run_of_some_fields_does_not_count_as_described(describe, model, make_product, person, run):
    DescribeRun.objects.update(fields=["title"])
    vision_requested(products=[make_product()], actor=person, run=run)
    describe()
    task = VisionTask.objects.get()
    assert (task.state, task.input_key) == (WorkState.DONE, "")
    VisionTask.objects.all().redo()
    VisionTask.objects.update(run=None)
    describe()
    assert len(model.asked) == 2
    assert VisionTask.objects.get().input_key


def test_run_of_fields_that_the_category_lacks_asks_nothing(
    describe, model, make_product, person, run, vocabulary
):
    product = make_product()
    attribute_set(product=product, field="category", value=["clothes"], actor=person)
    vocabulary["material"].categories.add(Category.objects.get(path="home"))
    vocabularies.current(max_age=0)
    DescribeRun.objects.update(fields=["material"])
    vision_requested(products=[product], actor=person, run=run, forced=True)
    describe()
    assert not model.asked
    assert VisionTask.objects.get().state == WorkState.DONE


def test_trial_of_some_fields_is_written_and_asks_for_no_others(
    describe, model, make_product, person, run
):
    product = make_product()
    DescribeRun.objects.update(fields=["color"])
    vision_requested(products=[product], actor=person, run=run, trial=True)
    describe()
    trial_apply(run=run, actor=person)
    assert values(product) == {"color": ["red"]}
    assert VisionTask.objects.get().state == WorkState.DONE
    describe()
    assert len(model.asked) == 1


def test_an_answer_for_a_run_that_was_undone_meanwhile_is_not_written(
    describe, model, make_product, person, run
):
    product = make_product()
    vision_requested(products=[product], actor=person, run=run, forced=True)
    Batch.objects.update(retracted_at=timezone.now())
    describe()
    assert values(product) == {}
    assert VisionTask.objects.get().state == WorkState.DONE
    # It does not count as described.
    assert VisionTask.objects.get().input_key == ""


def test_a_product_that_goes_wrong_in_an_unforeseen_way_uses_up_its_tries_alone(
    describe, make_product, monkeypatch
):
    bad, good = make_product(), make_product()
    of_photos, of_answers = vision.prepare, vision._reading

    def prepare(question):
        return of_photos(question) if question.product.pk == good.pk else 1 / 0

    with monkeypatch.context() as patch:
        patch.setattr(vision, "prepare", prepare)
        for _ in range(2):
            describe()
    assert fresh(good).vision_task.state == WorkState.DONE
    assert (fresh(bad).vision_task.state, fresh(bad).vision_task.attempts) == ("pending", 2)

    def reading(flight, answer):
        return of_answers(flight, answer) if flight.task.product_id == good.pk else 1 / 0

    monkeypatch.setattr(vision, "_reading", reading)
    for _ in range(3):
        describe()
    task = fresh(bad).vision_task
    assert task.state == WorkState.FAILED
    assert "ZeroDivisionError" in task.error


def test_an_answer_that_cannot_be_written_keeps_no_other_from_being_written(
    describe, model, make_product, monkeypatch
):
    bad, good = make_product(), make_product()
    record = vision.vision_answers_record

    def refused(answers):
        if any(answer.product.pk == bad.pk for answer in answers):
            raise IntegrityError
        return record(answers=answers)

    monkeypatch.setattr(vision, "vision_answers_record", refused)
    monkeypatch.setattr(VisionDescriber, "_land", later(VisionDescriber._land, 2))
    describe()
    assert fresh(good).vision_task.state == WorkState.DONE
    assert fresh(bad).vision_task.state == WorkState.PENDING


def later(land, count):
    """As `land`, when so many calls have ended."""

    def wait(self):
        ended = sum(flight.answer.done() for flight in self._flights)
        return land(self) if ended >= min(count, len(self._flights)) else 0

    return wait


def test_a_photo_whose_opening_ends_the_process_is_given_up_in_the_end(
    model, make_product, monkeypatch
):
    product = make_product()
    opening = threading.Event()

    def never_ends(_question):
        opening.set()
        threading.Event().wait(1)
        raise AssertionError

    with monkeypatch.context() as patch:
        patch.setattr(vision, "prepare", never_ends)
        for number in range(5):
            describer = VisionDescriber(owner=f"test/{number}")
            describer._look()
            assert opening.wait(5)
            opening.clear()
            VisionTask.objects.free(owner_prefix="test/")
    task = fresh(product).vision_task
    assert (task.state, task.attempts) == (WorkState.FAILED, 5)
    assert "interrupted" in task.error


def test_what_was_opened_without_harm_is_no_suspect_when_the_process_ends(model, make_product):
    make_product()
    model.slots = [60.0]
    describer = VisionDescriber(owner="test/1")
    describer._look()
    assert VisionTask.objects.get().owner == "test/1"
    describer._photos.shutdown()
    describer._looked_at = 0
    describer._look()
    VisionTask.objects.free(owner_prefix="test/")
    assert VisionTask.objects.values_list("owner", "attempts").get() == ("", 0)


def test_a_product_that_was_tried_twice_for_nothing_is_made_ready_alone(
    model, make_product, monkeypatch
):
    suspects = [make_product(), make_product()]
    VisionTask.objects.update(attempts=2)
    for _ in range(3):
        make_product()
    describer = VisionDescriber(owner="test/1")
    at_once = []
    prepare = vision.prepare

    def noted(question):
        others = [t.product_id for t, future in describer._readying.items() if not future.done()]
        at_once.append((question.product.pk, len(others)))
        return prepare(question)

    monkeypatch.setattr(vision, "prepare", noted)
    describer.step()
    describer.close()
    assert VisionTask.objects.filter(state="done").count() == 5
    alone = {product.pk for product in suspects}
    assert all(others <= 1 for product, others in at_once if product in alone)


def test_a_photo_that_embedding_gave_up_on_is_not_opened(describe, model, make_product, live):
    product = make_product(photos=[staged("red", mark=1), staged("blue", mark=2)])
    photo = product.placements.get(role=PhotoRole.MAIN).photo
    EmbedTask.objects.filter(photo=photo, space=live).update(state="failed")
    describe()
    assert [len(asked.messages[1].images) for asked in model.asked] == [1]


def test_a_product_with_no_other_photo_fails_for_good(describe, model, make_product, live):
    make_product()
    EmbedTask.objects.filter(space=live).update(state="failed")
    describe()
    assert VisionTask.objects.get().state == WorkState.FAILED
    assert model.asked == []


@pytest.fixture
def live() -> EmbeddingSpace:
    return EmbeddingSpace.objects.create(model_id="m", dimension=3, fingerprint="f", state="live")


def test_calls_that_are_taken_back_before_they_begin_give_back_their_slots(
    model, make_product, settings
):
    settings.LLM_CONCURRENCY = 1
    for _ in range(4):
        make_product()
    model.seconds = 0.3
    stopping = threading.Event()
    model.answers = lambda _asked: (stopping.set(), said())[1]
    acquired = []
    model.acquire = lambda _ability, tokens: acquired.append(tokens) or 0.0
    describer = VisionDescriber(owner="test/1", stopping=stopping.is_set)
    describer.step()
    describer.close()
    assert len(acquired) == len(model.asked) + model.given_back


def test_what_is_asked_for_anew_while_it_is_asked_is_not_paid_twice(
    model, make_product, monkeypatch
):
    make_product()
    model.seconds = 1.2
    describer = VisionDescriber(owner="test/1")
    start = VisionDescriber._start

    def start_then_ask_anew(self):
        start(self)
        if self._flights and not asked_anew:
            asked_anew.append(VisionTask.objects.all().redo())

    asked_anew: list[int] = []
    monkeypatch.setattr(VisionDescriber, "_start", start_then_ask_anew)
    describer.step()
    describer.close()
    assert len(model.asked) == 1
    assert VisionTask.objects.get().state == WorkState.DONE
