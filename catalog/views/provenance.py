"""Values with what stands behind them, as templates show them: suggestions, reasons, histories."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.urls import reverse

from catalog import provenance, selectors
from catalog.approval.diff import word_changes
from catalog.models import Catalog, Decision, LedgerEntry, Placement, Product, Source
from catalog.models.sources import MACHINE_SOURCES
from catalog.provenance import ActDone
from catalog.services.attribute_values import CATEGORY, COLUMN_FIELDS
from catalog.services.ledger import ALT_TEXT
from catalog.services.variants import VARIANT_FIELDS
from catalog.views import present
from catalog.views.present import Labels
from catalog.views.words import percent

# What "accept all confident" takes.
CONFIDENT = 0.8
FAIRLY = 0.5
# Two texts that stand on one line together.
SHORT = 80
# The fields that an act is named by.
NAMED = 3
LONG = frozenset({"description", ALT_TEXT})
COLUMN_LABELS = {
    "title": "Title",
    "description": "Description",
    "brand": "Brand",
    ALT_TEXT: "Alternative text",
    "price": "Price",
    "compare_at_price": "Compare-at price",
    "cost": "Cost",
}
SAYERS = {
    Source.PERSON: "a person",
    Source.IMPORT: "an import",
    Source.VISION_LLM: "the vision model",
    Source.ZERO_SHOT: "the comparison of the photo with words",
    Source.TOOL: "a tool",
}


def field_label(name: str, labels: Labels) -> str:
    if name == CATEGORY:
        return "Category"
    return COLUMN_LABELS.get(name) or labels.field(name)


def read_values(labels: Labels, rows: Iterable[LedgerEntry]) -> None:
    """Read the labels of what these rows say, in as many queries for many as for one."""
    found = list(rows)
    paths = [str(row.value[0]) for row in found if row.field == CATEGORY and row.value]
    labels.read({row.field for row in found}, paths)


def sure(confidence: float | None) -> str:
    """A confidence in words."""
    if confidence is None:
        return ""
    if confidence >= CONFIDENT:
        return "sure"
    return "fairly sure" if confidence >= FAIRLY else "unsure"


def value_text(row: LedgerEntry, labels: Labels) -> str:
    """A row's value on one line."""
    if row.value is None:
        return "empty on purpose"
    return ", ".join(labels.value(row.field, value) for value in row.value) or "nothing"


def name_of(user: Any) -> str:
    return user.get_username() if user is not None else ""


def author(row: LedgerEntry) -> str:
    """Who wrote a row, in words that can begin a sentence."""
    if row.source == Source.PERSON:
        return name_of(row.created_by) or "Somebody"
    if row.source == Source.IMPORT:
        return f"Import by {name_of(row.created_by)}" if row.created_by else "Import"
    if row.source == Source.ZERO_SHOT:
        return "From the photo"
    if row.source == Source.TOOL:
        return tool_name(row)
    return f"Vision model {row.model}".strip()


def tool_name(row: LedgerEntry) -> str:
    """What the tool is called that said so; "Tool" for one that left no name."""
    title = row.evidence.get("title") if isinstance(row.evidence, dict) else None
    return f"Tool: {title}" if isinstance(title, str) and title else "Tool"


def run_url(row: LedgerEntry, catalog: Catalog) -> str:
    """The address of the tool's run that a suggestion comes from; empty for other sources."""
    run = row.evidence.get("run") if isinstance(row.evidence, dict) else None
    if row.source != Source.TOOL or not isinstance(run, int):
        return ""
    return reverse("tools:run", args=[catalog.slug, run])


def _said_by(row: LedgerEntry) -> str:
    """The author where reasons stand beside it, which name the model."""
    return "Vision model" if row.source == Source.VISION_LLM else author(row)


def why(row: LedgerEntry, labels: Labels) -> list[str]:
    """What speaks for a machine's value, a sentence each; see `catalog.describe.weighing`."""
    told: list[str] = []
    evidence = row.evidence if isinstance(row.evidence, dict) else {}
    if row.source == Source.VISION_LLM and row.model:
        told.append(f"Said by {row.model}.")
    if row.source == Source.TOOL:
        written = f"Written by {row.model}." if row.model else "Drafted by rules from known facts."
        told.append(written)
    if row.said_confidence is not None:
        told.append(f"The model itself is {percent(row.said_confidence)} sure.")
    agreement, neighbours = evidence.get("agreement"), evidence.get("neighbours")
    if agreement:
        told.append(_agreement_words(row, agreement, labels))
    if neighbours:
        of, agree = neighbours.get("of", 0), neighbours.get("agree", 0)
        told.append(f"{agree} of {of} confirmed products that look like it have the same.")
    if row.confidence is not None:
        decided = evidence.get("decisions")
        basis = f", going by {decided} decisions made here" if decided else ""
        told.append(f"All in all {percent(row.confidence)} sure{basis}.")
    return told


def _agreement_words(row: LedgerEntry, agreement: dict[str, Any], labels: Labels) -> str:
    sayer = SAYERS.get(agreement.get("source", ""), "another machine")
    said = ", ".join(labels.value(row.field, each) for each in agreement.get("value") or [])
    agrees = agreement.get("agrees", 0)
    if agrees >= 1:
        return f"{sayer.capitalize()} says the same."
    return f"{sayer.capitalize()} says {'partly' if agrees > 0 else 'otherwise'}: {said}."


def behind(user: Any, product: Product, labels: Labels) -> dict[int, dict[str, Any]]:
    """What stands behind the product's own attributes, by the ids of their ledger's rows."""
    role = selectors.role_in(user, product.catalog)
    words = provenance.words_behind(product)
    read_values(labels, words.values())
    return {pk: provenance_of(row, labels, role, product.catalog) for pk, row in words.items()}


def provenance_of(
    row: LedgerEntry, labels: Labels, role: str | None, catalog: Catalog
) -> dict[str, Any]:
    """What stands behind the value that counts, for components/attribute_row.html.

    Reviewers decide on it as long as nobody has.
    """
    undecided = row.source in MACHINE_SOURCES and row.decision == Decision.NONE
    return {
        "entry": row.pk,
        "by": _said_by(row),
        "accepted_by": name_of(row.decided_by) if row.decision == Decision.ACCEPTED else "",
        "accepted": row.decision == Decision.ACCEPTED,
        "confidence": None if row.decision == Decision.ACCEPTED else row.confidence,
        "sure": sure(row.confidence),
        "why": why(row, labels) if row.source in MACHINE_SOURCES else [],
        "run_url": run_url(row, catalog),
        "batch": row.batch,
        "undecided": undecided,
        "may_decide": undecided and role in selectors.REVIEW,
    }


def suggestions(product: Product, labels: Labels, role: str | None) -> dict[str, Any]:
    """The panel of suggestions: those that differ from what counts; `confident` are how many of
    these, and of the values that merely wait to be confirmed, machines are sure of.
    """
    rows = provenance.suggestions_of(product)
    read_values(labels, rows)
    current = {
        (row.field, row.locale): row
        for row in product.current_attributes.all()
        if row.variant_id is None
    }
    shown = []
    for row in rows:
        now = current.get((row.field, row.locale))
        if row.variant_id is None and now is not None and now.entry_id == row.pk:
            continue  # stands in its attribute's row
        shown.append(_suggestion(row, now, product, labels))
    return {
        "items": sorted(shown, key=lambda item: item["order"]),
        "confident": len(confident(rows)),
        "percent": percent(CONFIDENT),
        "may_decide": role in selectors.REVIEW,
        "may_edit": role in selectors.EDIT,
    }


def confident(rows: Iterable[LedgerEntry]) -> list[LedgerEntry]:
    """Those of the suggestions that machines are sure of."""
    return [row for row in rows if row.confidence is not None and row.confidence >= CONFIDENT]


def _suggestion(row: LedgerEntry, now: Any, product: Product, labels: Labels) -> dict[str, Any]:
    is_text = row.field in COLUMN_FIELDS
    label = field_label(row.field, labels)
    if row.variant is not None:
        label = f"{label} of {row.variant}"
    item: dict[str, Any] = {
        "entry": row,
        "label": label,
        "order": (list(COLUMN_LABELS).index(row.field) if is_text else 99, row.field, row.pk),
        "is_text": is_text,
        "values": [] if is_text else labels.values(row.field, row.value),
        "by": _said_by(row),
        "sure": sure(row.confidence),
        "why": why(row, labels),
        "run_url": run_url(row, product.catalog),
        "photo": None,
        "now": [],
        "diff": [],
    }
    if is_text:
        text = str(row.value[0]) if row.value else ""
        before = _column_now(row, product)
        item["text"] = text
        item["diff"] = text_changes(before, text)
    elif now is not None:
        item["now"] = present.attribute(now, labels)["values"] or [{"label": "empty on purpose"}]
    if row.field == ALT_TEXT:
        item["photo"] = _photo(product, row)
    return item


def text_changes(before: str, text: str) -> list[tuple[str, str]]:
    """Two texts as one, word by word; one after the other where they have little in common."""
    pieces = word_changes(before, text)
    same = sum(len(piece) for kind, piece in pieces if kind == "same" and piece.strip())
    if same * 2 >= min(len(before), len(text)):
        return list(pieces)
    between = " " if len(before) + len(text) < SHORT else "\n\n"
    return [("gone", before), ("same", between), ("new", text)] if before else [("new", text)]


def _column_now(row: LedgerEntry, product: Product) -> str:
    """What stands in the column now; the product's details are loaded."""
    if row.field == ALT_TEXT:
        shown = [each for each in product.placements.all() if each.photo_id == row.photo_id]
        return shown[0].alt_text if shown else ""
    if row.field in VARIANT_FIELDS:
        sold = [each for each in product.variants.all() if row.variant_id in {None, each.pk}]
        amount = getattr(sold[0], row.field) if sold else None
        return present.amount(amount, sold[0].currency) if sold else ""
    return str(getattr(product, row.field))


def _photo(product: Product, row: LedgerEntry) -> dict[str, Any] | None:
    shown: Sequence[Placement] = product.placements.all()  # type: ignore[assignment]
    found = next((each for each in shown if each.photo_id == row.photo_id), None)
    return present.image(found) if found else None


def field_rows(
    rows: Iterable[LedgerEntry], labels: Labels, counting: Collection[int]
) -> list[dict[str, Any]]:
    """The history of one field for catalog/_field_history.html; `counting` are ids of rows."""
    rows = list(rows)
    read_values(labels, rows)
    return [
        {
            "entry": row,
            "text": value_text(row, labels),
            "by": author(row),
            "variant": str(row.variant) if row.variant else "",
            "sure": sure(row.confidence),
            "why": why(row, labels) if row.source in MACHINE_SOURCES else [],
            "decided": f"{row.get_decision_display()} by {name_of(row.decided_by) or 'somebody'}"
            if row.decision
            else "",
            "retracted": _retracted(row),
            "counts": row.pk in counting,
        }
        for row in rows
    ]


def _retracted(row: LedgerEntry) -> str:
    if row.retracted_at is None:
        return ""
    if row.retracted_by is not None:
        return f"Taken back by {name_of(row.retracted_by)}"
    return "Replaced by a newer answer" if row.source in MACHINE_SOURCES else "Taken back"


def act_event(done: ActDone, product: Product, labels: Labels, role: str | None) -> dict[str, Any]:
    """One act for catalog/_history.html."""
    allowed = selectors.EDIT if done.wrote else selectors.REVIEW
    undo_url = ""
    # A product that went back is undone as a whole, where that is told.
    whole = done.batch is not None and done.batch.went_back_to_id is not None
    if done.stands and role in allowed and not whole:
        what = "decided" if done.decides else "wrote"
        where = [product.catalog.slug, product.pk, what, done.entry.pk]
        undo_url = reverse("catalog:act_undo", args=where)
    return {
        "text": _act_words(done, labels),
        "details": [
            _detail(row, labels) for row in (*done.wrote, *_only(done.decided, done.wrote))
        ],
        "by": name_of(done.by) or author(done.entry),
        "at": done.at,
        "batch": done.batch,
        "undone": not done.stands,
        "undo_url": undo_url,
    }


def _only(rows: Iterable[LedgerEntry], others: Collection[LedgerEntry]) -> list[LedgerEntry]:
    known = {row.pk for row in others}
    return [row for row in rows if row.pk not in known]


def _act_words(done: ActDone, labels: Labels) -> str:
    if done.wrote:
        machine = done.entry.source in MACHINE_SOURCES and not done.decides
        verb = "Imported" if _imported(done) else "Set"
        if machine:
            verb = "Suggested" if done.entry.source == Source.TOOL else "Described"
        return f"{verb}: {_fields(done.wrote, labels)}"
    verb = "Accepted" if done.decided[0].decision == Decision.ACCEPTED else "Rejected"
    return f"{verb}: {_fields(done.decided, labels)}"


def _imported(done: ActDone) -> bool:
    return all(row.source == Source.IMPORT for row in done.wrote)


def _fields(rows: Sequence[LedgerEntry], labels: Labels) -> str:
    names = list(dict.fromkeys(field_label(row.field, labels) for row in rows))
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _detail(row: LedgerEntry, labels: Labels) -> dict[str, str]:
    state = ""
    if row.retracted_at is not None:
        state = _retracted(row).lower()
    elif row.decision:
        state = row.get_decision_display().lower()
    return {
        "label": field_label(row.field, labels),
        "value": value_text(row, labels),
        "state": state,
    }


def change(row: LedgerEntry, before: LedgerEntry | None, labels: Labels) -> dict[str, Any]:
    """What an act did with one field of a product, for catalog/batch.html."""
    texts = next(iter(row.overwrote.values()), None) if isinstance(row.overwrote, dict) else None
    was = value_text(before, labels) if before is not None else ""
    if texts:
        was = texts[0] or ""
    now = value_text(row, labels)
    return {
        "label": field_label(row.field, labels),
        "before": was,
        "after": now,
        "diff": text_changes(was, now) if row.field in COLUMN_FIELDS else [],
        "by": author(row),
        "state": _retracted(row) or (row.get_decision_display() if row.decision else ""),
        "decided": row.get_decision_display() if row.decision else "",
    }
