"""Cells as people write them, turned into the one form that records have."""
