from django.apps import AppConfig


class RegistriesConfig(AppConfig):
    name = "webui.registries"

    def ready(self) -> None:
        from webui.pages import register_finder
        from webui.registries.listing import find

        register_finder(find)
