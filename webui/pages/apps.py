from django.apps import AppConfig


class PagesConfig(AppConfig):
    """The shell, lists, forms and dialogs of every page, with the template tags of `{% load quayside %}`."""

    name = "webui.pages"
