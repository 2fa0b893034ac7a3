"""What a start does after migrating: the administrator that the environment names, the hosts of this machine."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from webui.accounts.set_up import administrator_from_environment
from webui.environment import SettingError
from webui.hosts.finding import register_bundled, register_found


class Command(BaseCommand):
    help = "Make the first administrator from the environment and register the hosts of this machine."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-engine", action="store_true", help="there is no bundled engine: take what is here")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            administrator = administrator_from_environment()
        except SettingError as error:
            raise CommandError(str(error)) from error
        if administrator is not None:
            self.stdout.write(f"made the administrator {administrator.username}")
        if not options["no_engine"]:
            register_bundled()
            return
        for host in register_found():
            self.stdout.write(f"found {host.name} at {host.url}")
