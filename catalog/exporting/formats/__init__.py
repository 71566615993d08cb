"""One module a file format that is written."""
