"""Everything done to pixels without a model: opening, renditions, colours, fingerprints."""
