from django.urls import path

from webui.teams import access_views, leading_views, role_views, views

app_name = "teams"

urlpatterns = [
    path("teams/", views.team_list, name="list"),
    path("teams/add/", views.add, name="add"),
    path("teams/act/", views.act, name="act"),
    path("teams/grant/", views.grant, name="grant"),
    path("teams/grants/end/", views.end_grants, name="end-grants"),
    path("teams/<int:team_id>/", views.team, name="team"),
    path("teams/led/", leading_views.led_teams, name="led"),
    path("teams/<int:team_id>/people/", leading_views.members, name="members"),
    path("teams/<int:team_id>/people/act/", leading_views.act, name="act-members"),
    path("teams/<int:team_id>/people/invite/", leading_views.invite, name="invite"),
    path("roles/", role_views.role_list, name="roles"),
    path("roles/add/", role_views.role, name="add-role"),
    path("roles/act/", role_views.act_on_roles, name="act-roles"),
    path("roles/<int:role_id>/", role_views.role, name="role"),
    path("host-groups/", role_views.group_list, name="groups"),
    path("host-groups/add/", role_views.group, name="add-group"),
    path("host-groups/act/", role_views.act_on_groups, name="act-groups"),
    path("host-groups/<int:group_id>/", role_views.group, name="group"),
    path("people/<int:user_id>/access/", access_views.access, name="access"),
]
