"""A tool run over many products in the background: begun by a person, performed by the worker."""
