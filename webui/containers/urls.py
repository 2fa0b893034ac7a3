"""Addresses of a host's containers, under /h/<host>/containers/."""

from django.urls import path

from webui.containers import configuration_views as configuration
from webui.containers import dialog_views, list_views, page_views, run_views, views
from webui.containers.files import views as files

app_name = "containers"

urlpatterns = [
    path("", list_views.list_view, name="list"),
    path("run/", run_views.run_view, name="run"),
    path("act/", list_views.act_view, name="act"),
    path("containers.csv", list_views.csv_view, name="csv"),
    path("filter/", dialog_views.filter_view, name="filter"),
    path("look/", dialog_views.look_view, name="look"),
    path("<str:id>/", views.detail_view, name="detail"),
    path("<str:id>/logs/", views.logs_view, name="logs"),
    path("<str:id>/logs/download/", views.log_download_view, name="log-download"),
    path("<str:id>/console/", views.console_view, name="console"),
    path("<str:id>/stats/", views.stats_view, name="stats"),
    path("<str:id>/configuration/", configuration.configuration_view, name="configuration"),
    path("<str:id>/configuration/limits/", configuration.limits_view, name="limits"),
    path("<str:id>/configuration/name/", configuration.rename_view, name="rename"),
    path("<str:id>/configuration/join/", configuration.join_view, name="join"),
    path("<str:id>/configuration/bring-back/", configuration.bring_back_view, name="bring-back"),
    path("<str:id>/configuration/leave/", configuration.leave_view, name="leave"),
    path("<str:id>/processes/", configuration.processes_view, name="processes"),
    path("<str:id>/health/", configuration.health_view, name="health"),
    path("<str:id>/files/", files.folder_view, name="files"),
    path("<str:id>/files/act/", files.act_view, name="files-act"),
    path("<str:id>/files/clash/", files.clash_view, name="files-clash"),
    path("<str:id>/files/download/", files.download_view, name="download"),
    path("<str:id>/files/file/", files.file_view, name="file"),
    path("<str:id>/files/file/save/", files.save_view, name="file-save"),
    path("<str:id>/files/upload/", files.upload_view, name="files-upload"),
    path("<str:id>/inspect/", page_views.inspect_view, name="inspect"),
    path("<str:id>/environment/", page_views.environment_view, name="environment"),
    path("<str:id>/layers/", page_views.layers_view, name="layers"),
    path("<str:id>/commit/", page_views.commit_view, name="commit"),
    path("<str:id>/export/", page_views.export_view, name="export"),
]
