from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from pydantic import BaseModel

from catalog import selectors
from catalog.models import Product
from prodintel.llm.gateway import gateway
from prodintel.llm.types import Ability, Image, LanguageModelError
from tools.conversations import turns_before
from tools.evidence import neighbours_of, product_facts, sent_photos
from tools.kinds.base import RUNNING, Block, Data, Evidence, Run, Tool
from tools.kinds.question import lookup, prompt
from tools.kinds.question.evidence import NEIGHBOURS, as_facts, blocks_of
from tools.kinds.question.options import Options, QuestionForm
from tools.markdown import CITED, KEY
from tools.prompts import cited

KEY_OF = re.compile(KEY)
ANSWER_TOKENS, LOOK_TOKENS = 600, 400
MOST_PHOTOS = 3
SEEN = Block("seen", "points", "What the photos show")
UNCITED = (
    "This answer is not from the catalogue: nothing in it names a source there. Take it as general "
    "knowledge, not as a fact about this product."
)
DRAFT = (
    "Quoted by rules: the words of the question were looked up in what the catalogue says. An answer "
    "in sentences, or from the photos, takes a language model."
)


class Answer(BaseModel):
    text: str = ""


class Observed(BaseModel):
    items: list[dict[str, Any]] = []


class Output(BaseModel):
    """`grounded`: the answer names something of the catalogue that there is; `cites` are what."""

    answer: Answer = Answer()
    seen: Observed = Observed()
    cites: list[dict[str, str]] = []
    grounded: bool = False


class Question(Tool):
    """Answers a question about a product, as one turn of a conversation."""

    key = "question"
    title = "Questions"
    summary = "Ask about this item. Answers rest on what the catalogue says and the photos show."
    icon = "chat"
    options = Options
    output = Output
    prompt_version = prompt.PROMPT_VERSION
    max_calls = 2
    tokens_a_run = 4_000

    def form(
        self, product: Product, data: Any = None, initial: Mapping[str, Any] | None = None
    ) -> forms.Form:
        del product
        return QuestionForm(data, initial=initial)

    def gather(self, product: Product, options: Options) -> Evidence:
        if not options.question:
            raise ValidationError({"question": ["Ask a question."]})
        near = neighbours_of(product, NEIGHBOURS)
        told = as_facts(product_facts(product), near)
        return Evidence(told, blocks_of(told, near))

    async def perform(self, run: Run) -> None:
        facts, question = run.evidence.facts, run.options.question
        block = Block("answer", "prose", "", {"cites": facts["cites"]})
        if not run.has_model:
            text = lookup.draft(question, facts, run.catalog.language)
            await run.show(Block(block.id, block.kind, "", {**block.data, "text": text}))
            await run.show(Block("draft", "notice", "", {"level": "info", "text": DRAFT}))
            _put(run, text)
            return
        kept = run.finished(block.id)
        text = kept["text"] if kept else await self._answered(run, block)
        keys = _put(run, text)
        if not keys:
            notice = {"level": "warning", "text": UNCITED}
            await run.show(Block("uncited", "notice", "", notice))

    async def _answered(self, run: Run, block: Block) -> str:
        seen = await self._seen(run)
        before = await run.in_thread(turns_before, run.run_id)
        messages = prompt.answer(
            run.catalog, run.options.question, run.evidence.facts, seen=seen, before=before
        )
        return await run.say(block, messages, max_tokens=ANSWER_TOKENS)

    async def _seen(self, run: Run) -> list[dict[str, str]]:
        """What the photos show about the question, by key; nothing where nobody had to look.

        They are looked at where the question is about looks, or no text of the catalogue has its
        words. What goes wrong with that is said, and costs the look and not the answer.
        """
        kept = run.finished(SEEN.id)
        if kept is not None:
            return list(kept["seen"])
        facts, question = run.evidence.facts, run.options.question
        words = lookup.found(question, facts, run.catalog.language)
        if not run.options.photos or (words and not lookup.is_about_looks(question)):
            return []
        photos = await run.in_thread(_photos, run.catalog, run.product_id, facts["photos"])
        if not photos:
            return []
        await run.show(Block(SEEN.id, SEEN.kind, SEEN.title, state=RUNNING))
        asked = prompt.look(run.catalog, question, photos)
        try:
            answer = await run.ask(asked, prompt.Seen, max_tokens=LOOK_TOKENS, vision=True)
        except LanguageModelError as error:
            data = {"items": [{"text": f"The photos could not be looked at: {error}"}], "seen": []}
            await run.show(Block(SEEN.id, SEEN.kind, SEEN.title, data))
            return []
        data = _observed(answer, {key for key, _ in photos}, facts["cites"])
        await run.show(Block(SEEN.id, SEEN.kind, SEEN.title, data))
        run.put(seen={"items": data["items"]})
        return list(data["seen"])


def _photos(
    catalog: Any, product_id: int, keys: Sequence[Mapping[str, Any]]
) -> list[tuple[str, Image]]:
    """The first photos with their keys, as many as the model takes and no more than three."""
    most = min(MOST_PHOTOS, gateway().facts(Ability.VISION).images_per_call)
    products = selectors.products_by_ids(catalog, [product_id])
    by_placement = {one["placement"]: one["key"] for one in keys}
    return [
        (by_placement[sent.placement.pk], sent.image)
        for product in products
        for sent in sent_photos(product, most)
        if sent.placement.pk in by_placement
    ]


def _observed(answer: prompt.Seen, keys: set[str], cites: Mapping[str, Any]) -> Data:
    """The observations as points; of photos that were not sent nothing can have been seen."""
    seen = [
        {"key": one.photo, "text": one.text}
        for one in answer.observations
        if one.photo in keys and one.text.strip()
    ]
    items = [{"text": one["text"], "cites": cited([one["key"]], cites)} for one in seen]
    nothing = [{"text": "Nothing about the question."}]
    return {"items": items or nothing, "seen": seen}


def _put(run: Run, text: str) -> list[str]:
    """Keep the answer as the run's output; returns the keys it cites that there are."""
    cites = run.evidence.facts["cites"]
    keys = [key for key in keys_in(text) if key in cites]
    run.put(answer={"text": text}, cites=cited(keys, cites), grounded=bool(keys))
    return keys


def keys_in(text: str) -> list[str]:
    """The keys that a text cites, as `tools.markdown` reads them, each once."""
    found = [key for match in CITED.finditer(text) for key in KEY_OF.findall(match[1])]
    return list(dict.fromkeys(found))
