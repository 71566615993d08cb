from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from pydantic import BaseModel

from catalog.models import Product
from tools.comparables import OwnProducts, numbered, own_products
from tools.competitors.offers import offers
from tools.competitors.selectors import lists_in
from tools.evidence import product_facts
from tools.kinds.base import DONE, Block, Data, Evidence, Found, Run, Tool
from tools.kinds.market_research import prompt
from tools.kinds.market_research.analysis import Analysis, Sources, sections
from tools.kinds.market_research.draft import draft
from tools.kinds.market_research.evidence import Market, as_json, field_names, market_of
from tools.kinds.market_research.figures import numbers_in
from tools.kinds.market_research.options import Options, OptionsForm
from tools.kinds.market_research.shown import blocks_of, position_table
from tools.models import CompetitorList

ANALYSIS_TOKENS, WEB_TOKENS = 3_000, 1_500
ANALYSIS = Block("analysis", "market_research_analysis", "Analysis")
WEB = Block("web", "prose", "From the web")
NO_MODEL = (
    "This draft puts the evidence into sentences. What it means for the product, and what others "
    "know of the market, takes a language model: enter a key under Settings, Language models."
)


class Point(BaseModel):
    """`parts` are the text in pieces; `why` says what is wrong with a figure."""

    text: str
    parts: list[dict[str, str]] = []
    cites: list[dict[str, str]] = []
    notes: list[str] = []
    tone: str = ""
    basis: str = ""


class Section(BaseModel):
    key: str
    title: str
    points: list[Point]


class Sections(BaseModel):
    sections: list[Section] = []


class WebText(BaseModel):
    text: str = ""


class Output(BaseModel):
    """`basis` is "competitors" or "own assortment only". `web_sources` have the key w1, w2 ..."""

    basis: str = ""
    analysis: Sections = Sections()
    web: WebText = WebText()
    web_sources: list[dict[str, str]] = []
    position: list[list[str]] = []


class MarketResearch(Tool):
    """Compares a product with competitors' offers, and says what follows from that."""

    key = "market_research"
    title = "Market research"
    summary = "Price position, attribute gaps and claims against competitors' offers you bring."
    icon = "chart"
    options = Options
    output = Output
    prompt_version = prompt.PROMPT_VERSION
    max_calls = 2
    tokens_a_run = 9_000

    def form(
        self, product: Product, data: Any = None, initial: Mapping[str, Any] | None = None
    ) -> forms.Form:
        return OptionsForm(product, data, initial)

    def gather(self, product: Product, options: Options) -> Evidence:
        market = self._market(product, options)
        facts = as_json(market) | {"position": position_table(market)}
        return Evidence(facts, blocks_of(market))

    @staticmethod
    def _market(product: Product, options: Options) -> Market:
        facts = product_facts(product)
        lists = _chosen(product, options)
        currency = next(iter(facts.prices), facts.currency)
        own = (
            own_products(product, facts, currency, options.neighbours)
            if options.neighbours
            else OwnProducts()
        )
        found = offers(product, facts, lists, options.rows) if lists else []
        notices = []
        if found:
            notices.append(_sources_said(lists))
        elif lists:
            notices.append("No row of the competitor lists is like this product.")
        notices += filter(None, (own.chosen, own.notice))
        return market_of(
            facts,
            numbered(found, "r"),
            numbered(own.found, "n"),
            names=field_names(),
            notices=notices,
        )

    async def perform(self, run: Run) -> None:
        facts = run.evidence.facts
        run.put(basis=facts["basis"], position=facts["position"])
        if not run.has_model:
            sources = Sources(facts["keys"], english=True)
            data = sections(draft(facts), sources)
            await run.show(_done(ANALYSIS, data))
            notice = {"level": "info", "text": NO_MODEL}
            await run.show(Block("no-model", "notice", "", notice))
            run.put(analysis=data)
            return
        web = await self._web(run)
        await self._analyse(run, web)

    async def _web(self, run: Run) -> list[dict[str, str]]:
        """What a search of the web found, as sources with keys; nothing where it is off or fails."""
        kept, text = run.finished("web-sources"), run.finished(WEB.id)
        if kept is not None and text is not None:
            run.put(web={"text": text["text"]}, web_sources=kept["sources"])
            return list(kept["sources"])
        if not (run.options.web and run.can_search):
            return []
        asked = prompt.web_search(
            run.catalog,
            run.evidence.facts,
            question=run.options.question,
            language=run.options.language,
        )
        found: Found | None
        [found] = await run.together(run.search(WEB, asked, max_tokens=WEB_TOKENS))
        if found is None:
            return []
        sources = _web_sources(found)
        await run.show(Block("web-sources", "table", "Sources on the web", _web_table(sources)))
        run.put(web={"text": found.text}, web_sources=sources)
        return sources

    async def _analyse(self, run: Run, web: Sequence[Mapping[str, str]]) -> None:
        kept = run.finished(ANALYSIS.id)
        if kept is not None:
            run.put(analysis=kept)
            return
        facts = run.evidence.facts
        language = run.options.language or run.catalog.language
        keys = facts["keys"] | {source["key"]: _as_key(source) for source in web}
        sources = Sources(keys, english=language.split("-")[0] == "en")
        asked = prompt.analysis(
            run.catalog,
            facts,
            question=run.options.question,
            language=run.options.language,
            web=web,
        )
        answer = await run.fill(
            ANALYSIS,
            asked,
            Analysis,
            max_tokens=ANALYSIS_TOKENS,
            shown=lambda partial: sections(partial, sources),
        )
        data = sections(answer.model_dump(), sources)
        await run.show(_done(ANALYSIS, data))
        run.put(analysis=data)

    def table(self, output: Data) -> list[list[Any]] | None:
        return output.get("position") or None


def _chosen(product: Product, options: Options) -> list[CompetitorList]:
    """The lists to compare with. Raises ValidationError for one that is not there."""
    lists = list(lists_in(product.catalog))
    if not options.lists:
        return lists
    chosen = [each for each in lists if each.pk in options.lists]
    if len(chosen) != len(set(options.lists)):
        raise ValidationError({"lists": ["One of these competitor lists is not there any more."]})
    return chosen


def _sources_said(lists: Sequence[CompetitorList]) -> str:
    named = "; ".join(f"{each.name} ({each.source}, {each.as_of.isoformat()})" for each in lists)
    return f"Compared with: {named}."


def _done(block: Block, data: Data) -> Block:
    return Block(block.id, block.kind, block.title, data, state=DONE)


def _web_sources(found: Found) -> list[dict[str, str]]:
    today = timezone.localdate().isoformat()
    return [
        {
            "key": f"w{number}",
            "title": source.title,
            "url": source.url,
            "text": source.text,
            "found_on": today,
        }
        for number, source in enumerate(found.sources, 1)
    ]


def _web_table(sources: Sequence[Mapping[str, str]]) -> Data:
    """For its block: what is shown, and the sources as they are cited when the run is resumed."""
    columns = [
        {"key": "key", "label": "Key"},
        {"key": "title", "label": "Title"},
        {"key": "address", "label": "Address"},
        {"key": "found_on", "label": "Found on"},
    ]
    rows = [
        {
            "key": source["key"],
            "title": source["title"],
            "address": source["url"],
            "found_on": source["found_on"],
        }
        for source in sources
    ]
    return {"columns": columns, "rows": rows, "sources": list(sources)}


def _as_key(source: Mapping[str, str]) -> dict[str, Any]:
    numbers = numbers_in(f"{source['title']} ; {source['text']}")
    label = f"{source['key']}: {source['title']}"
    return {"label": label, "url": "", "numbers": [f"{number:f}" for number in numbers]}
