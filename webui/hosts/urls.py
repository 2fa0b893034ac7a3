from django.urls import path

from webui.hosts import views

app_name = "hosts"

urlpatterns = [
    path("hosts/", views.list_hosts, name="list"),
    path("hosts/add/", views.add, name="add"),
    path("h/<slug:host>/", views.detail, name="detail"),
    path("h/<slug:host>/recording/", views.record_consoles, name="recording"),
    path("h/<slug:host>/remove/", views.remove, name="remove"),
]
