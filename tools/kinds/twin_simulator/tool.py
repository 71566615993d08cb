"""The twin simulator: twins of a listing, rehearsed before a panel of simulated shoppers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from pydantic import BaseModel

from catalog.describe.vocabulary import current
from catalog.models import Product
from tools import personas
from tools.kinds.base import EVIDENCE, Block, Data, Evidence, Run, Tool
from tools.kinds.twin_simulator import prompts, report
from tools.kinds.twin_simulator.form import TwinForm
from tools.kinds.twin_simulator.listing import CONTROL, Listing, priced_variant, twins_of
from tools.kinds.twin_simulator.options import MOST_ROUNDS, MOST_SHOPPERS, TwinOptions
from tools.kinds.twin_simulator.rehearsal import (
    DRAWN,
    NO_MODEL,
    SAVED,
    Rehearsal,
    chosen_from,
    panel_data,
)
from tools.models import Panel
from tools.personas import Persona

NO_PANEL = "This panel is not there any more. Choose another one, or none."


class TwinOutput(BaseModel):
    """Empty without a language model. Figures are of the simulation, and empty where the sentence
    model was not trusted with them.
    """

    reactions: list[dict[str, Any]] = []
    panel: list[dict[str, Any]] = []
    figures: dict[str, Any] = {}
    objections: dict[str, Any] = {}
    questions: dict[str, Any] = {}
    quotes: dict[str, Any] = {}
    use: dict[str, Any] = {}


class TwinSimulator(Tool):
    key = "twin_simulator"
    title = "Twin simulator"
    summary = (
        "Rehearse other prices, titles, photos or claims before simulated shoppers, and hear their "
        "objections and questions before people have them."
    )
    icon = "users"
    options = TwinOptions
    output = TwinOutput
    prompt_version = prompts.VERSION
    one_products = frozenset({"b_photo", "c_photo", "d_photo"})
    form_template = "tools/twin_simulator_options.html"
    max_calls = MOST_SHOPPERS * MOST_ROUNDS + 5
    tokens_a_run = 16_000

    def form(
        self, product: Product, data: Any = None, initial: Mapping[str, Any] | None = None
    ) -> forms.Form:
        return TwinForm(product, data, initial=initial)

    def gather(self, product: Product, options: TwinOptions) -> Evidence:
        twins = twins_of(product, options.twins, control=options.control)
        panel, source, caption = _panel(product, options)
        category = product.category.label(product.catalog.language) if product.category else ""
        variant = priced_variant(product)
        use = report.to_use(
            twins,
            variant=variant.pk if variant else None,
            locale=product.catalog.language,
            attributes=frozenset(current().attributes),
        )
        facts = {
            "twins": [twin.as_json() for twin in twins],
            "panel": {
                "source": source,
                "category": category,
                "personas": [persona.model_dump() for persona in panel],
            },
            "question": options.question,
            "use": use.data,
        }
        blocks = [
            _side_by_side(twins),
            Block("panel", "key_values", "The panel", panel_data(panel, caption), part=EVIDENCE),
        ]
        return Evidence(facts, blocks)

    async def perform(self, run: Run) -> None:
        use: Data = run.evidence.facts["use"]
        if run.has_model:
            await Rehearsal(run).perform()
        else:
            data = {"level": "warning", "text": NO_MODEL}
            await run.show(Block("no-model", "notice", "No reactions without a model", data))
        if use["fields"]:
            await run.show(Block("use", "fields", "What the twins change", use))
        run.put(use=use)

    def table(self, output: Data) -> list[list[Any]] | None:
        rows = output.get("reactions") or []
        if not rows:
            return None
        names = ["shopper", "round", "twin", "label", "place", "text", "rating", "favourite"]
        return [names, *([row.get(name) for name in names] for row in rows)]


def _panel(product: Product, options: TwinOptions) -> tuple[list[Persona], str, str]:
    """The shoppers, where they come from ("saved" or "rules"), and what is said of them."""
    if options.panel is not None:
        saved = Panel.objects.filter(catalog=product.catalog, pk=options.panel).first()
        if saved is None:
            raise ValidationError(NO_PANEL)
        chosen = chosen_from(saved.people(), options.personas, options.seed)
        return chosen, "saved", SAVED.format(name=saved.name)
    category = product.category.label(product.catalog.language) if product.category else ""
    drawn = personas.by_rules(
        category=category,
        audience=options.audience,
        count=options.personas,
        seed=options.seed,
    )
    return drawn, "rules", DRAWN


def _side_by_side(twins: list[Listing]) -> Block:
    """The twins beside each other, what differs marked."""
    columns = [
        {
            "key": twin.key,
            "label": f"{twin.key[0]}: {twin.label}",
            "control": twin.key == CONTROL,
            "photo": twin.photo.photo if twin.photo else None,
            "alt": twin.photo.alt if twin.photo else "",
            "rows": _rows(twin),
            "changed": [each.field for each in twin.changed],
        }
        for twin in twins
    ]
    return Block("twins", "twin_simulator_twins", "Twins", {"twins": columns}, part=EVIDENCE)


def _rows(twin: Listing) -> list[Data]:
    """What stands in a twin, each with what it was where it is other."""
    before = {each.field: each.before for each in twin.changed}
    price = f"{twin.price} {twin.currency}" if twin.price else ""
    rows = [
        ("title", "Title", twin.title),
        ("price", "Price", price),
        ("description", "Description", twin.description),
        *((key, label, value) for key, (label, value) in twin.attributes.items()),
        *(("claim", "Claim", claim) for claim in twin.claims),
    ]
    return [
        {
            "label": label,
            "value": value,
            "changed": name in before,
            "before": before.get(name, ""),
        }
        for name, label, value in rows
        if value
    ]
