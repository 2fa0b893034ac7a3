from django.urls import path

from webui.accounts import views

app_name = "accounts"

urlpatterns = [
    path("sign-in/", views.sign_in, name="sign-in"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("set-up/<str:token>/", views.set_up_first, name="set-up"),
    path("profile/", views.profile, name="profile"),
]
