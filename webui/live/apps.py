from django.apps import AppConfig


class LiveConfig(AppConfig):
    name = "webui.live"
    label = "live"

    def ready(self) -> None:
        from webui.live import shell

        shell.register()
