from django.apps import AppConfig


class ToolsConfig(AppConfig):
    name = "tools"
    verbose_name = "Tools"

    def ready(self) -> None:
        from catalog.ingest.jobs import register_long, register_purge
        from catalog.services.bulk_acts import register as register_act
        from catalog.views.bulk_acts import register as register_words
        from tools import checks  # noqa: F401 -- registers the system checks
        from tools.bulk import act, performing
        from tools.competitors.services import competitor_lists_purge
        from tools.views import bulk_words

        register_act(act.ACT, undo=act.undo, is_undone=act.is_undone)
        register_words(act.KIND, bulk_words.words, bulk_words.page)
        register_long(act.KIND, performing.perform)
        register_purge(competitor_lists_purge)
