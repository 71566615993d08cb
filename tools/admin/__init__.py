"""The admin of the tools. What it saves goes through the services, as from pages and the API."""

from tools.admin import competitors, panels, runs

__all__ = ["competitors", "panels", "runs"]
