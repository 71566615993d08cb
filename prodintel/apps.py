from django.apps import AppConfig
from django.conf import settings

from prodintel.lib import logs


class ProdintelConfig(AppConfig):
    name = "prodintel"

    def ready(self) -> None:
        logs.configure(settings.LOGGING)
        from prodintel import checks  # noqa: F401 -- registers the system checks
