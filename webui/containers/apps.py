from django.apps import AppConfig


class ContainersConfig(AppConfig):
    name = "webui.containers"
    label = "containers"

    def ready(self) -> None:
        from webui.containers import (
            everywhere,
            jobs,  # noqa: F401 - registers its kinds of job
        )
        from webui.containers.feeds import ContainerFeed
        from webui.live import register_everywhere, register_feed

        register_feed(ContainerFeed())
        register_everywhere("containers", everywhere.messages)
