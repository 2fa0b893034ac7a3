from django.urls import path, re_path

from webui.audit import views

app_name = "audit"

urlpatterns = [
    path("", views.entries_page, name="list"),
    path("<int:entry_id>/", views.entry_page, name="entry"),
    path("<int:entry_id>/recording.cast", views.recording, name="recording"),
    re_path(r"^export\.(?P<kind>csv|json)$", views.export_entries, name="export"),
]
