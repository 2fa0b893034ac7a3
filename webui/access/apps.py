from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "webui.access"

    def ready(self) -> None:
        from webui.access import checks  # noqa: F401 - importing it registers the check
