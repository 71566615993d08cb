"""Runs of tools performed for real, by a language model's protocol server or by rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django import forms
from pydantic import BaseModel, ConfigDict

from catalog.describe import vocabulary as words
from catalog.models import Product
from catalog.services.products import products_set_category
from prodintel.llm.types import Message
from tests.catalog.conftest import *  # noqa: F403 -- catalogues at work
from tests.llm.conftest import _no_connection_left, groq  # noqa: F401
from tests.tools.performing import perform_here
from tests.tools.suggesting import Suggesting
from tools import registry
from tools.kinds.base import EVIDENCE, Block, Evidence, Run, Tool
from tools.models import ToolRun
from tools.runs import performing, running
from tools.runs.loop import forget_run_loop
from tools.services.runs import run_create


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid")
    parts: int = 1


class Card(BaseModel):
    headline: str
    lines: list[str]


class Output(BaseModel):
    text: str = ""


class OptionsForm(forms.Form):
    parts = forms.IntegerField(min_value=1, initial=1)


class Sample(Tool):
    """A small tool: a text, and as many cards at once as its options say."""

    key, title, summary, icon = "sample", "Sample", "Writes something.", "sparkle"
    options, output, prompt_version = Options, Output, "sample/1"

    def form(self, product: Product, data: Any = None, initial: Any = None) -> forms.Form:
        del product
        return OptionsForm(data, initial=initial)

    def gather(self, product: Product, options: Any) -> Evidence:
        del options
        facts = {"title": product.title}
        items = [{"label": "Title", "value": product.title}]
        return Evidence(
            facts, [Block("facts", "key_values", "Facts", {"items": items}, part=EVIDENCE)]
        )

    async def perform(self, run: Run) -> None:
        if not run.has_model:
            await run.show(Block("text", "prose", "Draft", {"text": "By rules."}))
            run.put(text={"text": "By rules."})
            return
        about = [Message("user", f"Write about {run.evidence.facts['title']}.")]
        said = run.finished("text")
        if said is None:
            text = await run.say(Block("text", "prose", "Text"), about, max_tokens=500)
            said = {"text": text}
        run.put(text=said)
        await run.together(*(self._card(run, n, about) for n in range(run.options.parts)))

    async def _card(self, run: Run, number: int, about: list[Message]) -> None:
        block = Block(f"card-{number}", "key_values", f"Card {number}", {"items": []})
        if run.finished(block.id) is not None:
            return
        card = await run.fill(
            block, [*about, Message("user", f"Card {number}")], Card, max_tokens=400
        )
        items = [{"label": "Headline", "value": card.headline}]
        await run.show(Block(block.id, block.kind, block.title, {"items": items}))


@pytest.fixture(autouse=True)
def _runs_end(monkeypatch: pytest.MonkeyPatch, _django_db_helper: None) -> Iterator[None]:
    """No run goes on when the database is gone."""
    monkeypatch.setattr(performing, "FIRST_WAIT", 0.02)
    yield
    running.end()
    forget_run_loop()


@pytest.fixture
def sample(monkeypatch: pytest.MonkeyPatch) -> Sample:
    """The small tool, as the only one there is."""
    tool = Sample()
    monkeypatch.setattr(registry, "KINDS", (f"{__name__}:Sample",))
    registry.tools.cache_clear()
    monkeypatch.setitem(registry.tools(), "sample", tool)
    yield tool
    registry.tools.cache_clear()


@pytest.fixture
def suggesting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Suggesting]:
    """A tool that suggests values, as the only one there is."""
    tool = Suggesting()
    monkeypatch.setattr(registry, "KINDS", ("tests.tools.suggesting:Suggesting",))
    registry.tools.cache_clear()
    yield tool
    registry.tools.cache_clear()


@pytest.fixture
def in_category(
    make_product: Callable[..., Product], vocabulary: Any, person: Any
) -> Callable[..., Product]:
    """Makes products that have a category."""
    words._kept = None

    def make(title: str, *, path: str = "home/kitchen/mugs", **fields: Any) -> Product:
        product = make_product(title, **fields)
        products_set_category(products=[product], path=path, actor=person)
        product.refresh_from_db()
        return product

    return make


@pytest.fixture
def make_run(make_product: Callable[..., Product], person: Any) -> Callable[..., ToolRun]:
    """Makes queued runs of the small tool on a mug."""

    def make(product: Product | None = None, *, tool: str = "sample", **options: Any) -> ToolRun:
        product = product or make_product("Mug", color=None)
        return run_create(
            product=product, tool=tool, options=options, actor=person, prompt_version=f"{tool}/1"
        )

    return make


@pytest.fixture
def performed(make_run: Callable[..., ToolRun]) -> Callable[..., ToolRun]:
    """Makes runs and performs them to their end."""

    def perform(*args: Any, **options: Any) -> ToolRun:
        run = make_run(*args, **options)
        perform_here(run.pk)
        run.refresh_from_db()
        return run

    return perform
