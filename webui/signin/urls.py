from django.urls import path, re_path

from webui.signin import connecting, entry_views, views

app_name = "signin"
_KIND = r"(?P<kind>provider|directory)"

urlpatterns = [
    path("sign-in/with/<slug:slug>/", entry_views.start, name="start"),
    path("sign-in/with/<slug:slug>/back/", entry_views.callback, name="callback"),
    path("profile/connected/", connecting.connected, name="connected"),
    path("profile/connected/let-go/", connecting.disconnect, name="disconnect"),
    path("profile/connected/to/<slug:slug>/", entry_views.start_connecting, name="start-connecting"),
    path("profile/connected/directory/<slug:slug>/", connecting.connect_directory, name="connect"),
    path("profile/confirm/with/<slug:slug>/", entry_views.start_confirming, name="start-confirming"),
    path("ways-in/", views.sources, name="list"),
    path("ways-in/passwords/", views.change_passwords, name="passwords"),
    path("ways-in/act/", views.act, name="act"),
    re_path(rf"^ways-in/{_KIND}/add/$", views.add, name="add"),
    re_path(rf"^ways-in/{_KIND}/(?P<slug>[-\w]+)/$", views.change, name="change"),
]
