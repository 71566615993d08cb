from django.apps import AppConfig


class LlmConfig(AppConfig):
    name = "prodintel.llm"
    label = "llm"
    verbose_name = "Language models"
