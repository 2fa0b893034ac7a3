from django.urls import path

from webui.tokens import terminal, views

app_name = "tokens"

urlpatterns = [
    path("profile/tokens/", views.own, name="own"),
    path("profile/tokens/add/", views.add, name="add"),
    path("profile/tokens/act/", views.act, name="act"),
    path("people/<int:user_id>/tokens/", views.of_person, name="of"),
    path("h/<slug:host>/terminal/", terminal.page, name="terminal"),
    path("h/<slug:host>/terminal/files/", terminal.files, name="files"),
]
