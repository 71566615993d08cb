from django.urls import path

from tools.kinds.pricing import views as pricing
from tools.views import bulk, competitors, panels, questions, runs, tool, using

app_name = "tools"
_run = "c/<slug:slug>/runs/<int:pk>/"
_bulk = "c/<slug:slug>/tools/bulk/"
urlpatterns = [
    *panels.urlpatterns,
    *questions.urlpatterns,
    path("c/<slug:slug>/products/<int:pk>/tools/<slug:tool>/", tool.tool_page, name="tool"),
    path("c/<slug:slug>/runs/", tool.runs_page, name="runs"),
    path(_run, runs.run_page, name="run"),
    path(f"{_run}stop/", runs.run_stop, name="stop"),
    path(f"{_run}resume/", runs.run_resume_view, name="resume"),
    path(f"{_run}edit/", runs.run_edit_view, name="edit"),
    path(f"{_run}use/", using.run_use, name="use"),
    path(f"{_run}use/<int:entry>/undo/", using.run_use_undo, name="use_undo"),
    path(f"{_run}compare/", runs.run_compare, name="compare"),
    path(f"{_run}pricing/", pricing.recompute, name="pricing_recompute"),
    path(f"{_run}pricing/again/", pricing.write_again, name="pricing_again"),
    path(f"{_run}download/<slug:form>/", runs.run_download, name="download"),
    path(_bulk, bulk.bulk, name="bulk"),
    path(f"{_bulk}<int:job>/", bulk.bulk_run, name="bulk_run"),
    path(f"{_bulk}<int:job>/stop/", bulk.bulk_run_stop, name="bulk_run_stop"),
    path(f"{_bulk}<int:job>/undo/", bulk.bulk_run_undo, name="bulk_run_undo"),
    path(f"{_bulk}<int:job>/retry/", bulk.bulk_run_retry, name="bulk_run_retry"),
    *competitors.urlpatterns,
]
