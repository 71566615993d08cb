"""The demo catalogue: its products, their photos, and how they get into a database."""
