"""A result as blocks. The same blocks always, in the same order: what there is none of is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from tools.comparables import Comparable
from tools.kinds.base import EVIDENCE, Block, Data
from tools.kinds.pricing import charts, notices
from tools.kinds.pricing.comparables import notes_of
from tools.kinds.pricing.ladder import Rung
from tools.kinds.pricing.result import AtPrice, Case, Result, VariantPrice, at_price, limits_of
from tools.money import amount_text, number_text, percent_text

COMPARABLES, SUGGESTION, WRITTEN, TEXT = "comparables", "suggestion", "written", "text"
NOTE = ("warning", "Note", False)


def computed_blocks(case: Case, result: Result, try_price: Decimal | None = None) -> list[Block]:
    """All that follows from which comparables count."""
    return [
        *evidence_blocks(case, result),
        suggestion_block(case, result),
        comparables_block(case, result, try_price),
    ]


def evidence_blocks(case: Case, result: Result) -> list[Block]:
    """What is computed, as evidence."""
    blocks = [
        Block("notes", "points", "To know about these numbers", _notes(result)),
        Block("figures", "key_values", "Prices", _figures(case, result)),
        _chart("distribution", "The product among its comparables", charts.distribution(case, result),
               "Nothing can be compared, so there is no distribution to draw."),
        _chart("waterfall", "From the price to the profit", charts.waterfall_chart(result),
               "Without a cost there is no way from the price to a profit."),
        Block("prices", "table", "What each price leaves", _prices(result)),
        Block("ladder", "table", "Discounts", _ladder(result)),
        Block("reductions", "points", "Struck-through prices", _points(notices.about_reductions(case))),
    ]  # fmt: skip
    if case.siblings:
        blocks.append(Block("variants", "table", "Other variants", _siblings(case)))
    return [replace(block, part=EVIDENCE) for block in blocks]


def suggestion_block(case: Case, result: Result) -> Block:
    """The suggested price, to be used."""
    if result.suggestion is None:
        text = {"level": "warning", "text": result.no_suggestion}
        return Block(SUGGESTION, "notice", "Suggested price", text)
    if result.suggestion.price == case.variant.price:
        same = (
            f"The present price, {amount_text(case.variant.price, case.currency)}, is it already."
        )
        text = {"level": "info", "text": " ".join([same, *result.suggestion.reasons])}
        return Block(SUGGESTION, "notice", "Suggested price", text)
    field = {
        # Another price is another value to use.
        "key": f"price-{result.suggestion.price:f}",
        "field": "price",
        "label": f"Price in {case.currency}",
        "value": f"{result.suggestion.price:f}",
        "variant": case.variant.id,
        "note": " ".join(result.suggestion.reasons),
    }
    return Block(SUGGESTION, "fields", "Suggested price", {"fields": [field]})


def comparables_block(case: Case, result: Result, try_price: Decimal | None = None) -> Block:
    """What can be taken out and put back, with how it was chosen and a price to try."""
    tried = "" if try_price is None else f"{try_price:f}"
    data = {**_comparables(result), "chosen": case.chosen, "try_price": tried}
    return Block(COMPARABLES, "pricing_comparables", "Comparables", data)


def text_block(text: str, figures: Sequence[str] = ()) -> Block:
    """The text, checked: `figures` are those in it that nobody computed."""
    data = {"text": text, "unsupported": list(figures), "checked": True}
    return Block(TEXT, "prose", "In words", data)


def written_block(written_for: Sequence[str], result: Result) -> Block:
    """For which comparables the text was written: `stale` where others count now."""
    counted = [each.key for each in result.sifted.counted]
    data = {
        "keys": list(written_for),
        "count": len(written_for),
        "counted": len(counted),
        "stale": set(written_for) != set(counted),
    }
    return Block(WRITTEN, "pricing_written", "", data)


def _chart(key: str, title: str, spec: Data | None, otherwise: str) -> Block:
    if spec is None:
        return Block(key, "notice", title, {"level": "info", "text": otherwise})
    return Block(key, "chart", title, spec)


def _points(texts: Sequence[str]) -> Data:
    return {"items": [{"text": text} for text in texts]}


def _notes(result: Result) -> Data:
    return _points(result.notices)


def _figures(case: Case, result: Result) -> Data:
    spread, position, currency = result.spread, result.position, case.currency
    items: list[tuple[str, str, str]] = [
        ("Variant", case.variant.label if case.siblings else "", ""),
        ("Present price", _money(case.variant.price, currency), ""),
        ("Cost", _money(case.costs.cost, currency), ""),
        ("Break-even", _money(result.break_even, currency), ""),
        (
            f"Lowest with {percent_text(case.target_percent)} margin",
            _money(result.floor, currency),
            "",
        ),
        ("Minimum advertised price", _money(case.minimum, currency), ""),
    ]
    if spread is not None:
        low, high = amount_text(spread.low, currency), amount_text(spread.high, currency)
        basis = {"market": "competitors", "own": "own neighbours", "mixed": "of both kinds"}
        items.append(("Range", f"{low} to {high}", f"{spread.count} {basis[spread.basis]}"))
        items.append(("Middle of the range", amount_text(spread.middle, currency), ""))
    if position is not None:
        where = f"{position.cheaper} cheaper, {position.same} the same, {position.dearer} dearer"
        items.append(("Comparables", where, ""))
    items += [
        (gap.label, amount_text(gap.amount, currency), percent_text(gap.percent))
        for gap in result.gaps
    ]
    shown = [
        {"label": label, "value": value, "note": note} for label, value, note in items if value
    ]
    return {"items": shown}


def _comparables(result: Result) -> Data:
    """Rows to tick, and those that cannot count with the reason."""
    sifted = result.sifted
    excluded = {each.key for each in sifted.excluded}
    rows = [
        {**_row(each), "counts": each.key not in excluded}
        for each in sorted([*sifted.counted, *sifted.excluded], key=lambda each: -each.weight)
    ]
    return {
        "rows": rows,
        "left_out": [{**_row(each.comparable), "reason": each.reason} for each in sifted.left_out],
        "excluded": " ".join(sorted(excluded)),
    }


def _row(comparable: Comparable) -> Data:
    seen = comparable.seen_on.isoformat() if comparable.seen_on else ""
    source = ", ".join(filter(None, (comparable.seller or comparable.source, seen)))
    return {
        "key": comparable.key,
        "title": comparable.title,
        "url": comparable.url,
        "price": _money(comparable.price, comparable.currency),
        "weight": percent_text((comparable.weight * 100).quantize(Decimal("0.1"))),
        "source": "Own catalogue" if comparable.is_own else source,
        "note": "; ".join(notes_of(comparable)),
    }


def _money(amount: Decimal | None, currency: str) -> str:
    return "" if amount is None else amount_text(amount, currency)


def _table(columns: Sequence[tuple[str, str, bool]], rows: Sequence[Data], caption: str) -> Data:
    heads = [{"key": key, "label": label, "numeric": number} for key, label, number in columns]
    return {"caption": caption, "columns": heads, "rows": list(rows)}


def _warning(row: AtPrice | Rung) -> Data:
    """What is wrong with a price, the worst first."""
    wrong = [
        text
        for is_so, text in (
            (row.loss, "a loss"),
            (row.under_minimum, "below the minimum advertised price"),
            (row.under_target and not row.loss, "below the target margin"),
        )
        if is_so
    ]
    tone = "bad" if row.loss or row.under_minimum else "warning" if wrong else ""
    return {"text": ", ".join(wrong).capitalize(), "tone": tone}


def _left(row: AtPrice | Rung, currency: str) -> Data:
    """What a price leaves, as cells of columns that name the currency."""
    return {
        "price": number_text(row.price, currency),
        "profit": "" if row.profit is None else number_text(row.profit, currency),
        "margin": "" if row.margin is None else percent_text(row.margin),
        "warning": _warning(row),
    }


def _what_is_left(currency: str) -> list[tuple[str, str, bool]]:
    """The columns that tell what a price leaves: key, label, whether they are numbers."""
    return [
        ("price", f"Price, {currency}", True),
        ("profit", f"Profit, {currency}", True),
        ("margin", "Margin", True),
    ]


def _prices(result: Result) -> Data:
    columns = [
        ("label", "Which", False),
        *_what_is_left(result.currency),
        NOTE,
    ]
    rows = [{"label": row.label, **_left(row, result.currency)} for row in result.at_prices]
    caption = (
        "Margin is profit as a share of the price without VAT. Amounts are rounded half up; "
        "break-even and the price of the target margin are rounded up."
    )
    return _table(columns, rows, caption)


def _ladder(result: Result) -> Data:
    columns = [
        ("discount", "Off", True),
        *_what_is_left(result.currency),
        ("sales", "Sales needed", True),
        NOTE,
    ]
    rows = [
        {
            "discount": f"{rung.discount} %",
            "sales": "" if rung.sales_factor is None else f"× {rung.sales_factor}",
            **_left(rung, result.currency),
        }
        for rung in result.rungs
    ]
    if result.base is None:
        return _table(columns, rows, "There is no price to reduce.")
    what = "the suggested price" if result.suggestion else "the present price"
    caption = (
        f"Off {what}, {amount_text(result.base, result.currency)}. Sales needed are how many times "
        "as many would earn the same, not how many there would be."
    )
    return _table(columns, rows, caption)


def _siblings(case: Case) -> Data:
    columns = [
        ("label", "Variant", False),
        *_what_is_left(case.currency),
        NOTE,
    ]
    caption = (
        "Each variant has its own price and cost; the terms are the same. Choose a variant in the "
        "options to work its price out."
    )
    return _table(columns, [_sibling(each, case) for each in case.siblings], caption)


def _sibling(variant: VariantPrice, case: Case) -> Data:
    if variant.price is None:
        return {"label": variant.label, "price": "none"}
    if variant.currency != case.currency:
        warning = f"The terms are in {case.currency}."
        price = amount_text(variant.price, variant.currency)
        return {"label": variant.label, "price": price, "warning": warning}
    costs = case.costs.model_copy(update={"cost": variant.cost})
    limits = limits_of(case.model_copy(update={"costs": costs}))
    return {
        "label": variant.label,
        **_left(at_price("", variant.price, costs, limits), variant.currency),
    }
