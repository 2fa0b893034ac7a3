"""Addresses of the list over all hosts, and of what each person keeps of the lists, under /containers/."""

from django.urls import path

from webui.containers import dialog_views, list_views, view_dialogs

app_name = "all-containers"

urlpatterns = [
    path("", list_views.everywhere_view, name="list"),
    path("act/", list_views.act_everywhere_view, name="act"),
    path("act/runs/<str:run>/", list_views.bulk_view, name="bulk"),
    path("act/runs/<str:run>/stop/", list_views.stop_bulk_view, name="stop-bulk"),
    path("containers.csv", list_views.csv_everywhere_view, name="csv"),
    path("filter/", dialog_views.filter_everywhere_view, name="filter"),
    path("columns/", dialog_views.layout_view, name="columns"),
    path("views/", view_dialogs.views_view, name="views"),
]
