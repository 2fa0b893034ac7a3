from django.apps import AppConfig


class OwnershipConfig(AppConfig):
    name = "webui.ownership"

    def ready(self) -> None:
        from webui.ownership import people  # noqa: F401 - hears of people who are renamed or removed
