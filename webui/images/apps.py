from django.apps import AppConfig


class ImagesConfig(AppConfig):
    name = "webui.images"
    label = "images"

    def ready(self) -> None:
        from webui.images import jobs, pushing  # noqa: F401 - they declare their kinds of job
        from webui.images.page import FEED
        from webui.images.pull_failures import advice_on_job
        from webui.jobs.advice import register_adviser
        from webui.live import register_feed

        register_feed(FEED)
        register_adviser(advice_on_job)
