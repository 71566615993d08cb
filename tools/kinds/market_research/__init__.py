"""Market research: where a product stands among competitors' offers, and what that says."""
