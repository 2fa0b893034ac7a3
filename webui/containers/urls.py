"""Addresses of a host's containers, under /h/<host>/containers/."""

from django.urls import path

from webui.containers import views

app_name = "containers"

urlpatterns = [
    path("", views.list_view, name="list"),
    path("run/", views.run_view, name="run"),
    path("act/", views.act_view, name="act"),
    path("<str:id>/", views.detail_view, name="detail"),
    path("<str:id>/logs/", views.logs_view, name="logs"),
    path("<str:id>/console/", views.console_view, name="console"),
    path("<str:id>/stats/", views.stats_view, name="stats"),
    path("<str:id>/inspect/", views.inspect_view, name="inspect"),
]
