from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "catalog"
    verbose_name = "Catalogue"

    def ready(self) -> None:
        from catalog import guards, key_trail, signals  # noqa: F401 -- connects the receivers
        from catalog.channels import signals as channel_signals  # noqa: F401 -- likewise
        from catalog.describe.waiting import waiting_products
        from catalog.importing import performing
        from catalog.importing.purging import imports_purge
        from catalog.ingest.jobs import register_purge
        from catalog.publishing import receivers as publishing_receivers  # noqa: F401 -- likewise
        from catalog.uploads.services import uploads_purge
        from catalog.webhooks import receivers as webhook_receivers  # noqa: F401 -- likewise
        from prodintel.llm.waiting import register

        register(waiting_products)
        register_purge(uploads_purge)
        performing.register()
        register_purge(imports_purge)
