from django.urls import path

from webui.factors import confirm_views, views

app_name = "factors"

urlpatterns = [
    path("profile/security/", views.security, name="security"),
    path("profile/security/act/", views.act, name="act"),
    path("profile/security/app/", views.add_app, name="add-app"),
    path("profile/security/passkey/", views.add_passkey, name="add-passkey"),
    path("profile/security/passkey/options/", views.add_passkey_options, name="add-passkey-options"),
    path("profile/security/codes/", views.codes, name="codes"),
    path("profile/security/codes/new/", views.new_codes, name="new-codes"),
    path("profile/security/codes/kept/", views.codes_kept, name="codes-kept"),
    path("profile/confirm/", confirm_views.confirm, name="confirm"),
    path("profile/confirm/options/", confirm_views.confirm_options, name="confirm-options"),
]
