"""What sales channels require of products, and which products are ready for them."""
