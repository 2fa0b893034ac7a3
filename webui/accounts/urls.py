from django.urls import path

from webui.accounts import joining, people_views, second_step, views

app_name = "accounts"

urlpatterns = [
    path("sign-in/", views.sign_in, name="sign-in"),
    path("sign-in/second/", second_step.second_step, name="second-step"),
    path("sign-in/second/options/", second_step.second_step_options, name="second-step-options"),
    path("sign-in/passkey/", second_step.sign_in_by_passkey, name="passkey"),
    path("sign-in/passkey/options/", second_step.passkey_options, name="passkey-options"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("set-up/<str:token>/", views.set_up_first, name="set-up"),
    path("join/<str:token>/", joining.join, name="join"),
    path("profile/", views.profile, name="profile"),
    path("profile/sessions/", views.end_devices, name="end-devices"),
    path("people/", people_views.people_page, name="people"),
    path("people/add/", people_views.add, name="people-add"),
    path("people/act/", people_views.act, name="people-act"),
    path("people/<int:user_id>/", people_views.person, name="person"),
    path("people/<int:user_id>/sessions/", people_views.end_devices, name="person-sessions"),
]
