from django.apps import AppConfig


class TeamsConfig(AppConfig):
    name = "webui.teams"
    label = "teams"
