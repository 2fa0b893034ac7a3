"""The command line: `quayside up` and each of its processes as a command of its own."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from webui.environment import DEFAULT_PROXY_BIND, SettingError, read_environment, secret_key, split_bind
from webui.roomy import roomy


@roomy
def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webui.settings")
    if arguments[:1] == ["engine"]:
        os.execv(sys.executable, [sys.executable, "-m", "engine", *arguments[1:]])  # noqa: S606 - becomes the engine
    try:
        if arguments[:1] == ["manage"]:
            return _manage(arguments[1:])
        return _run(_parser().parse_args(arguments))
    except SettingError as error:
        print(f"quayside: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="quayside", description="A web console for containers, with its own engine.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="start everything: engine, store, web, worker, beat, keeper")
    up.add_argument("--no-engine", action="store_true", help="manage what is here already; start no engine")
    processes = {
        "web": "pages and websockets",
        "worker": "long pulls and builds",
        "beat": "schedules",
        "proxy": "the Docker API of each host, for personal tokens",
        "keeper": "history: kept logs and stats",
    }
    for name, words in processes.items():
        commands.add_parser(name, help=words)
    commands.add_parser("engine", help="the Docker API over an OCI runtime", add_help=False)
    commands.add_parser("manage", help="Django's own commands", add_help=False)
    for command in (up, commands.choices["web"]):
        command.add_argument("--bind", metavar="HOST:PORT", help="where pages are served (127.0.0.1:8000)")
    commands.choices["proxy"].add_argument("--bind", metavar="HOST:PORT", help="where it listens (127.0.0.1:8443)")
    for name in ("up", *processes):
        commands.choices[name].add_argument("--data", type=Path, metavar="DIR", help="where everything is kept")
    return parser


def _run(given: argparse.Namespace) -> int:
    # The settings read the environment when Django starts: options become variables before that.
    if given.data:
        os.environ["QUAYSIDE_DATA"] = str(given.data.absolute())
    if given.command == "proxy":
        os.environ["QUAYSIDE_PROXY_BIND"] = given.bind or read_environment().proxy_bind or DEFAULT_PROXY_BIND
    elif getattr(given, "bind", None):
        os.environ["QUAYSIDE_BIND"] = given.bind
    split_bind(read_environment().bind)
    if read_environment().proxy_bind:
        split_bind(read_environment().proxy_bind)
    make_data_folder(read_environment().data)
    if given.command == "up":
        from webui.supervisor import UpOptions, up

        environment = read_environment()
        options = UpOptions(
            environment.data, environment.bind, has_engine=not given.no_engine, proxy_bind=environment.proxy_bind
        )
        return up(options)
    return _run_one(given.command)


def _run_one(command: str) -> int:
    """One process of the console, in the foreground, until it is told to stop."""
    import django

    django.setup()
    from webui.supervisor import processes
    from webui.supervisor.lock import AlreadyRunning, bind

    environment = read_environment()
    if command == "worker":
        processes.run_worker()
    elif command == "beat":
        processes.run_beat(environment.data)
    elif command == "keeper":
        processes.run_keeper()
    else:
        is_proxy = command == "proxy"
        try:
            listener = bind(environment.proxy_bind if is_proxy else environment.bind)
        except AlreadyRunning as error:
            print(f"quayside: {error}", file=sys.stderr)
            return 1
        processes.serve_proxy(listener) if is_proxy else processes.serve_web(listener.fileno())
    return 0


def make_data_folder(data: Path) -> None:
    """The data folder, for our eyes only, with the secret key in it. Raises SettingError when it cannot be made."""
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        (data / "run").mkdir(mode=0o700, exist_ok=True)
        secret_key(data)
    except OSError as error:
        raise SettingError(
            f"the data folder {data} cannot be used: {error.strerror}. Give another with --data."
        ) from error


def _manage(arguments: Sequence[str]) -> int:
    from django.core.management import execute_from_command_line

    make_data_folder(read_environment().data)
    execute_from_command_line(["quayside manage", *arguments])
    return 0


if __name__ == "__main__":
    sys.exit(main())
