from django.urls import path

from webui.teams import access_views, views

app_name = "teams"

urlpatterns = [
    path("teams/", views.team_list, name="list"),
    path("teams/add/", views.add, name="add"),
    path("teams/act/", views.act, name="act"),
    path("teams/grant/", views.grant, name="grant"),
    path("teams/grants/end/", views.end_grants, name="end-grants"),
    path("teams/<int:team_id>/", views.team, name="team"),
    path("people/<int:user_id>/access/", access_views.access, name="access"),
]
