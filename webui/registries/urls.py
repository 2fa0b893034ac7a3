from django.urls import path

from webui.registries import access_views, views

app_name = "registries"

urlpatterns = [
    path("", views.registries, name="list"),
    path("add/", views.add, name="add"),
    path("act/", views.act, name="act"),
    path("names/", views.names, name="names"),
    path("<int:registry_id>/", views.change, name="change"),
    path("<int:registry_id>/access/", access_views.access, name="access"),
]
