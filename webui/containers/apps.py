from django.apps import AppConfig


class ContainersConfig(AppConfig):
    name = "webui.containers"
    label = "containers"

    def ready(self) -> None:
        from webui.containers import (
            everywhere,
            jobs,  # noqa: F401 - registers its kinds of job
            run_jobs,
        )
        from webui.containers.feeds import ContainerFeed
        from webui.containers.kept import part_of
        from webui.containers.recreation import recipe_parts
        from webui.gate.redeploying import Making, register_making
        from webui.jobs.advice import register_adviser
        from webui.live import register_everywhere, register_feed

        register_adviser(run_jobs.advice_on_run)
        register_making(Making(recipe_parts, part_of))
        register_feed(ContainerFeed())
        register_everywhere("containers", everywhere.messages)
