from __future__ import annotations


class Misread(Exception):  # noqa: N818 -- what happened to the cell, as its callers call it
    """A cell cannot be understood; the message tells whoever wrote it what to write instead."""
