"""One door to language models: who may call them, how often, for how much, and what came back."""
