"""Addresses of a host's containers, under /h/<host>/containers/."""

from django.urls import path

from webui.containers import configuration_views as configuration
from webui.containers import run_views, views

app_name = "containers"

urlpatterns = [
    path("", views.list_view, name="list"),
    path("run/", run_views.run_view, name="run"),
    path("act/", views.act_view, name="act"),
    path("<str:id>/", views.detail_view, name="detail"),
    path("<str:id>/logs/", views.logs_view, name="logs"),
    path("<str:id>/logs/download/", views.log_download_view, name="log-download"),
    path("<str:id>/console/", views.console_view, name="console"),
    path("<str:id>/stats/", views.stats_view, name="stats"),
    path("<str:id>/configuration/", configuration.configuration_view, name="configuration"),
    path("<str:id>/configuration/limits/", configuration.limits_view, name="limits"),
    path("<str:id>/configuration/name/", configuration.rename_view, name="rename"),
    path("<str:id>/configuration/join/", configuration.join_view, name="join"),
    path("<str:id>/configuration/leave/", configuration.leave_view, name="leave"),
    path("<str:id>/processes/", configuration.processes_view, name="processes"),
    path("<str:id>/health/", configuration.health_view, name="health"),
    path("<str:id>/inspect/", views.inspect_view, name="inspect"),
]
