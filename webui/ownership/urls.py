from django.urls import path

from webui.ownership import policy_views, views

app_name = "ownership"

urlpatterns = [
    path("h/<slug:host>/access/<slug:kind>/<path:key>/", views.access, name="access"),
    path("h/<slug:host>/rules/", policy_views.rules, name="rules"),
]
