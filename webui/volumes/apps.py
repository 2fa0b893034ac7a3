from django.apps import AppConfig


class VolumesConfig(AppConfig):
    name = "webui.volumes"
    label = "volumes"

    def ready(self) -> None:
        from webui.live import register_feed
        from webui.volumes.page import FEED

        register_feed(FEED)
