"""The vector index: one interface, embedded in the engine or on a Qdrant server."""
