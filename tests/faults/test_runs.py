"""The site's processes killed while a tool writes: what was written stays, and is gone on with."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.groq_server import GroqProcess
from tests.live_site import LiveSite, live_site, photo, wait_until

VICTIMS = ("web", "supervisor")
CHANNELS = ["email", "marketplace"]
