from __future__ import annotations

from django.urls import URLPattern, path

from catalog.views import grid, grid_cells, grid_edits

_grid = "c/<slug:slug>/grid/"
_edit = f"{_grid}edits/<int:pk>/"

urlpatterns: list[URLPattern] = [
    path(_grid, grid.grid, name="grid"),
    path(f"{_grid}columns/", grid.grid_columns, name="grid_columns"),
    path(f"{_grid}cells/", grid_cells.grid_cells, name="grid_cells"),
    path(f"{_grid}rows/<slug:row>/", grid_cells.grid_row, name="grid_row"),
    path(f"{_grid}plan/", grid_edits.grid_plan_view, name="grid_plan"),
    path(_edit, grid_edits.grid_edit, name="grid_edit"),
    path(f"{_edit}apply/", grid_edits.grid_apply_view, name="grid_apply"),
    path(f"{_edit}undo/", grid_edits.grid_undo_view, name="grid_undo"),
]
