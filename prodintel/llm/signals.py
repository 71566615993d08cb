"""What others may want to know of language models, told in the transaction that does it."""

from __future__ import annotations

from django.dispatch import Signal

# A person entered, changed, removed or brought back the key. Sent with `credential`, whose `hint` is
# all that may be shown of it; `act`: "enter", "change", "remove" or "restore"; and `user`.
credential_changed = Signal()
