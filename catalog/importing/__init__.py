"""Files of products and photos on their way in: read, looked at, written, undone."""
