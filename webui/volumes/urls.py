"""Addresses of a host's volumes, under /h/<host>/volumes/."""

from django.urls import path

from webui.volumes import views

app_name = "volumes"

urlpatterns = [
    path("", views.list_view, name="list"),
    path("create/", views.create_view, name="create"),
    path("act/", views.act_view, name="act"),
]
