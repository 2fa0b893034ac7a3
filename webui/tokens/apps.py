from django.apps import AppConfig


class TokensConfig(AppConfig):
    name = "webui.tokens"
