"""What of language models is forgotten after a while."""

from __future__ import annotations

from prodintel.llm.credentials import credentials_tidy
from prodintel.llm.kept import kept_answers_purge


def llm_purge() -> None:
    """Forget kept answers of more than 30 days ago and removed keys; renew the others' encryption."""
    kept_answers_purge()
    credentials_tidy()
