"""Lists of what others sell: read from files, matched with products, kept and decided on."""
