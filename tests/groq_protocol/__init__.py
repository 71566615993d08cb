"""What `tests.groq_server` is made of."""
