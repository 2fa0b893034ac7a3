from django.urls import path

from webui.dashboard import views

urlpatterns = [
    path("", views.overview, name="dashboard"),
    path("find/", views.find, name="find"),
]
