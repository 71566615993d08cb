"""What imports and exports have in common: products as records, whatever file they stand in."""
