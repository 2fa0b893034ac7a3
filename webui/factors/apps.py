from django.apps import AppConfig
from django.db.models.signals import post_save


class FactorsConfig(AppConfig):
    name = "webui.factors"

    def ready(self) -> None:
        from webui.access.models import Team
        from webui.access.needs import register_first_step
        from webui.factors.requirement import first_step, forget_teams

        register_first_step(first_step)
        post_save.connect(forget_teams, sender=Team)
