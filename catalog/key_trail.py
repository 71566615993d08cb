"""Keys to language models in the audit trail: who entered, changed, removed or brought back which.

The app of language models knows no audit trail, so it says what happens and this listens.
"""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from catalog.services.audit import audit
from prodintel.llm.models import Credential
from prodintel.llm.signals import credential_changed


@receiver(credential_changed)
def key_change_is_audited(credential: Credential, act: str, user: Any, **_: Any) -> None:
    """The key itself is in no event: its last four characters say which it is."""
    audit(
        actor=user, action=f"language_model_key.{act}", target=credential, summary=str(credential)
    )
