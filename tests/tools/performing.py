"""Having a run performed in the middle of a test."""

from __future__ import annotations

from tools.runs.loop import run_loop


def perform_here(run_id: int) -> None:
    """Perform a queued run and wait for its end. What comes of it is in its row."""
    run_loop().perform(run_id).result()
