"""The tools: one module or package each."""
