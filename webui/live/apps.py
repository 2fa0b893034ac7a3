from django.apps import AppConfig


class LiveConfig(AppConfig):
    name = "webui.live"
    label = "live"

    def ready(self) -> None:
        from webui import audit
        from webui.live import known, shell
        from webui.live.pictures import name_of

        known.register()
        shell.register()
        audit.register_namer(name_of)
