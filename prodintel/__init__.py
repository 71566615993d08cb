"""Prodintel: a catalogue of product photos that understands itself."""
