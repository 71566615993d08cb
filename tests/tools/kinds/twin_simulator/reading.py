"""What tests look for in a rehearsal's run."""

from __future__ import annotations

import re

BUYS = re.compile(r"\d+\s*(?:%|per ?cent)[^.]*(?:buy|purchas|order)", re.IGNORECASE)


def blocks(run):
    return {block["id"]: block for block in run.blocks}


def shoppers(run):
    return [block["data"] for block in run.blocks if block["kind"] == "twin_simulator_persona"]


def say(server, text):
    """Every shopper says this, in every text."""
    said = [{"reaction": text}] * 3
    values = {"reactions": said, "why": text, "questions": [text], "objections": [{"listing": 1, "text": text}]}  # fmt: skip
    server.script("change", when=lambda call: "<rehearsal>" in call.text, times=None, values=values)
