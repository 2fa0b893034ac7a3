"""Addresses of a host's networks, under /h/<host>/networks/."""

from django.urls import path

from webui.networks import views

app_name = "networks"

urlpatterns = [
    path("", views.list_view, name="list"),
    path("create/", views.create_view, name="create"),
    path("act/", views.act_view, name="act"),
]
