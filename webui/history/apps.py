from django.apps import AppConfig


class HistoryConfig(AppConfig):
    name = "webui.history"

    def ready(self) -> None:
        from webui.history.rings import register_past

        register_past()
