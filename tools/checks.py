"""System checks of the tools."""

from __future__ import annotations

from typing import Any

from django.core import checks
from django.core.checks import CheckMessage, register

from tools.kinds.ad_campaign.channels import ChannelsError, channels


@register
def channels_can_be_read(**_: Any) -> list[CheckMessage]:
    """The ad channels are as the ads need them."""
    try:
        channels()
    except ChannelsError as error:
        return [
            checks.Error(
                f"The ad channels cannot be read: {error}",
                hint="Restore tools/channels.toml, or mend what it says is wrong.",
                id="prodintel.E020",
            )
        ]
    return []
