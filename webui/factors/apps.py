from django.apps import AppConfig


class FactorsConfig(AppConfig):
    name = "webui.factors"

    def ready(self) -> None:
        from webui.access.needs import register_first_step
        from webui.factors.requirement import first_step

        register_first_step(first_step)
