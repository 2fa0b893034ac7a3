from django.apps import AppConfig


class DashboardConfig(AppConfig):
    """The overview, and the finder behind Ctrl-K."""

    name = "webui.dashboard"

    def ready(self) -> None:
        from webui.dashboard.finding import find
        from webui.dashboard.overview import messages
        from webui.live import register_overview
        from webui.pages import register_finder

        register_finder(find)
        register_overview(messages)
