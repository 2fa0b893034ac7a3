"""`quayside manage reset_factors NAME`: for an administrator who lost phone and codes, and has nobody to ask.

Whoever may run it owns the machine and its database already.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webui.accounts import people
from webui.accounts.models import User
from webui.factors import methods
from webui.gate import Actor


class Command(BaseCommand):
    help = "Remove all second factors of somebody and end their sessions. The password stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *_args: Any, username: str, **_options: Any) -> None:
        user = User.objects.filter(username__iexact=username).first()
        if user is None:
            raise CommandError(f"nobody is called {username}")
        words = methods.words_of(user)
        people.reset_factors(Actor(None, "command line", ""), user)
        self.stdout.write(f"{user.username}: removed {words or 'nothing'}; the password alone signs in")
