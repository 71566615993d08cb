"""The options of a rehearsal as a form: the listing, and up to three twins beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from pydantic import ValidationError as Invalid

from catalog.describe.vocabulary import current
from catalog.models import Product
from tools import selectors
from tools.kinds.twin_simulator.listing import KEYS, LABELS, OTHER_PHOTO, twins_of
from tools.kinds.twin_simulator.options import (
    MOST_ROUNDS,
    MOST_SHOPPERS,
    QUESTION,
    Change,
    Twin,
    TwinOptions,
)

TWIN_KEYS = KEYS[1:]
PARTS = ("change", "value", "photo", "label")
NOTHING = "Nothing: no such twin"


class TwinForm(forms.Form):
    """Each twin changes one thing; more at once, and relative to others, are the API's.

    The fields of a twin are named after its key: `b_change`, `b_value`, `b_photo`, `b_label`.
    """

    audience = forms.CharField(
        max_length=200,
        required=False,
        help_text="Whom the shoppers should be like, such as “parents of small children”.",
    )
    panel = forms.ChoiceField(required=False, help_text="A saved panel, or shoppers drawn anew.")
    personas = forms.IntegerField(label="Shoppers", min_value=1, max_value=MOST_SHOPPERS, initial=6)
    rounds = forms.IntegerField(
        min_value=1,
        max_value=MOST_ROUNDS,
        initial=1,
        help_text="Each shopper is asked so often, in another order each time.",
    )
    question = forms.CharField(max_length=300, initial=QUESTION, widget=forms.Textarea({"rows": 2}))
    seed = forms.IntegerField(
        min_value=0,
        max_value=1_000_000,
        initial=1,
        help_text="The same number draws the same shoppers and orders.",
    )
    control = forms.BooleanField(
        required=False,
        initial=True,
        label="Show the listing twice",
        help_text="Tells how large a difference between twins is noise.",
    )

    def __init__(
        self, product: Product, data: Any = None, *, initial: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=_flat(initial or {}))
        self._product = product
        panels = selectors.panels_in(product.catalog)
        self.fields["panel"].choices = [  # type: ignore[attr-defined]
            ("", "Suggest shoppers for this product"),
            *((str(panel.pk), panel.name) for panel in panels),
        ]
        changes, photos = _changes(product), _photos(product)
        for key in TWIN_KEYS:
            self.fields |= _twin_fields(key, changes, photos)

    def twins(self) -> Iterator[dict[str, Any]]:
        """The fields of each twin, for the template. Where there are many products, none has photos."""
        for key in TWIN_KEYS:
            names = {part: f"{key.lower()}_{part}" for part in PARTS}
            given = {part: self[name] for part, name in names.items() if name in self.fields}
            yield {"key": key, **given}

    def others(self) -> list[BoundField]:
        """The fields that are of no twin."""
        return [self[name] for name in ("audience", "panel", "personas")]

    def further(self) -> list[BoundField]:
        """What few will change."""
        return [self[name] for name in ("question", "rounds", "seed", "control")]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        twins = [twin for key in TWIN_KEYS if (twin := self._twin(key, values)) is not None]
        options = {name: values[name] for name in TwinOptions.model_fields if name in values}
        options |= {"twins": twins, "panel": int(values["panel"]) if values.get("panel") else None}
        if not self.errors:
            self._check(options)
        return options

    def _twin(self, key: str, values: Mapping[str, Any]) -> dict[str, Any] | None:
        """The twin of a key as the options have it; what lacks is told of its field."""
        prefix = key.lower()
        field = values.get(f"{prefix}_change")
        if not field:
            return None
        photo = field == "photo"
        name = f"{prefix}_{'photo' if photo else 'value'}"
        value = values.get(name) or (OTHER_PHOTO if photo else "")
        if not value:
            self.add_error(name, "Say what it should be in this twin.")
            return None
        label = values.get(f"{prefix}_label", "")
        return {"label": label, "changes": [{"field": field, "value": value}]}

    def _check(self, options: dict[str, Any]) -> None:
        """Whether these twins can be made."""
        try:
            chosen = TwinOptions.model_validate(options)
        except Invalid as error:
            first = error.errors()[0]
            name = str(first["loc"][0])
            self.add_error(
                name if name in self.fields else None, first["msg"].removeprefix("Value error, ")
            )
            return
        for key, twin in zip(TWIN_KEYS, chosen.twins, strict=False):
            try:
                twins_of(self._product, [twin], control=False)
            except ValidationError as error:
                self.add_error(None, f"Twin {key}: {' '.join(error.messages)}")


def _changes(product: Product) -> list[tuple[str, Any]]:
    """What may be other in a twin: parts of the listing, then attributes."""
    path = product.category.path if product.category else ""
    vocabulary, language = current(), product.catalog.language
    own = {row.field for row in product.current_attributes.all()}
    nodes = [
        node
        for node in vocabulary.attributes_of(path)
        if path or not node.categories or node.key in own
    ]
    attributes = [
        (node.key, vocabulary.field_label(node.key, language).capitalize()) for node in nodes
    ]
    return [
        ("", NOTHING),
        ("The listing", list(LABELS.items())),
        ("Attributes", attributes),
    ]


def _photos(product: Product) -> list[tuple[str, str]]:
    placements = list(product.placements.all())
    return [
        ("", "The next photo"),
        *(
            (str(each.pk), f"{number}. {each.alt_text or each.get_role_display()}"[:80])
            for number, each in enumerate(placements, start=1)
        ),
    ]


def _twin_fields(
    key: str, changes: list[tuple[str, Any]], photos: list[tuple[str, str]]
) -> dict[str, forms.Field]:
    prefix = key.lower()
    return {
        f"{prefix}_change": forms.ChoiceField(
            required=False, choices=changes, label="What is other"
        ),
        f"{prefix}_value": forms.CharField(
            required=False,
            max_length=5000,
            label="What it is instead",
            widget=forms.Textarea({"rows": 2}),
            help_text="A text, or a price such as 49.90 or -10%. Several values with commas.",
        ),
        f"{prefix}_photo": forms.ChoiceField(
            required=False, choices=photos, label="Which photo, if that is other"
        ),
        f"{prefix}_label": forms.CharField(required=False, max_length=80, label="Its name"),
    }


def _flat(initial: Mapping[str, Any]) -> dict[str, Any]:
    """Options of an earlier run as initial values of the form; of a twin its first change."""
    values = {name: value for name, value in initial.items() if name != "twins"}
    for key, given in zip(TWIN_KEYS, initial.get("twins") or (), strict=False):
        twin = Twin.model_validate(given)
        change: Change = twin.changes[0]
        prefix = key.lower()
        values[f"{prefix}_change"] = change.field
        values[f"{prefix}_photo" if change.field == "photo" else f"{prefix}_value"] = change.value
        values[f"{prefix}_label"] = twin.label
    return values
