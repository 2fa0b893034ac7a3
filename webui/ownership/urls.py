from django.urls import path

from webui.ownership import views

app_name = "ownership"

urlpatterns = [path("h/<slug:host>/access/<slug:kind>/<path:key>/", views.access, name="access")]
