from django.apps import AppConfig


class ResourcesConfig(AppConfig):
    """What all lists share; its tables hold what each person keeps of them."""

    name = "webui.resources"
    label = "resources"
