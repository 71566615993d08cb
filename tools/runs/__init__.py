"""Runs under way: begun, followed, stopped. The rest is `tools.services.runs`."""
