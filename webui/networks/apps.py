from django.apps import AppConfig


class NetworksConfig(AppConfig):
    name = "webui.networks"
    label = "networks"

    def ready(self) -> None:
        from webui.live import register_feed
        from webui.networks.page import FEED

        register_feed(FEED)
