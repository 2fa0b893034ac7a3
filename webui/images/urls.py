"""Addresses of a host's images, under /h/<host>/images/."""

from django.urls import path

from webui.images import views

app_name = "images"

urlpatterns = [
    path("", views.list_view, name="list"),
    path("pull/", views.pull_view, name="pull"),
    path("act/", views.act_view, name="act"),
    path("<str:id>/", views.detail_view, name="detail"),
    path("<str:id>/push/", views.push_view, name="push"),
]
