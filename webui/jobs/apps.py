from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "webui.jobs"
    label = "jobs"

    def ready(self) -> None:
        from webui.celery import app  # noqa: F401 - importing it makes it the app that shared tasks are sent by
        from webui.jobs.listing import running_count
        from webui.pages import register_running_jobs

        register_running_jobs(running_count)
