"""Products on their way out, in the formats that shops and channels read."""
