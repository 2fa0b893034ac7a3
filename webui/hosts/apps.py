from django.apps import AppConfig


class HostsConfig(AppConfig):
    name = "webui.hosts"

    def ready(self) -> None:
        from webui.access.needs import register_host_check
        from webui.hosts.seeing import check_host

        register_host_check(check_host)
