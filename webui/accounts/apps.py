from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "webui.accounts"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in

        from webui.accounts.sessions import begin

        user_logged_in.connect(begin, dispatch_uid="accounts.session-begins")
