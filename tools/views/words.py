"""Figures of runs as people say them."""

from __future__ import annotations

from catalog.views.words import usd
from tools.models import ToolRun, Writer

SECOND_MS = 1000


def usage_notes(run: ToolRun) -> list[str]:
    """What a run took: model, tokens, cost, times, prompt version."""
    if run.writer == Writer.DRAFT:
        return ["No language model", *_times(run)]
    tokens = run.prompt_tokens + run.completion_tokens
    cost = usd(run.cost_usd) if run.cost_usd is not None else "price not known"
    return [
        *([run.model] if run.model else []),
        f"{tokens:,} tokens ({run.prompt_tokens:,} in, {run.completion_tokens:,} out)",
        cost,
        *_times(run),
        *([f"prompt {run.prompt_version}"] if run.prompt_version else []),
    ]


def _times(run: ToolRun) -> list[str]:
    notes = []
    if run.first_token_ms is not None:
        notes.append(f"first words after {seconds(run.first_token_ms)}")
    if run.total_ms is not None:
        notes.append(f"{seconds(run.total_ms)} in all")
    return notes


def seconds(ms: int) -> str:
    """0.3 s, 12 s."""
    return f"{ms / SECOND_MS:.1f} s" if ms < 10 * SECOND_MS else f"{ms / SECOND_MS:.0f} s"
