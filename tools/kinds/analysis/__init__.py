"""Product analysis: what a product is, how its listing and photos stand, and texts for it."""
