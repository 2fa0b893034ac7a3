"""Logs of several containers, kept logs, and the past of stats, under /h/<host>/logs/."""

from django.urls import path

from webui.history import views

app_name = "history"

urlpatterns = [
    path("", views.live_view, name="logs"),
    path("choices/", views.choices_view, name="choices"),
    path("kept/", views.kept_view, name="kept"),
    path("keeping/", views.keeping_view, name="keeping"),
    path("generations/<str:id>/", views.generations_view, name="generations"),
    path("stats/<str:id>/", views.stats_view, name="stats"),
]
