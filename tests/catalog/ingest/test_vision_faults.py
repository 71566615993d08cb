"""Every fault of a language model's server, on the real runner, gateway and SDK, over a socket.

Each fault meets a product of its own: at its first call, at the one after, with the worker's end in
between, and for ever. The products are described one after the other, so that a fault is met by
whom it is meant for; the clock is moved in the database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from catalog.describe import vocabulary as vocabularies
from catalog.ingest import vision_failures, vision_flights
from catalog.ingest.vision import VisionDescriber
from catalog.models import CurrentAttribute, LedgerEntry, Product, Source, VisionTask
from catalog.services.work import failed_work_retry
from catalog.textsearch import search_text
from prodintel.lib.work import MAX_ATTEMPTS, WorkState
from prodintel.llm import adapter, credentials, pace
from prodintel.llm.models import Pace
from tests.groq_protocol.faults import NAMES
from tests.groq_server import Fault, GroqServer

pytestmark = pytest.mark.django_db(transaction=True)

OPTIONS = {"seconds": 2.0, "retry_after": 30, "text": "no", "values": {"category": "here"}}
PATIENCE = 1.0  # seconds until the SDK gives up on an answer
MOST_ROUNDS = 40

# The provider, the network or the settings are to blame: asked again later, no try is counted.
OUTSIDE = {
    *("401", "403", "unknown_model", "429", "498", "500", "502", "503", "slow_first_byte", "hang"),
    *("cut_stream", "cut_body", "closed", "stream_error", "no_json_body"),
}
# Of these, what no product can be the cause of: they wait for as long as it lasts.
WAITING = {"401", "403", "unknown_model", "429"}
# The request is refused, and would be again: a person has to look.
REFUSED = {"400", "413", "refusal"}
# The answer can be used as it is, or what of it is of use.
TAKEN = {
    *("fenced", "wrong_root", "nul", "outside_list", "out_of_range", "html", "obeyed"),
    "schema_violation",
}
# No answer in what was said: the model is asked again in the same conversation.
REPAIRED = set(NAMES) - OUTSIDE - REFUSED - TAKEN


@pytest.fixture
def server(settings, monkeypatch):
    monkeypatch.setattr(adapter, "READ_SECONDS", PATIENCE)
    # Nobody keeps a product from the fault that is meant for it.
    monkeypatch.setattr(pace, "FAILURES_TO_OPEN", 10_000)
    settings.LLM_CONCURRENCY = 1
    with GroqServer(unsure=0.2) as running:
        settings.GROQ_BASE_URL, settings.GROQ_API_KEY = running.url, "gsk_for_the_fault_matrix"
        yield running
        adapter.close()
        credentials.forget()


class Workers:
    """One worker after the other; each takes back what its predecessor held."""

    def __init__(self) -> None:
        self.count = 0
        self.start()

    def start(self) -> None:
        self.count += 1
        self.now = VisionDescriber(owner=f"site/{self.count}")

    def restart(self) -> None:
        """The worker was killed: what it held in its hands is gone."""
        self.now.close()
        VisionTask.objects.free(owner_prefix="site/")
        self.start()

    def round(self) -> None:
        """One look at what waits, with all waiting times over."""
        self.now._slots.wait(0)
        Pace.objects.all().delete()
        VisionTask.objects.filter(state=WorkState.PENDING).update(
            next_try_at=timezone.now() - timedelta(seconds=1)
        )
        self.now.step()

    def finish(self) -> None:
        """Work until nothing waits any more."""
        for _ in range(MOST_ROUNDS):
            self.round()
            if not unfinished():
                return
        raise AssertionError(f"these are tried for ever: {unfinished()}")


@pytest.fixture
def workers(vocabulary, server):
    vocabularies.current(max_age=0)
    made = Workers()
    yield made
    made.now.close()


@pytest.fixture
def products(make_product, server) -> dict[str, Product]:
    """A product for each fault, named after it."""
    return {name: make_product(title_of(name), price=Decimal("12.50")) for name in NAMES}


def title_of(name: str) -> str:
    return f"Piece {name.replace('_', '-')} end"


def script(
    server: GroqServer, *before: str, times: int | None = 1, names: Iterable[str] = NAMES
) -> None:
    """Each product's calls meet what comes `before`, then its fault, the whole so many times."""
    for name in names:
        title = title_of(name)
        server.script(
            *[Fault(one, OPTIONS) for one in before],
            Fault(name, OPTIONS),
            when=lambda call, title=title: f'"{title}"' in call.text,
            times=times,
        )


def unfinished() -> list[str]:
    waiting = VisionTask.objects.exclude(state__in=[WorkState.DONE, WorkState.FAILED])
    return [task.product.title for task in waiting.select_related("product")]


def calls(server: GroqServer) -> Counter[str]:
    """How many calls were made for each product."""
    found: Counter[str] = Counter()
    for call in server.requests:
        found.update(name for name in NAMES if f'"{title_of(name)}"' in call.text)
    return found


def states(products: dict[str, Product]) -> dict[str, str]:
    tasks = {task.product_id: task for task in VisionTask.objects.all()}
    return {name: tasks[product.pk].state for name, product in products.items()}


def assert_sound(products: dict[str, Product]) -> None:
    """Nothing lost, nothing doubled, none marked done that is not; what people gave stands."""
    for name, product in products.items():
        task = VisionTask.objects.get(product=product)
        rows = LedgerEntry.objects.filter(product=product, source=Source.VISION_LLM)
        said = Counter(rows.values_list("field", "locale", "photo", "variant"))
        current = CurrentAttribute.objects.filter(product=product, source=Source.VISION_LLM)
        assert task.token is None, name
        assert max(said.values(), default=1) == 1, (name, said)
        assert bool(said) == (task.state == WorkState.DONE), (name, task.state, task.error)
        assert bool(task.error) == (task.state == WorkState.FAILED), (name, task.error)
        assert current.exists() == (task.state == WorkState.DONE), name
        product.refresh_from_db()
        assert (product.title, product.status) == (title_of(name), "draft"), name
        assert product.variants.get().price == Decimal("12.50"), name
        found = search_text(catalog_id=product.catalog_id, query=title_of(name))
        assert found[0].product_id == product.pk, name


def expected_calls(extra: int = 0) -> dict[str, int]:
    return {name: (2 if name in OUTSIDE | REPAIRED else 1) + extra for name in NAMES}


def expected_states() -> dict[str, str]:
    return {name: WorkState.FAILED if name in REFUSED else WorkState.DONE for name in NAMES}


def test_fault_at_the_first_call(server, workers, products):
    script(server)
    workers.finish()
    assert_sound(products)
    assert states(products) == expected_states()
    assert calls(server) == expected_calls()


def test_fault_at_the_second_call(server, workers, products):
    script(server, "500")
    workers.finish()
    assert_sound(products)
    assert states(products) == expected_states()
    assert calls(server) == expected_calls(1)


def test_fault_before_the_worker_is_restarted(server, workers, products):
    script(server)
    workers.round()
    assert unfinished()
    workers.restart()
    workers.finish()
    assert_sound(products)
    assert states(products) == expected_states()
    assert calls(server) == expected_calls()


def test_worker_ends_between_the_answer_and_the_ledger(server, workers, products, monkeypatch):
    class Killed(BaseException):
        pass

    def killed(**_):
        raise Killed

    script(server)
    record = vision_flights.vision_answers_record
    monkeypatch.setattr(vision_flights, "vision_answers_record", killed)
    for _ in range(3):
        with pytest.raises(Killed):
            workers.round()
        workers.restart()
    monkeypatch.setattr(vision_flights, "vision_answers_record", record)
    workers.finish()
    assert_sound(products)
    assert states(products) == expected_states()
    # What was paid for is found again, so nothing is asked for twice.
    assert calls(server) == expected_calls()


def test_fault_for_ever(server, workers, products, monkeypatch):
    monkeypatch.setattr(vision_failures, "SETBACKS", 2)
    for name in WAITING:
        products.pop(name).delete()
    script(server, times=None)
    workers.finish()
    assert_sound(products)
    found = states(products)
    assert {name for name, state in found.items() if state == WorkState.DONE} == TAKEN
    made = calls(server)
    assert {name: made[name] for name in REFUSED | TAKEN} == dict.fromkeys(REFUSED | TAKEN, 1)
    assert max(made[name] for name in REPAIRED) <= 3 * MAX_ATTEMPTS
    assert max(made[name] for name in OUTSIDE - WAITING) <= vision_failures.SETBACKS + MAX_ATTEMPTS
    # A person asks again, and the server is well.
    server.clear()
    failed_work_retry(catalog=products["500"].catalog, actor=None)
    workers.finish()
    assert_sound(products)
    assert set(states(products).values()) == {WorkState.DONE}
    assert set(calls(server).values()) == {1}


@pytest.mark.parametrize("fault", sorted(WAITING))
def test_what_no_product_is_the_cause_of_is_waited_for(server, workers, make_product, fault):
    for number in range(3):
        make_product(f"Thing {number}")
    server.script(Fault(fault, OPTIONS), times=None)
    for _ in range(MAX_ATTEMPTS + 1):
        workers.round()
    tasks = VisionTask.objects.values_list("state", "attempts")
    assert list(tasks) == [(WorkState.PENDING, 0)] * 3
    server.clear()
    workers.finish()
    assert set(VisionTask.objects.values_list("state", flat=True)) == {WorkState.DONE}


def test_product_at_which_the_provider_always_fails_does_not_stop_the_others(
    server, workers, make_product
):
    bad = make_product("The one")
    server.script("500", when=lambda call: '"The one"' in call.text, times=None)
    for number in range(MOST_ROUNDS):
        make_product(f"Good {number}")
        workers.round()
        if VisionTask.objects.get(product=bad).state == WorkState.FAILED:
            break
    workers.finish()
    assert VisionTask.objects.filter(state=WorkState.FAILED).get().product == bad
    assert VisionTask.objects.filter(state=WorkState.DONE).count() == number + 1
    # A failure counts when another product was described since the one before.
    made = sum('"The one"' in call.text for call in server.requests)
    assert MAX_ATTEMPTS < made <= 2 * MAX_ATTEMPTS + 1
