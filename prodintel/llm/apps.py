from django.apps import AppConfig


class LlmConfig(AppConfig):
    name = "prodintel.llm"
    label = "llm"
    verbose_name = "Language models"

    def ready(self) -> None:
        from prodintel.llm import checks  # noqa: F401 -- registers the system checks
