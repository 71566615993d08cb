"""Helpers that know no application."""
