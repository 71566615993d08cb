"""A tool for tests whose result suggests values."""

from __future__ import annotations

from typing import Any

from django import forms
from pydantic import BaseModel, ConfigDict, Field

from catalog.models import Product
from prodintel.llm.types import Message
from tools.kinds.base import Block, Evidence, Run, Tool


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid")
    tone: str = Field("plain", max_length=20)


class Output(BaseModel):
    text: str = ""


class OptionsForm(forms.Form):
    tone = forms.CharField(max_length=20, initial="plain")


class Suggesting(Tool):
    """Writes a text, and suggests a title, a colour and a price."""

    key, title, summary, icon = "suggesting", "Suggesting", "Suggests values.", "sparkle"
    options, output, prompt_version = Options, Output, "suggesting/1"

    def form(self, product: Product, data: Any = None, initial: Any = None) -> forms.Form:
        del product
        return OptionsForm(data, initial=initial)

    def gather(self, product: Product, options: Any) -> Evidence:
        return Evidence({"title": product.title, "tone": options.tone})

    async def perform(self, run: Run) -> None:
        if run.has_model and run.finished("text") is None:
            about = [Message("user", f"Write about {run.evidence.facts['title']}.")]
            await run.say(Block("text", "prose", "Text"), about, max_tokens=200)
        await run.show(Block("texts", "fields", "To use", {"fields": suggested(run)}))


def suggested(run: Run) -> list[dict[str, Any]]:
    return [
        {
            "key": "title",
            "field": "title",
            "label": "Title",
            "value": f"{run.evidence.facts['title']}, {run.options.tone}",
            "locale": "en",
        },
        {
            "key": "other",
            "field": "title",
            "label": "Another title",
            "value": "Another",
            "locale": "en",
        },
        {"key": "color", "field": "color", "label": "Colour", "value": ["red", "Umber"]},
        {"key": "price", "field": "price", "label": "Price", "value": "12.50"},
        {"key": "cost", "field": "height", "label": "Height", "value": "tall"},
    ]
