"""What strangers may get: photos of approved products, and feeds, at addresses of their own."""
